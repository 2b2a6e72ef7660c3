# holds
# states: 5, transitions: 4, depth: 4
"""The other way round is fine."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: mutex
    spin: spinlock_t


shared = instance(box)


@user
def spin_under_mutex() -> None:
    mutex_lock(shared.lock)
    spin_lock(shared.spin)
    spin_unlock(shared.spin)
    mutex_unlock(shared.lock)


test = scenario("a spinlock under a mutex", run=[process(spin_under_mutex)])
