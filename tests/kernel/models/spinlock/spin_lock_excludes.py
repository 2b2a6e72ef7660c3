# holds
# states: 16, transitions: 16, depth: 8
"""Two contexts that add under a spinlock both count."""

from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Int, Struct, at_end, instance, process, scenario, user


class box(Struct):
    lock: spinlock_t
    value: Int[0, 2]


shared = instance(box)


@user
def add() -> None:
    spin_lock(shared.lock)
    shared.value += 1
    spin_unlock(shared.lock)


@at_end("counted", "both additions are counted")
def counted() -> bool:
    return shared.value == 2


test = scenario("two locked additions", run=[process(add), process(add)], properties=[counted])
