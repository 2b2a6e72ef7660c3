# violated: self-deadlock
# says: waits for a mutex that it holds itself
# states: 2, transitions: 2, depth: 1
"""A mutex is not recursive."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: mutex


shared = instance(box)


@user
def nest() -> None:
    mutex_lock(shared.lock)
    mutex_lock(shared.lock)
    mutex_unlock(shared.lock)
    mutex_unlock(shared.lock)


test = scenario("one context takes a mutex twice", run=[process(nest)])
