# holds
# states: 12, transitions: 12, depth: 6
"""Preemption is off while a spinlock is held: another process of that CPU does not even run."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import READ_ONCE, WRITE_ONCE, Struct, check, instance, process, scenario, user


class box(Struct):
    lock: spinlock_t
    inside: bool


shared = instance(box)


@user
def holder() -> None:
    spin_lock(shared.lock)
    WRITE_ONCE(shared.inside, True)
    WRITE_ONCE(shared.inside, False)
    spin_unlock(shared.lock)


@user
def other() -> None:
    check(not READ_ONCE(shared.inside), "does not run inside the section")


test = scenario("two processes on one CPU", run=[process(holder, cpu=0), process(other, cpu=0)])
