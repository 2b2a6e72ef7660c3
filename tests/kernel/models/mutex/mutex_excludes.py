# holds
# states: 16, transitions: 16, depth: 8
"""Two additions under a mutex both count."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.lang import Int, Struct, at_end, instance, process, scenario, user


class box(Struct):
    lock: mutex
    value: Int[0, 2]


shared = instance(box)


@user
def add() -> None:
    mutex_lock(shared.lock)
    shared.value += 1
    mutex_unlock(shared.lock)


@at_end("counted", "both additions are counted")
def counted() -> bool:
    return shared.value == 2


test = scenario("two additions under a mutex", run=[process(add), process(add)], properties=[counted])
