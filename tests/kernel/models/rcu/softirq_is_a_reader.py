# holds
# states: 23, transitions: 35, depth: 7
"""Whatever runs in a softirq is waited for without rcu_read_lock()."""

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
    softirq,
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


test = scenario("a softirq as a reader", setup=prepare, run=[softirq(read), process(remove)], pools={thing: 1})
