# violated: rcu-usage
# says: call_rcu() on a head whose callback has not run yet
# states: 5, transitions: 5, depth: 3
"""A head is handed over once at a time."""

from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.lang import Struct, cover, instance, process, scenario, user


class thing(Struct):
    rcu: rcu_head


shared = instance(thing)


@user
def called_back(head: rcu_head) -> None:
    cover("called back")


@user
def hand_over() -> None:
    call_rcu(shared.rcu, called_back)
    call_rcu(shared.rcu, called_back)


test = scenario("call_rcu() twice", run=[process(hand_over)])
