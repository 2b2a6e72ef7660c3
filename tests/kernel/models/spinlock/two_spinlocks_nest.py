# holds
# states: 16, transitions: 16, depth: 8
"""Two different spinlocks may be held at once."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Struct, instance, process, scenario, user


class box(Struct):
    outer: spinlock_t
    inner: spinlock_t


shared = instance(box)


@user
def nest() -> None:
    spin_lock(shared.outer)
    spin_lock(shared.inner)
    spin_unlock(shared.inner)
    spin_unlock(shared.outer)


test = scenario("two contexts nest two locks in one order", run=[process(nest), process(nest)])
