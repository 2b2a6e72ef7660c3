# violated: rcu-usage
# says: an RCU callback returns inside an RCU reader
# states: 5, transitions: 4, depth: 4
"""A callback must leave the readers that it entered."""

from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.lang import Struct, instance, process, rcu_read_lock, scenario, user


class thing(Struct):
    rcu: rcu_head
    value: bool


shared = instance(thing)


@user
def forget(head: rcu_head) -> None:
    rcu_read_lock()
    shared.value = True


@user
def hand_over() -> None:
    call_rcu(shared.rcu, forget)


test = scenario("a callback that forgets rcu_read_unlock()", run=[process(hand_over)])
