# violated: use-after-free
# states: 7, transitions: 8, depth: 5
"""Freeing an object whose callback is still to run lets RCU use freed memory."""

from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.lang import GFP_KERNEL, Struct, container_of, kfree, kzalloc, process, scenario, user


class thing(Struct):
    rcu: rcu_head
    value: bool


@user
def touch(head: rcu_head) -> None:
    container_of(head, thing, "rcu").value = True


@user
def too_early() -> None:
    fresh = kzalloc(thing, GFP_KERNEL)
    call_rcu(fresh.rcu, touch)
    kfree(fresh)


test = scenario("kfree() before the callback", run=[process(too_early)], pools={thing: 1})
