# violated: lock-usage
# says: an RCU callback returns with a lock held
# states: 4, transitions: 3, depth: 3
"""A callback must release what it took, though its context never ends."""

from psockmc.kernel.rcu import call_rcu, rcu_head
from psockmc.kernel.spinlock import spin_lock, spinlock_t
from psockmc.lang import Struct, instance, preempt_enable, process, scenario, user


class thing(Struct):
    rcu: rcu_head
    lock: spinlock_t


shared = instance(thing)


@user
def forget(head: rcu_head) -> None:
    spin_lock(shared.lock)
    preempt_enable()


@user
def hand_over() -> None:
    call_rcu(shared.rcu, forget)


test = scenario("a callback that forgets to unlock", run=[process(hand_over)])
