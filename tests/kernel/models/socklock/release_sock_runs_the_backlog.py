# holds
# states: 35, transitions: 40, depth: 14
"""A release_sock() made of the pieces: packets that came while the socket was owned are processed before it is free."""

from psockmc.kernel.socklock import (
    bh_lock_sock,
    bh_unlock_sock,
    lock_sock,
    sock_owned_by_user,
    socket_lock_t,
    socket_release,
)
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import Int, Struct, at_end, cover, instance, process, scenario, softirq, user


class sock(Struct):
    sk_lock: socket_lock_t
    backlog: Int[0, 1]
    processed: Int[0, 1]


sk = instance(sock)


@user
def release() -> None:
    spin_lock_bh(sk.sk_lock.slock)
    while sk.backlog > 0:
        sk.backlog -= 1
        spin_unlock_bh(sk.sk_lock.slock)
        sk.processed += 1
        spin_lock_bh(sk.sk_lock.slock)
    socket_release(sk.sk_lock)


@user
def owner() -> None:
    lock_sock(sk.sk_lock)
    release()


@user
def receive() -> None:
    bh_lock_sock(sk.sk_lock)
    if sock_owned_by_user(sk.sk_lock):
        cover("by the backlog")
        sk.backlog += 1
    else:
        sk.processed += 1
    bh_unlock_sock(sk.sk_lock)


@at_end("processed", "the packet is processed")
def processed() -> bool:
    return sk.processed == 1


test = scenario("a packet for an owned socket", run=[process(owner), softirq(receive)], properties=[processed])
