"""Spinlocks (include/linux/spinlock_api_smp.h, without PREEMPT_RT).

A context turns off what the variant turns off (preemption, bottom halves, interrupts) and then spins. The two are
separate steps because they are separate instructions: while a context spins its CPU already runs nothing that is
masked, and a plain spin_lock() leaves the window in which a softirq comes in over the holder and spins for ever.

Findings: `self-deadlock` (the spinning context holds the lock itself), `lock-usage` (unlock by another context than
the owner). A lock that a context still holds when it ends is found by the compiler.
"""

from psockmc.lang import (
    NOBODY,
    Ctx,
    Lock,
    acquired,
    atomic,
    current,
    finding,
    local_bh_disable,
    local_bh_enable,
    local_irq_disable,
    local_irq_enable,
    preempt_disable,
    preempt_enable,
    primitive,
    wait,
)


class spinlock_t(Lock):
    """owner: the context that holds the lock."""

    owner: Ctx


@primitive
def do_raw_spin_lock(lock: spinlock_t) -> None:
    """Wait until the lock is free and take it, in one step; what must be off is off already."""
    with atomic("a spinlock is taken by one atomic instruction"):
        if lock.owner == current():
            finding("self-deadlock", "spins on a spinlock that it holds itself")
        wait(lock.owner == NOBODY, holder=lock.owner)
        lock.owner = current()
        acquired(lock, "write")


@primitive
def do_raw_spin_unlock(lock: spinlock_t) -> None:
    """Give the lock up. Like the hardware it does so whoever calls; a caller that is not the owner is a finding."""
    with atomic("a spinlock is released by one store"):
        if lock.owner != current():
            finding("lock-usage", "unlocks a spinlock that it does not hold")
        lock.owner = NOBODY


@primitive
def spin_lock(lock: spinlock_t) -> None:
    """Take the lock with preemption off; softirqs still come in on this CPU."""
    preempt_disable()
    do_raw_spin_lock(lock)


@primitive
def spin_unlock(lock: spinlock_t) -> None:
    """Undo spin_lock()."""
    do_raw_spin_unlock(lock)
    preempt_enable()


@primitive
def spin_lock_bh(lock: spinlock_t) -> None:
    """Take the lock with bottom halves off: no softirq on this CPU until spin_unlock_bh()."""
    local_bh_disable()
    do_raw_spin_lock(lock)


@primitive
def spin_unlock_bh(lock: spinlock_t) -> None:
    """Undo spin_lock_bh()."""
    do_raw_spin_unlock(lock)
    local_bh_enable()


@primitive
def spin_lock_irqsave(lock: spinlock_t) -> None:
    """Take the lock with interrupts off. The saved flags are the nesting depth that the compiler keeps per
    context.
    """
    local_irq_disable()
    do_raw_spin_lock(lock)


@primitive
def spin_unlock_irqrestore(lock: spinlock_t) -> None:
    """Undo spin_lock_irqsave(): interrupts come back on unless an outer section keeps them off."""
    do_raw_spin_unlock(lock)
    local_irq_enable()


@primitive
def spin_trylock(lock: spinlock_t) -> bool:
    """Take the lock if it is free, with preemption off; else change nothing. True when it was taken.

    It never waits, so it adds no edge to the lock order (as in lockdep); locks taken under it do. What a softirq
    makes of a lock that was taken this way is seen as a deadlock where the two share a CPU, and not by the interrupt
    check.
    """
    preempt_disable()
    with atomic("a trylock tests and takes by one atomic instruction"):
        taken = lock.owner == NOBODY
        if taken:
            lock.owner = current()
    if not taken:
        preempt_enable()
    return taken
