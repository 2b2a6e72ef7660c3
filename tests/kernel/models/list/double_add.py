# violated: list-corruption
# states: 4, transitions: 4, depth: 3
"""An element that is on a list may not be added again."""

from psockmc.lang import GFP_KERNEL, ListHead, Struct, instance, kzalloc, list_add, process, scenario, user


class thing(Struct):
    value: bool


class box(Struct):
    things: ListHead[thing]


shared = instance(box)


@user
def add_twice() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    fresh.value = True
    list_add(fresh, shared.things)
    list_add(fresh, shared.things)


test = scenario("added twice", run=[process(add_twice)], pools={thing: 1})
