# holds
# states: 14, transitions: 19, depth: 5
"""mutex_trylock() is allowed under a spinlock and fails when the mutex is taken."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_trylock, mutex_unlock
from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Struct, cover, instance, process, scenario, user


class box(Struct):
    lock: mutex
    spin: spinlock_t


shared = instance(box)


@user
def try_it() -> None:
    spin_lock(shared.spin)
    if mutex_trylock(shared.lock):
        mutex_unlock(shared.lock)
    else:
        cover("the mutex was taken")
    spin_unlock(shared.spin)


@user
def owner() -> None:
    mutex_lock(shared.lock)
    mutex_unlock(shared.lock)


test = scenario("a mutex tried under a spinlock", run=[process(try_it), process(owner)])
