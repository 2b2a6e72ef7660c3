# violated: use-after-free
# states: 18, transitions: 27, depth: 6
"""A process that reads without rcu_read_lock() is not waited for."""

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
    mine = rcu_dereference(shared.thing)
    if mine:
        seen = mine.value


@user
def remove() -> None:
    old = shared.thing
    RCU_INIT_POINTER(shared.thing, NULL)
    synchronize_rcu()
    kfree(old)


test = scenario("no reader around a read", setup=prepare, run=[process(read), process(remove)], pools={thing: 1})
