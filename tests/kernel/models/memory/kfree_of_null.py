# holds
# states: 3, transitions: 2, depth: 2
"""kfree(NULL) does nothing."""

from psockmc.lang import NULL, Ptr, Struct, instance, kfree, process, scenario, user


class thing(Struct):
    value: bool


class box(Struct):
    thing: Ptr[thing]


shared = instance(box)


@user
def free_nothing() -> None:
    kfree(shared.thing)


test = scenario("kfree() of NULL", run=[process(free_nothing)], pools={thing: 1})
