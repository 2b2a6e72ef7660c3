# holds
# states: 11, transitions: 14, depth: 5
"""Of two puts exactly one is the last."""

from psockmc.kernel.refcount import refcount_dec_and_test, refcount_set, refcount_t
from psockmc.lang import GFP_KERNEL, Ptr, Struct, instance, kfree, kzalloc, process, scenario, user


class thing(Struct):
    refs: refcount_t


class box(Struct):
    thing: Ptr[thing]


shared = instance(box)


@user
def prepare() -> None:
    shared.thing = kzalloc(thing, GFP_KERNEL)
    refcount_set(shared.thing.refs, 2)


@user
def put() -> None:
    mine = shared.thing
    if refcount_dec_and_test(mine.refs):
        kfree(mine)


test = scenario("two puts of two references", setup=prepare, run=[process(put), process(put)], pools={thing: 1})
