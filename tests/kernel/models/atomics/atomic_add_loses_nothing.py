# holds
# states: 4, transitions: 4, depth: 2
"""atomic_add() reads and writes in one step."""

from psockmc.lang import Int, Struct, at_end, atomic_add, instance, process, scenario, user


class box(Struct):
    value: Int[0, 2]


shared = instance(box)


@user
def add() -> None:
    atomic_add(1, shared.value)


@at_end("counted", "both additions are counted")
def counted() -> bool:
    return shared.value == 2


test = scenario("two atomic additions", run=[process(add), process(add)], properties=[counted])
