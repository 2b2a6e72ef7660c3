# violated: data-race
# states: 5, transitions: 4, depth: 2
"""Two additions to one list need a lock."""

from psockmc.lang import ListHead, Ptr, Struct, instance, list_add, process, scenario, user


class thing(Struct):
    value: bool


class box(Struct):
    things: ListHead[thing]


shared = instance(box)
one = instance(thing)
two = instance(thing)


@user
def add(fresh: Ptr[thing]) -> None:
    list_add(fresh, shared.things)


test = scenario("two additions without a lock", run=[process(add, one), process(add, two)])
