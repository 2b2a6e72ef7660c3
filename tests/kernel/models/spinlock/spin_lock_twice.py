# violated: self-deadlock
# says: spins on a spinlock that it holds itself
# states: 2, transitions: 2, depth: 1
"""Taking a spinlock twice spins for ever."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: spinlock_t


shared = instance(box)


@user
def nest() -> None:
    spin_lock(shared.lock)
    spin_lock(shared.lock)
    spin_unlock(shared.lock)
    spin_unlock(shared.lock)


test = scenario("one context takes a spinlock twice", run=[process(nest)])
