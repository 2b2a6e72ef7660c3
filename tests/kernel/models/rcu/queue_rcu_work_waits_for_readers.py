# holds
# states: 33, transitions: 52, depth: 10
"""The work function runs after the readers are gone, and may sleep."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.kernel.rcu import INIT_RCU_WORK, queue_rcu_work, rcu_work
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
    rwork: rcu_work


class box(Struct):
    thing: Ptr[thing]
    lock: mutex


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
def destroy(rwork: rcu_work) -> None:
    mutex_lock(shared.lock)
    mutex_unlock(shared.lock)
    kfree(container_of(rwork, thing, "rwork"))


@user
def remove() -> None:
    old = shared.thing
    RCU_INIT_POINTER(shared.thing, NULL)
    INIT_RCU_WORK(old.rwork, destroy)
    queue_rcu_work(old.rwork)


test = scenario("a reader and queue_rcu_work()", setup=prepare, run=[process(read), process(remove)], pools={thing: 1})
