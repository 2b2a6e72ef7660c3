# violated: lock-usage
# states: 3, transitions: 2, depth: 2
"""Unlocking a lock that nobody holds is a finding."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: spinlock_t
    other: spinlock_t


shared = instance(box)


@user
def mix_up() -> None:
    spin_lock(shared.other)
    spin_unlock(shared.lock)


test = scenario("the wrong lock is released", run=[process(mix_up)])
