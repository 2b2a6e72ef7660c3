# violated: double-free
# states: 26, transitions: 38, depth: 6
"""A load and a store are two steps: both takers can get the object."""

from psockmc.lang import (
    GFP_KERNEL,
    NULL,
    READ_ONCE,
    WRITE_ONCE,
    Ptr,
    Struct,
    instance,
    kfree,
    kzalloc,
    process,
    scenario,
    user,
)


class thing(Struct):
    value: bool


class box(Struct):
    thing: Ptr[thing]


shared = instance(box)


@user
def prepare() -> None:
    shared.thing = kzalloc(thing, GFP_KERNEL)


@user
def take() -> None:
    mine = READ_ONCE(shared.thing)
    WRITE_ONCE(shared.thing, NULL)
    kfree(mine)


test = scenario("two takers without xchg()", setup=prepare, run=[process(take), process(take)], pools={thing: 1})
