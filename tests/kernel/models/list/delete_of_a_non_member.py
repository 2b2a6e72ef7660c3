# violated: list-corruption
# states: 3, transitions: 3, depth: 2
"""An element that is on no list may not be taken off one."""

from psockmc.lang import GFP_KERNEL, ListHead, Struct, instance, kzalloc, list_del, process, scenario, user


class thing(Struct):
    value: bool


class box(Struct):
    things: ListHead[thing]


shared = instance(box)


@user
def delete_stranger() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    fresh.value = True
    list_del(fresh, shared.things)


test = scenario("a stranger is taken off", run=[process(delete_stranger)], pools={thing: 1})
