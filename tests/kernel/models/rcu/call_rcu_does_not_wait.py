# holds
# states: 8, transitions: 7, depth: 7
"""call_rcu() may be used inside a reader and under a spinlock."""

from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh, spinlock_t
from psockmc.lang import (
    GFP_KERNEL,
    Struct,
    container_of,
    instance,
    kfree,
    kzalloc,
    process,
    rcu_read_lock,
    rcu_read_unlock,
    scenario,
    user,
)


class thing(Struct):
    rcu: rcu_head


class box(Struct):
    lock: spinlock_t


shared = instance(box)


@user
def free_thing(head: rcu_head) -> None:
    kfree(container_of(head, thing, "rcu"))


@user
def remove() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    rcu_read_lock()
    spin_lock_bh(shared.lock)
    call_rcu(fresh.rcu, free_thing)
    spin_unlock_bh(shared.lock)
    rcu_read_unlock()


test = scenario("call_rcu() in a reader", run=[process(remove)], pools={thing: 1})
