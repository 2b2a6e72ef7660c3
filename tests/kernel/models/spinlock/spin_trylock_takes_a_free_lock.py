# holds
# states: 20, transitions: 28, depth: 6
"""A trylock of a free lock succeeds and excludes others."""

from psockmc.kernel.spinlock import spin_trylock, spin_unlock, spinlock_t
from psockmc.lang import Int, Struct, check, cover, instance, process, scenario, user


class box(Struct):
    lock: spinlock_t
    inside: Int[0, 1]


shared = instance(box)


@user
def visit() -> None:
    if spin_trylock(shared.lock):
        check(shared.inside == 0, "alone inside")
        shared.inside = 1
        shared.inside = 0
        spin_unlock(shared.lock)
    else:
        cover("the lock was taken")


test = scenario("two contexts try one lock", run=[process(visit), process(visit)])
