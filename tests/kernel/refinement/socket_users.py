"""Two owners and a softirq, who write down in which order they had the socket and what the softirq saw.

The same users run over three socket locks: that of psockmc.kernel.socklock, whose lock_sock() and release_sock() are one step
each; the kernel's steps one by one; and, as a counter-check, one whose softirq does not ask for the owner.
"""

from psockmc.kernel.sleep import might_sleep
from psockmc.kernel.socklock import (
    bh_lock_sock,
    bh_unlock_sock,
    lock_sock,
    release_sock,
    sock_owned_by_user_nocheck,
    socket_lock_t,
)
from psockmc.kernel.spinlock import spin_lock, spin_lock_bh, spin_unlock, spin_unlock_bh, spinlock_t
from psockmc.kernel.wait import finish_wait, prepare_to_wait, schedule, wait_queue_head, wake_up
from psockmc.lang import READ_ONCE, WRITE_ONCE, Int, Struct, instance, process, scenario, softirq, user


class sock(Struct):
    """log: who had the socket, a digit to the base 4 each. seen: 1 owned, 2 not owned, 3 not owned but in use."""

    sk_lock: socket_lock_t
    slock: spinlock_t
    owned: bool
    wq: wait_queue_head
    log: Int[0, 63]
    in_use: bool
    seen: Int[0, 3]


sk = instance(sock)


@user
def use(who: Int[1, 3]) -> None:
    WRITE_ONCE(sk.in_use, True)
    WRITE_ONCE(sk.log, READ_ONCE(sk.log) * 4 + who)
    WRITE_ONCE(sk.in_use, False)


@user
def look(owned: bool) -> None:
    if owned:
        WRITE_ONCE(sk.seen, 1)
    elif READ_ONCE(sk.in_use):
        WRITE_ONCE(sk.seen, 3)
    else:
        WRITE_ONCE(sk.seen, 2)
        use(3)


@user
def owner(who: Int[1, 3]) -> None:
    lock_sock(sk.sk_lock)
    use(who)
    release_sock(sk.sk_lock)


@user
def receive() -> None:
    bh_lock_sock(sk.sk_lock)
    look(sock_owned_by_user_nocheck(sk.sk_lock))
    bh_unlock_sock(sk.sk_lock)


@user
def owner_in_detail(who: Int[1, 3]) -> None:
    might_sleep()
    spin_lock_bh(sk.slock)
    while READ_ONCE(sk.owned):
        prepare_to_wait(sk.wq)
        spin_unlock_bh(sk.slock)
        schedule(sk.wq)
        spin_lock_bh(sk.slock)
    finish_wait(sk.wq)
    WRITE_ONCE(sk.owned, True)
    spin_unlock_bh(sk.slock)
    use(who)
    spin_lock_bh(sk.slock)
    WRITE_ONCE(sk.owned, False)
    wake_up(sk.wq)
    spin_unlock_bh(sk.slock)


@user
def receive_in_detail() -> None:
    spin_lock(sk.slock)
    look(READ_ONCE(sk.owned))
    spin_unlock(sk.slock)


@user
def receive_without_asking() -> None:
    bh_lock_sock(sk.sk_lock)
    look(False)
    bh_unlock_sock(sk.sk_lock)


one_step = scenario(
    "owners and a softirq, one step for each lock operation",
    run=[process(owner, 1, cpu=0), process(owner, 2), softirq(receive, cpu=0)],
)

in_detail = scenario(
    "owners and a softirq, the kernel's steps",
    run=[process(owner_in_detail, 1, cpu=0), process(owner_in_detail, 2), softirq(receive_in_detail, cpu=0)],
)

without_asking = scenario(
    "a softirq that does not ask",
    run=[process(owner, 1, cpu=0), process(owner, 2), softirq(receive_without_asking, cpu=0)],
)
