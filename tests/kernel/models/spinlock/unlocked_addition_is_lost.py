# violated: data-race counted
# states: 12, transitions: 14, depth: 4
"""Without the lock the load and the store of an addition are two steps, so one addition can be lost."""

from psockmc.lang import Int, Struct, at_end, instance, process, scenario, user


class box(Struct):
    value: Int[0, 2]


shared = instance(box)


@user
def add() -> None:
    shared.value += 1


@at_end("counted", "both additions are counted")
def counted() -> bool:
    return shared.value == 2


test = scenario("two additions without a lock", run=[process(add), process(add)], properties=[counted])
