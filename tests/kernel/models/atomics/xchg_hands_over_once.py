# holds
# states: 12, transitions: 16, depth: 4
"""xchg() reads and writes in one step: of two takers one gets the object."""

from psockmc.lang import GFP_KERNEL, NULL, Ptr, Struct, instance, kfree, kzalloc, process, scenario, user, xchg


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
    mine = xchg(shared.thing, NULL)
    kfree(mine)


test = scenario("two takers with xchg()", setup=prepare, run=[process(take), process(take)], pools={thing: 1})
