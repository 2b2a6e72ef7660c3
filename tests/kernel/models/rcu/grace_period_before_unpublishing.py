# violated: use-after-free
# states: 26, transitions: 40, depth: 7
"""A grace period that begins before the pointer is gone does not wait for readers that come after it."""

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
    rcu_read_lock,
    rcu_read_unlock,
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
    rcu_read_lock()
    mine = rcu_dereference(shared.thing)
    if mine:
        seen = mine.value
    rcu_read_unlock()


@user
def remove() -> None:
    old = shared.thing
    synchronize_rcu()
    RCU_INIT_POINTER(shared.thing, NULL)
    kfree(old)


test = scenario("a grace period too early", setup=prepare, run=[process(read), process(remove)], pools={thing: 1})
