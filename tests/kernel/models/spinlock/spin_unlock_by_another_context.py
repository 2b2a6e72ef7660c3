# violated: lock-usage
# says: unlocks a spinlock that it does not hold
# states: 7, transitions: 8, depth: 3
"""Unlocking somebody else's lock is a finding."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Struct, instance, preempt_disable, process, scenario, user


class box(Struct):
    lock: spinlock_t


shared = instance(box)


@user
def owner() -> None:
    spin_lock(shared.lock)
    spin_unlock(shared.lock)


@user
def thief() -> None:
    preempt_disable()
    spin_unlock(shared.lock)


test = scenario("one locks, another unlocks", run=[process(owner), process(thief)])
