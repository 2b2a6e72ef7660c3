# violated: null-deref
# states: 2, transitions: 2, depth: 1
"""NULL leads nowhere."""

from psockmc.lang import Ptr, Struct, instance, process, scenario, user


class thing(Struct):
    value: bool


class box(Struct):
    thing: Ptr[thing]


shared = instance(box)


@user
def follow() -> None:
    shared.thing.value = True


test = scenario("a store through NULL", run=[process(follow)])
