"""Mutexes (kernel/locking/mutex.c): a lock whose waiters sleep.

Findings: `sleep-in-atomic` (taken where a context must not sleep), `self-deadlock`, `lock-usage` (unlock by another
context than the owner). Spinning on a running owner is an optimisation that changes no outcome and is left out.
"""

from psockmc.kernel.sleep import might_sleep
from psockmc.lang import NOBODY, Ctx, Lock, acquired, atomic, current, finding, primitive, wait


class mutex(Lock):
    """owner: the context that holds the mutex."""

    owner: Ctx


@primitive
def mutex_lock(lock: mutex) -> None:
    """Sleep until the mutex is free and take it."""
    might_sleep()
    with atomic("a mutex is taken by one atomic instruction"):
        if lock.owner == current():
            finding("self-deadlock", "waits for a mutex that it holds itself")
        wait(lock.owner == NOBODY, holder=lock.owner)
        lock.owner = current()
        acquired(lock, "write")


@primitive
def mutex_trylock(lock: mutex) -> bool:
    """Take the mutex if it is free, without sleeping. True when it was taken. Adds no edge to the lock order."""
    with atomic("a trylock tests and takes by one atomic instruction"):
        free = lock.owner == NOBODY
        if free:
            lock.owner = current()
    return free


@primitive
def mutex_unlock(lock: mutex) -> None:
    """Give the mutex up and let a waiter take it."""
    with atomic("a mutex is released by one atomic instruction"):
        if lock.owner != current():
            finding("lock-usage", "unlocks a mutex that it does not hold")
        lock.owner = NOBODY
