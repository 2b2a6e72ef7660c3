# holds
# states: 16, transitions: 16, depth: 8
"""Two writers count correctly."""

from psockmc.kernel.rwlock import rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.lang import Int, Struct, at_end, instance, process, scenario, user


class box(Struct):
    lock: rwlock_t
    value: Int[0, 2]


shared = instance(box)


@user
def add() -> None:
    write_lock_bh(shared.lock)
    shared.value += 1
    write_unlock_bh(shared.lock)


@at_end("counted", "both additions are counted")
def counted() -> bool:
    return shared.value == 2


test = scenario("two writers", run=[process(add), process(add)], properties=[counted])
