"""The socket lock (include/net/sock.h, net/core/sock.c): a spinlock, and an owner that may sleep.

`slock` is taken by softirqs (bh_lock_sock()) and shortly by lock_sock() and release_sock(). `owned` is held by a
process from lock_sock() to release_sock(). Taking slock does *not* keep an owner out: who holds it must ask
sock_owned_by_user(), and hand its packet to the backlog if so.

lock_sock() and release_sock() are one step each here. In the kernel they spin for slock with bottom halves off, read
and write `owned`, and let slock go; they touch nothing else. So no other context can see more of this section than
that slock was busy for a moment, and whoever finds it busy only waits. What is lost is this wait and the moment
without softirqs on that CPU, not an order of two accesses. The steps wait for slock to be free: a softirq that has
found the socket not owned keeps it so until bh_unlock_sock().

The backlog belongs to the model: see socket_release() and slock_is_free() for the pieces of which a release_sock()
that runs it is made.

Findings: `sleep-in-atomic`, `self-deadlock` (ownership or slock taken twice by one context), `lock-usage` (release by
a context that does not own; asking for the owner without holding either lock).
"""

from psockmc.kernel.sleep import might_sleep
from psockmc.kernel.spinlock import spin_lock, spin_lock_bh, spin_unlock, spin_unlock_bh, spinlock_t
from psockmc.lang import (
    NOBODY,
    Ctx,
    Lock,
    Struct,
    acquired,
    atomic,
    current,
    finding,
    local_bh_enable,
    primitive,
    wait,
)


class sock_owner_t(Lock):
    """owner: the process that owns the socket."""

    owner: Ctx


class socket_lock_t(Struct):
    """`sk.sk_lock`. The kernel's wait queue of sleeping would-be owners is in the waits of lock_sock()."""

    slock: spinlock_t
    owned: sock_owner_t


@primitive
def slock_is_free(lock: socket_lock_t) -> None:
    """Let the enclosing `with atomic` block happen only while nobody holds slock: a whole slock section in one
    step.
    """
    with atomic("a section under slock that nothing interrupts"):
        if lock.slock.owner == current():
            finding("self-deadlock", "spins on the slock of a socket that it holds itself")
        wait(lock.slock.owner == NOBODY, holder=lock.slock.owner)


@primitive
def sock_release_ownership(lock: socket_lock_t) -> None:
    """Give up ownership; the caller holds slock, or is in a `with atomic` block after slock_is_free()."""
    with atomic("ownership is given up by one store under slock"):
        if lock.owned.owner != current():
            finding("lock-usage", "releases a socket that it does not own")
        lock.owned.owner = NOBODY


@primitive
def lock_sock(lock: socket_lock_t) -> None:
    """Sleep until the socket is neither owned nor in the hands of a softirq, and own it."""
    might_sleep()
    with atomic("lock_sock() holds slock only to test and set the owner"):
        if lock.owned.owner == current():
            finding("self-deadlock", "waits for a socket that it owns itself")
        slock_is_free(lock)
        wait(lock.owned.owner == NOBODY, holder=lock.owned.owner)
        lock.owned.owner = current()
        acquired(lock.owned, "write")


@primitive
def release_sock(lock: socket_lock_t) -> None:
    """Give up ownership of a socket that has no backlog (a model with a backlog writes its own, see
    socket_release()).
    """
    with atomic("release_sock() holds slock only to clear the owner"):
        slock_is_free(lock)
        sock_release_ownership(lock)


@primitive
def socket_release(lock: socket_lock_t) -> None:
    """Give up ownership and slock, with bottom halves on again: the end of a release_sock() that has run the backlog.

    The caller owns the socket and holds slock by spin_lock_bh(). The two stores are one step because the owner is
    looked at under slock only. A model's own release_sock() has this form:

        spin_lock_bh(sk.sk_lock.slock)
        while not list_empty(sk.sk_backlog):
            (take the packets off)
            spin_unlock_bh(sk.sk_lock.slock)    # still owned: softirqs add to the backlog meanwhile
            (process them)
            spin_lock_bh(sk.sk_lock.slock)
        socket_release(sk.sk_lock)
    """
    with atomic("the owner is looked at under slock only"):
        sock_release_ownership(lock)
        if lock.slock.owner != current():
            finding("lock-usage", "unlocks a slock that it does not hold")
        lock.slock.owner = NOBODY
    local_bh_enable()


@primitive
def bh_lock_sock(lock: socket_lock_t) -> None:
    """Spin for slock, in a softirq or with bottom halves off. The socket may still be owned by a process."""
    spin_lock(lock.slock)


@primitive
def bh_unlock_sock(lock: socket_lock_t) -> None:
    """Undo bh_lock_sock()."""
    spin_unlock(lock.slock)


@primitive
def sock_owned_by_user(lock: socket_lock_t) -> bool:
    """Whether a process owns the socket. The answer lasts as long as the caller holds slock, or owns the socket
    itself.
    """
    with atomic("the owner is read by one load"):
        if lock.slock.owner != current() and lock.owned.owner != current():
            finding("lock-usage", "asks whether a socket is owned while it holds neither slock nor the socket")
        owned = lock.owned.owner != NOBODY
    return owned


@primitive
def sock_owned_by_user_nocheck(lock: socket_lock_t) -> bool:
    """sock_owned_by_user() for callers that know the answer may be stale."""
    with atomic("the owner is read by one load"):
        owned = lock.owned.owner != NOBODY
    return owned


@primitive
def lock_sock_fast(lock: socket_lock_t) -> bool:
    """Hold the socket for a short section: slock alone (False) when nobody owns it, else ownership (True)."""
    might_sleep()
    spin_lock_bh(lock.slock)
    if not sock_owned_by_user(lock):
        return False
    spin_unlock_bh(lock.slock)
    lock_sock(lock)
    return True


@primitive
def unlock_sock_fast(lock: socket_lock_t, slow: bool) -> None:
    """Undo lock_sock_fast(), which returned slow. For sockets without a backlog, like release_sock()."""
    if slow:
        release_sock(lock)
    else:
        spin_unlock_bh(lock.slock)
