# holds
# states: 16, transitions: 23, depth: 6
"""A section with bottom halves off is waited for, too."""

from psockmc.kernel.rcu import synchronize_rcu
from psockmc.lang import (
    GFP_KERNEL,
    NULL,
    RCU_INIT_POINTER,
    Ptr,
    Struct,
    instance,
    kfree,
    kzalloc,
    local_bh_disable,
    local_bh_enable,
    process,
    rcu_dereference,
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
def read() -> None:
    local_bh_disable()
    mine = rcu_dereference(shared.thing)
    if mine:
        seen = mine.value
    local_bh_enable()


@user
def remove() -> None:
    old = shared.thing
    RCU_INIT_POINTER(shared.thing, NULL)
    synchronize_rcu()
    kfree(old)


test = scenario("bottom halves off as a reader", setup=prepare, run=[process(read), process(remove)], pools={thing: 1})
