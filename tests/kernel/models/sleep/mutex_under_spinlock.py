# violated: sleep-in-atomic
# says: may sleep with preemption or bottom halves off
# states: 5, transitions: 4, depth: 4
"""A mutex may sleep, which nobody may do with a spinlock held."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    lock: mutex
    spin: spinlock_t


shared = instance(box)


@user
def sleep_under_lock() -> None:
    spin_lock(shared.spin)
    mutex_lock(shared.lock)
    mutex_unlock(shared.lock)
    spin_unlock(shared.spin)


test = scenario("a mutex under a spinlock", run=[process(sleep_under_lock)])
