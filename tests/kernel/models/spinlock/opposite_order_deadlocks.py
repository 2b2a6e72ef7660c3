# violated: deadlock lock-order
# states: 19, transitions: 22, depth: 8
"""Two contexts that nest two locks in opposite orders can wait for each other."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
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
    spin_lock(shared.first)
    spin_unlock(shared.first)
    spin_unlock(shared.second)


test = scenario("two contexts nest two locks in opposite orders", run=[process(forward), process(backward)])
