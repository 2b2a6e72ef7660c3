"""Work items (kernel/workqueue.c as of 6.10, which made cancelling disable the item).

An item is idle or pending, and apart from that running or not. Queueing a pending item does nothing; queueing a
running one makes it pending again, and it starts over when it has returned: one item never runs twice at a time. Each
item has its own worker (a pool grows while its workers block), so items wait for each other only by what they do
themselves.

A delay is any time, none included: a pending `delayed_work` may start at once, so the length of a delay decides
nothing and mod_delayed_work() is the same as queueing. Workqueues are not told apart.

Findings: `work-usage` (cancel or flush of an item by its own function; queueing or flushing an item that was never
initialised; INIT_WORK() of a pending one), `lock-usage` (a function that returns in atomic context),
`sleep-in-atomic` (the waiting forms). A cancel under a lock that the
function takes is a `deadlock`, whose cycle names the worker.
"""

from psockmc.kernel.sleep import might_sleep
from psockmc.lang import (
    NOBODY,
    NULL,
    Callable,
    Ctx,
    CtxSet,
    Struct,
    atomic,
    current,
    current_bit,
    finding,
    holds_locks,
    in_atomic,
    per_object,
    primitive,
    rcu_held,
    u32,
    wait,
)


class work_struct(Struct):
    """pending: to be run. running: the worker that runs it. disabled: the contexts whose cancel waits for it.

    func: called with the item. It may free the struct the item is in: the worker does not look at the item any more.
    """

    func: Callable[[work_struct], None]
    pending: bool
    running: Ctx
    disabled: CtxSet


class delayed_work(Struct):
    """A work item with a timer; pending while the timer runs, too."""

    work: work_struct


@primitive
@per_object(work_struct, kind="kworker")
def process_one_work(work: work_struct) -> None:
    """The worker of one item: takes it when it is pending, clears the pending bit, then calls its function."""
    while True:
        with atomic("the pool's lock is held while a worker takes an item"):
            wait(work.pending, idle=True)
            work.pending = False
            work.running = current()
            func = work.func
        func(work)
        if in_atomic() or rcu_held():
            finding("lock-usage", "a work function returns in atomic context or inside an RCU reader")
        if holds_locks():
            finding("lock-usage", "a work function returns with a lock held")
        with atomic("the pool's lock is held while a worker lets go of an item"):
            work.running = NOBODY


@primitive
def INIT_WORK(work: work_struct, func: Callable[[work_struct], None]) -> None:
    """Prepare the item. A cancel that has disabled it is forgotten, as in the kernel."""
    with atomic("INIT_WORK() runs before anybody else sees the item"):
        if work.pending:
            finding("work-usage", "INIT_WORK() on an item that is pending")
            work.pending = False
        if work.disabled != 0:
            work.disabled = 0
        work.func = func


@primitive
def INIT_DELAYED_WORK(dwork: delayed_work, func: Callable[[work_struct], None]) -> None:
    """Prepare the item; func gets `dwork.work`."""
    INIT_WORK(dwork.work, func)


@primitive
def queue_work(work: work_struct) -> bool:
    """Have a worker run the item. False when it is pending already or a cancel has disabled it.

    The kernel first sets the pending bit and takes it back when the item is disabled. In between a second queueing is
    refused all the same, and a cancel spins until the bit is gone.
    """
    with atomic("the pending bit is set by one atomic instruction"):
        if work.func == NULL:
            finding("work-usage", "queues a work item that was never initialised")
        queued = not work.pending and work.disabled == 0
        if queued:
            work.pending = True
    return queued


@primitive
def schedule_work(work: work_struct) -> bool:
    """queue_work() on the system's workqueue."""
    return queue_work(work)


@primitive
def schedule_delayed_work(dwork: delayed_work, delay: u32) -> bool:
    """Have a worker run the item after the delay, which is any time here."""
    return queue_work(dwork.work)


@primitive
def mod_delayed_work(dwork: delayed_work, delay: u32) -> bool:
    """Queue the item, or give it another delay when it is pending. True when it was pending."""
    with atomic("the pending bit is grabbed and set again under the pool's lock"):
        was_pending = dwork.work.pending
        queue_work(dwork.work)
    return was_pending


@primitive
def cancel_work(work: work_struct) -> bool:
    """Make the item not pending. Does not wait: its function may be running. True when it was pending."""
    with atomic("the pending bit is grabbed under the pool's lock"):
        was_pending = work.pending
        if was_pending:
            work.pending = False
    return was_pending


@primitive
def cancel_delayed_work(dwork: delayed_work) -> bool:
    """cancel_work() of a delayed item: also one whose timer runs."""
    return cancel_work(dwork.work)


@primitive
def cancel_work_sync(work: work_struct) -> bool:
    """Make the item not pending and wait until its function does not run. Sleeps. True when it was pending.

    While it waits the item is disabled, so a function that queues itself again is stopped, too. After it returned
    anybody may queue the item again.
    """
    might_sleep()
    with atomic("the pending bit is grabbed and the item disabled under the pool's lock"):
        if work.running == current():
            finding("work-usage", "a work function cancels its own item and waits for itself")
        was_pending = work.pending
        if was_pending:
            work.pending = False
        work.disabled |= current_bit()
    with atomic("the item is enabled again at the instant at which its function has returned"):
        wait(work.running == NOBODY, holder=work.running)
        work.disabled &= ~current_bit()
    return was_pending


@primitive
def cancel_delayed_work_sync(dwork: delayed_work) -> bool:
    """cancel_work_sync() of a delayed item: also one whose timer runs."""
    return cancel_work_sync(dwork.work)


@primitive
def flush_work(work: work_struct) -> bool:
    """Wait until the last queueing so far has been executed. Sleeps. False when the item was idle.

    Returns when an instance that began after the call, or the one running at the call, is over; the item may be
    pending again by then. A flusher that is too slow to see the first such moment waits for a later one. Returning
    later is also what a slow task does in the kernel, so no behaviour is lost; a deadlock reported here is one of the
    kernel's unless it needs an instance that the item's own function queued again.
    """
    might_sleep()
    with atomic("the item is looked up under the pool's lock"):
        if work.func == NULL:
            finding("work-usage", "flushes a work item that was never initialised")
        if work.running == current():
            finding("work-usage", "a work function flushes its own item and waits for itself")
        pending = work.pending
        busy = pending or work.running != NOBODY
    if pending:
        with atomic("the pending instance was taken, or cancelled"):
            wait(not work.pending, holder=work.running)
    if busy:
        with atomic("the instance is over"):
            wait(work.running == NOBODY, holder=work.running)
    return busy


@primitive
def flush_delayed_work(dwork: delayed_work) -> bool:
    """flush_work() of a delayed item; its timer is cut short."""
    return flush_work(dwork.work)
