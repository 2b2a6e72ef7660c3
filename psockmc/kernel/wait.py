"""Wait queues (kernel/sched/wait.c).

`wait_event(wq, cond)` is a word of the language, which lowers it to a loop: prepare_to_wait(); evaluate cond; if it
is false, sleep until a wake-up has removed this context from the queue; at the end finish_wait(). A condition that
becomes true without a wake-up therefore leaves the waiter asleep: finding `lost-wakeup`.

The pieces may also be used by hand. Whoever tests the condition before prepare_to_wait() has a window in which a
wake-up is lost, and schedule() then sleeps for ever: a `deadlock`.
"""

from psockmc.kernel.sleep import might_sleep
from psockmc.lang import CtxSet, Struct, atomic, current_bit, primitive, wait


class wait_queue_head(Struct):
    """waiters: the contexts on the queue that nobody has woken since they were put there."""

    waiters: CtxSet


@primitive
def prepare_to_wait(wq: wait_queue_head) -> None:
    """Put the caller on the queue; from here on a wake-up is not lost."""
    with atomic("the queue's own lock is held around the insertion only"):
        wq.waiters |= current_bit()


@primitive
def schedule(wq: wait_queue_head) -> None:
    """Sleep until woken; return at once when a wake-up came after prepare_to_wait()."""
    might_sleep()
    with atomic("the scheduler tests the task's state at one instant"):
        wait(wq.waiters & current_bit() == 0)


@primitive
def finish_wait(wq: wait_queue_head) -> None:
    """Take the caller off the queue if it is still there."""
    with atomic("the queue's own lock is held around the removal only"):
        wq.waiters &= ~current_bit()


@primitive
def wake_up(wq: wait_queue_head) -> None:
    """Wake everybody on the queue. (There are no exclusive waiters here, of which wake_up() would wake only one.)"""
    with atomic("the queue's own lock is held while everybody on it is woken"):
        wq.waiters = 0
