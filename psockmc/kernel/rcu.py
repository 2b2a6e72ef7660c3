"""RCU (kernel/rcu/tree.c; rcu_work: kernel/workqueue.c).

A grace period is the set of contexts that were readers when it began; `GracePeriod` cells lose a context by
themselves when it leaves its outermost reader, and the grace period is over when the set is empty. Readers are
rcu_read_lock() sections and everything that runs with preemption, bottom halves or interrupts off, softirqs included
(the flavours were merged in 5.0).

This is the weakest grace period that RCU promises. The kernel's own may last longer, which removes behaviours and
adds none.

Findings: `sleep-in-atomic` (synchronize_rcu() where a context must not sleep), `rcu-usage` (an rcu_head is handed
over again before its function ran), `work-usage` (INIT_RCU_WORK() of a queued item). Unbalanced sections are found by
the compiler. A synchronize_rcu() inside a reader of the caller also shows as a `deadlock`: it waits for itself.

kfree_rcu(p, rcu) of one's own struct is a function of its own and call_rcu(), as the language has no generic one:

    def elem_free_rcu(head: rcu_head) -> None:
        kfree(container_of(head, elem, "rcu"))
"""

from psockmc.kernel.sleep import might_sleep
from psockmc.lang import (
    CONTEXTS,
    Array,
    Callable,
    GracePeriod,
    Struct,
    atomic,
    current,
    finding,
    holds_locks,
    in_atomic,
    instance,
    per_object,
    primitive,
    rcu_held,
    readers,
    wait,
)


class rcu_head(Struct):
    """A callback to be run after a grace period. pending: handed to RCU. func: called with this head, in a
    softirq.
    """

    func: Callable[[rcu_head], None]
    grace_period: GracePeriod
    pending: bool


class rcu_work(Struct):
    """A work item to be run after a grace period. pending: queued. func: called with this item, by a kworker."""

    func: Callable[[rcu_work], None]
    grace_period: GracePeriod
    pending: bool


class rcu_state(Struct):
    """synchronize_rcu: for each context, the readers for which its synchronize_rcu() still waits."""

    synchronize_rcu: Array[GracePeriod, CONTEXTS]


rcu = instance(rcu_state)


@primitive
def synchronize_rcu() -> None:
    """Wait until every reader that exists now has left. Sleeps."""
    might_sleep()
    with atomic("a grace period begins at one instant"):
        rcu.synchronize_rcu[current()] = readers()
    with atomic("a grace period is over at one instant"):
        wait(rcu.synchronize_rcu[current()] == 0, holder=rcu.synchronize_rcu[current()])


@primitive
def call_rcu(head: rcu_head, func: Callable[[rcu_head], None]) -> None:
    """Have func(head) called in a softirq after a grace period. Does not wait; may be called anywhere."""
    with atomic("call_rcu() enqueues at one instant"):
        if head.pending:
            finding("rcu-usage", "call_rcu() on a head whose callback has not run yet")
        head.func = func
        head.grace_period = readers()
        head.pending = True


@primitive
@per_object(rcu_head, kind="rcu_callback")
def rcu_do_batch(head: rcu_head) -> None:
    """Runs the callback of one rcu_head, over and over. The head is free for reuse, and may be freed, once it
    runs.
    """
    while True:
        with atomic("RCU takes the head off its list before it calls the function"):
            wait(head.pending and head.grace_period == 0, idle=True)
            head.pending = False
            func = head.func
        func(head)
        if holds_locks():
            finding("lock-usage", "an RCU callback returns with a lock held")
        if rcu_held():
            finding("rcu-usage", "an RCU callback returns inside an RCU reader")


@primitive
def INIT_RCU_WORK(rwork: rcu_work, func: Callable[[rcu_work], None]) -> None:
    """Prepare the item; func is what queue_rcu_work() will have run."""
    with atomic("INIT_RCU_WORK() runs before anybody else sees the item"):
        if rwork.pending:
            finding("work-usage", "initialises an rcu_work that is queued")
        rwork.func = func


@primitive
def queue_rcu_work(rwork: rcu_work) -> bool:
    """After a grace period that begins now, have a kworker run the item's function. False when it is queued already.

    The kernel starts the grace period right after it has set the pending bit; between the two only the caller runs,
    and a second queue_rcu_work() does nothing either way, so one step loses nothing.
    """
    with atomic("queue_rcu_work() sets the pending bit and starts the grace period at one instant"):
        queued = not rwork.pending
        if queued:
            rwork.pending = True
            rwork.grace_period = readers()
    return queued


@primitive
@per_object(rcu_work, kind="kworker")
def rcu_work_rcufn(rwork: rcu_work) -> None:
    """Runs one rcu_work, over and over. The item may be freed, or queued again, by its function.

    The kernel's callback first queues an ordinary work item, which adds nothing but a delay.
    """
    while True:
        with atomic("a worker takes the item off its list before it calls the function"):
            wait(rwork.pending and rwork.grace_period == 0, idle=True)
            rwork.pending = False
            func = rwork.func
        func(rwork)
        if holds_locks():
            finding("lock-usage", "a work function returns with a lock held")
        if in_atomic() or rcu_held():
            finding("lock-usage", "a work function returns in atomic context or inside an RCU reader")
