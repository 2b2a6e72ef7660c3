"""Sleeping: the test that every function that may block begins with."""

from psockmc.lang import finding, in_atomic, primitive, rcu_held


@primitive
def might_sleep() -> None:
    """Raise `sleep-in-atomic` where the context must not block; nothing else, and no step.

    Source: might_sleep() in include/linux/kernel.h, __might_resched() and rcu_sleep_check(). It fires whether or not
    the caller really blocks, as in a kernel built with CONFIG_DEBUG_ATOMIC_SLEEP.
    """
    if rcu_held():
        finding("sleep-in-atomic", "may sleep inside an RCU read-side critical section")
    elif in_atomic():
        finding("sleep-in-atomic", "may sleep with preemption or bottom halves off (a spinlock?) or in an interrupt")
