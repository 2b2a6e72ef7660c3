# holds
# states: 23, transitions: 35, depth: 7
"""A callback frees the object when its readers are gone."""

from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.lang import (
    GFP_KERNEL,
    NULL,
    RCU_INIT_POINTER,
    Ptr,
    Struct,
    container_of,
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
    rcu: rcu_head


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
def free_thing(head: rcu_head) -> None:
    kfree(container_of(head, thing, "rcu"))


@user
def remove() -> None:
    old = shared.thing
    RCU_INIT_POINTER(shared.thing, NULL)
    call_rcu(old.rcu, free_thing)


test = scenario("a reader and call_rcu()", setup=prepare, run=[process(read), process(remove)], pools={thing: 1})
