"""Reader-writer spinlocks, queued (kernel/locking/qrwlock.c), such as `sk_callback_lock`.

Many readers or one writer. A reader with bottom halves off, or in an interrupt, enters as soon as no writer *holds*
the lock: it passes writers that only wait, so it may read recursively. That is read_lock_bh() everywhere and
read_lock() in a softirq. A reader in process context with bottom halves on queues behind a waiting writer in the
kernel; see read_lock().

Findings: `self-deadlock` (read or write while writing, write while reading), `lock-usage` (unlock by a context that
does not hold the lock that way; a recursive read that a waiting writer would block).
"""

from psockmc.lang import (
    CONTEXTS,
    NOBODY,
    Array,
    Ctx,
    CtxSet,
    Int,
    Lock,
    acquired,
    atomic,
    current,
    current_bit,
    finding,
    in_softirq,
    in_task,
    local_bh_disable,
    local_bh_enable,
    omits,
    preempt_disable,
    preempt_enable,
    primitive,
    wait,
)


class rwlock_t(Lock):
    """owner: the writer. readers: the contexts that read. nested: how often each of them reads once more.

    One level of recursion is counted (strp_read_sock() under the callback lock needs one); a deeper one leaves
    `nested` and so cuts the run.
    """

    owner: Ctx
    readers: CtxSet
    nested: Array[Int[0, 1], CONTEXTS]


@primitive
def do_raw_read_lock(lock: rwlock_t) -> None:
    """Wait until no writer holds the lock and read; a context that reads already enters at once."""
    with atomic("a reader enters by one atomic instruction"):
        if lock.owner == current():
            finding("self-deadlock", "waits to read a lock that it holds for writing itself")
        if lock.readers & current_bit():
            lock.nested[current()] += 1
        else:
            wait(lock.owner == NOBODY, holder=lock.owner)
            lock.readers |= current_bit()
        acquired(lock, "read")


@primitive
def queued_read_lock(lock: rwlock_t) -> None:
    """do_raw_read_lock() of a reader whom the kernel queues behind a writer that waits.

    Here it does not queue; what is lost are deadlocks that need such a writer between two readers. The certain one, a
    recursive read, is a finding at once, as in lockdep; for the others every report that uses this path names the
    omission.
    """
    omits("read_lock() with bottom halves on does not queue behind a writer that waits")
    with atomic("a reader enters by one atomic instruction"):
        if lock.readers & current_bit():
            finding("lock-usage", "reads recursively with bottom halves on: a writer in between blocks both")
        do_raw_read_lock(lock)


@primitive
def do_raw_read_unlock(lock: rwlock_t) -> None:
    """Leave one level of reading."""
    with atomic("a reader leaves by one atomic instruction"):
        if not lock.readers & current_bit():
            finding("lock-usage", "read-unlocks a lock that it does not read")
        elif lock.nested[current()] > 0:
            lock.nested[current()] -= 1
        else:
            lock.readers &= ~current_bit()


@primitive
def do_raw_write_lock(lock: rwlock_t) -> None:
    """Wait until nobody reads or writes and become the writer."""
    with atomic("a writer enters by one atomic instruction"):
        if lock.owner == current():
            finding("self-deadlock", "waits to write a lock that it holds for writing itself")
        if lock.readers & current_bit():
            finding("self-deadlock", "waits to write a lock that it reads itself")
        wait(lock.owner == NOBODY, holder=lock.owner)
        wait(lock.readers == 0, holder=lock.readers)
        lock.owner = current()
        acquired(lock, "write")


@primitive
def do_raw_write_unlock(lock: rwlock_t) -> None:
    """Stop being the writer."""
    with atomic("a write lock is released by one store"):
        if lock.owner != current():
            finding("lock-usage", "write-unlocks a lock that it does not hold for writing")
        lock.owner = NOBODY


@primitive
def read_lock(lock: rwlock_t) -> None:
    """Read with preemption off. May be nested once, but in process context only where bottom halves are off."""
    preempt_disable()
    if in_task() and not in_softirq():
        queued_read_lock(lock)
    else:
        do_raw_read_lock(lock)


@primitive
def read_unlock(lock: rwlock_t) -> None:
    """Undo read_lock()."""
    do_raw_read_unlock(lock)
    preempt_enable()


@primitive
def read_lock_bh(lock: rwlock_t) -> None:
    """Read with bottom halves off; may be nested once."""
    local_bh_disable()
    do_raw_read_lock(lock)


@primitive
def read_unlock_bh(lock: rwlock_t) -> None:
    """Undo read_lock_bh()."""
    do_raw_read_unlock(lock)
    local_bh_enable()


@primitive
def write_lock(lock: rwlock_t) -> None:
    """Write with preemption off; softirqs still come in on this CPU."""
    preempt_disable()
    do_raw_write_lock(lock)


@primitive
def write_unlock(lock: rwlock_t) -> None:
    """Undo write_lock()."""
    do_raw_write_unlock(lock)
    preempt_enable()


@primitive
def write_lock_bh(lock: rwlock_t) -> None:
    """Write with bottom halves off: no softirq on this CPU until write_unlock_bh()."""
    local_bh_disable()
    do_raw_write_lock(lock)


@primitive
def write_unlock_bh(lock: rwlock_t) -> None:
    """Undo write_lock_bh()."""
    do_raw_write_unlock(lock)
    local_bh_enable()
