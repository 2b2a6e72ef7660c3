# holds
# states: 12, transitions: 11, depth: 11
"""An element is on a list once and is taken off once."""

from psockmc.lang import (
    GFP_KERNEL,
    ListHead,
    Struct,
    check,
    instance,
    kfree,
    kzalloc,
    list_add_tail,
    list_del,
    list_empty,
    list_first_entry_or_null,
    process,
    scenario,
    user,
)


class thing(Struct):
    value: bool


class box(Struct):
    things: ListHead[thing]


shared = instance(box)


@user
def fifo() -> None:
    first = kzalloc(thing, GFP_KERNEL)
    second = kzalloc(thing, GFP_KERNEL)
    list_add_tail(first, shared.things)
    list_add_tail(second, shared.things)
    check(list_first_entry_or_null(shared.things) == first, "first in")
    list_del(first, shared.things)
    check(list_first_entry_or_null(shared.things) == second, "then the next")
    list_del(second, shared.things)
    check(list_empty(shared.things), "empty again")
    kfree(first)
    kfree(second)


test = scenario("a queue", run=[process(fifo)], pools={thing: 2})
