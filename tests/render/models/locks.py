"""Locks taken in orders that do not fit together."""

from psockmc.kernel.spinlock import spin_lock, spin_lock_bh, spin_unlock, spin_unlock_bh, spinlock_t
from psockmc.lang import Int, Ptr, Struct, instance, kernel, process, scenario, softirq, user


class sk_psock(Struct, name="psock"):
    ingress_lock: spinlock_t
    link_lock: spinlock_t
    len: Int[0, 3]


class sock(Struct, name="sk"):
    sk_callback_lock: spinlock_t


sk0 = instance(sock)
psock0 = instance(sk_psock)


@kernel("net/core/skmsg.c")
def sk_psock_queue_msg(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    spin_lock_bh(psock.ingress_lock)
    psock.len = 1
    spin_lock_bh(sk.sk_callback_lock)
    spin_unlock_bh(sk.sk_callback_lock)
    spin_unlock_bh(psock.ingress_lock)


@kernel("net/core/skmsg.c")
def sk_psock_stop(psock: Ptr[sk_psock]) -> None:
    spin_lock_bh(psock.ingress_lock)
    spin_unlock_bh(psock.ingress_lock)


@kernel("net/core/skmsg.c")
def sk_psock_drop(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    spin_lock_bh(sk.sk_callback_lock)
    sk_psock_stop(psock)
    spin_unlock_bh(sk.sk_callback_lock)


@kernel("net/core/sock_map.c")
def sock_map_unlink(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    spin_lock_bh(sk.sk_callback_lock)
    spin_lock_bh(psock.link_lock)
    spin_unlock_bh(psock.link_lock)
    spin_unlock_bh(sk.sk_callback_lock)


@kernel("net/core/sock_map.c")
def sock_map_del_link(psock: Ptr[sk_psock]) -> None:
    spin_lock_bh(psock.link_lock)
    sk_psock_stop(psock)
    spin_unlock_bh(psock.link_lock)


@user
def one_after_the_other() -> None:
    sk_psock_queue_msg(sk0, psock0)
    sk_psock_drop(sk0, psock0)


@kernel("net/core/skmsg.c")
def sk_psock_lock_twice(psock: Ptr[sk_psock]) -> None:
    spin_lock_bh(psock.ingress_lock)
    sk_psock_stop(psock)
    spin_unlock_bh(psock.ingress_lock)


two_orders = scenario(
    "a message is queued while the psock is dropped",
    run=[process(sk_psock_queue_msg, sk0, psock0), process(sk_psock_drop, sk0, psock0)],
)

three_orders = scenario(
    "each of three holds the lock that the next one wants",
    run=[
        process(sk_psock_queue_msg, sk0, psock0),
        process(sock_map_unlink, sk0, psock0),
        process(sock_map_del_link, psock0),
    ],
)

no_deadlock = scenario("two orders in one process", run=[process(one_after_the_other)])

twice = scenario("one process takes a lock twice", run=[process(sk_psock_lock_twice, psock0)])


@kernel("net/core/sock.c")
def sk_send_sigurg(sk: Ptr[sock]) -> None:
    spin_lock(sk.sk_callback_lock)
    spin_unlock(sk.sk_callback_lock)


inversion = scenario(
    "a lock is taken in a softirq, and by a process that lets softirqs in",
    run=[process(sk_send_sigurg, sk0), softirq(sk_send_sigurg, sk0)],
)

same_cpu_inversion = scenario(
    "the softirq comes in over the process that holds the lock",
    run=[process(sk_send_sigurg, sk0, cpu=0), softirq(sk_send_sigurg, sk0, cpu=0)],
)
