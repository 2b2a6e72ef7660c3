# violated: processed
# states: 23, transitions: 25, depth: 8
"""release_sock() without a backlog is wrong for a socket that has one."""

from psockmc.kernel.socklock import (
    bh_lock_sock,
    bh_unlock_sock,
    lock_sock,
    release_sock,
    sock_owned_by_user,
    socket_lock_t,
)
from psockmc.lang import Int, Struct, at_end, instance, process, scenario, softirq, user


class sock(Struct):
    sk_lock: socket_lock_t
    backlog: Int[0, 1]
    processed: Int[0, 1]


sk = instance(sock)


@user
def owner() -> None:
    lock_sock(sk.sk_lock)
    release_sock(sk.sk_lock)


@user
def receive() -> None:
    bh_lock_sock(sk.sk_lock)
    if sock_owned_by_user(sk.sk_lock):
        sk.backlog += 1
    else:
        sk.processed += 1
    bh_unlock_sock(sk.sk_lock)


@at_end("processed", "the packet is processed")
def processed() -> bool:
    return sk.processed == 1


test = scenario("a packet that nobody processes", run=[process(owner), softirq(receive)], properties=[processed])
