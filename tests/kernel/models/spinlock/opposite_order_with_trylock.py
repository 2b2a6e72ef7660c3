# holds
# states: 20, transitions: 26, depth: 7
"""A trylock never waits, so the opposite order neither deadlocks nor counts in the lock order."""

from psockmc.kernel.spinlock import spin_lock, spin_trylock, spin_unlock, spinlock_t
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    first: spinlock_t
    second: spinlock_t


shared = instance(box)


@user
def forward() -> None:
    spin_lock(shared.first)
    spin_lock(shared.second)
    spin_unlock(shared.second)
    spin_unlock(shared.first)


@user
def backward() -> None:
    spin_lock(shared.second)
    if spin_trylock(shared.first):
        spin_unlock(shared.first)
    spin_unlock(shared.second)


test = scenario("the opposite order by trylock", run=[process(forward), process(backward)])
