# holds
# states: 5, transitions: 4, depth: 4
"""GFP_ATOMIC does not sleep."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import GFP_ATOMIC, Struct, instance, kfree, kzalloc, process, scenario, user


class box(Struct):
    spin: spinlock_t


class thing(Struct):
    used: bool


shared = instance(box)


@user
def allocate() -> None:
    spin_lock(shared.spin)
    fresh = kzalloc(thing, GFP_ATOMIC)
    spin_unlock(shared.spin)
    kfree(fresh)


test = scenario("GFP_ATOMIC under a spinlock", run=[process(allocate)], pools={thing: 1})
