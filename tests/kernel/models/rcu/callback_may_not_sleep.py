# violated: sleep-in-atomic
# states: 5, transitions: 4, depth: 4
"""Callbacks run in a softirq."""

from psockmc.kernel.mutex import mutex, mutex_lock, mutex_unlock
from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.lang import Struct, instance, process, scenario, user


class thing(Struct):
    rcu: rcu_head
    lock: mutex


shared = instance(thing)


@user
def sleepy(head: rcu_head) -> None:
    mutex_lock(shared.lock)
    mutex_unlock(shared.lock)


@user
def hand_over() -> None:
    call_rcu(shared.rcu, sleepy)


test = scenario("a callback that sleeps", run=[process(hand_over)])
