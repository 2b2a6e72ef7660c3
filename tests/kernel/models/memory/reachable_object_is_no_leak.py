# holds
# states: 3, transitions: 2, depth: 2
"""What a static object of another struct still points to at the end is not leaked."""

from psockmc.lang import GFP_KERNEL, Ptr, Struct, instance, kzalloc, process, scenario, user


class thing(Struct):
    value: bool


class box(Struct):
    thing: Ptr[thing]


shared = instance(box)


@user
def keep_one() -> None:
    shared.thing = kzalloc(thing, GFP_KERNEL)


test = scenario("a static object points to one from kzalloc()", run=[process(keep_one)], pools={thing: 1})
