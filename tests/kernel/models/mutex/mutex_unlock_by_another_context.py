# violated: lock-usage
# says: unlocks a mutex that it does not hold
# states: 7, transitions: 8, depth: 3
"""A mutex is released by its owner."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: mutex


shared = instance(box)


@user
def owner() -> None:
    mutex_lock(shared.lock)
    mutex_unlock(shared.lock)


@user
def thief() -> None:
    mutex_unlock(shared.lock)


test = scenario("one locks, another unlocks", run=[process(owner), process(thief)])
