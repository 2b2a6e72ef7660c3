# violated: use-after-free
# states: 25, transitions: 39, depth: 7
"""The grace period does not protect a pointer that outlives its reader."""

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
    rcu_read_unlock()
    if mine:
        seen = mine.value


@user
def remove() -> None:
    old = shared.thing
    RCU_INIT_POINTER(shared.thing, NULL)
    synchronize_rcu()
    kfree(old)


test = scenario(
    "a pointer that outlives its reader", setup=prepare, run=[process(read), process(remove)], pools={thing: 1}
)
