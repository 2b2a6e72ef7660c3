# holds
# states: 24, transitions: 27, depth: 9
"""slock_is_free() lets a model test its backlog and release the socket in one step, as under slock."""

from psockmc.kernel.socklock import (
    bh_lock_sock,
    bh_unlock_sock,
    lock_sock,
    slock_is_free,
    sock_owned_by_user,
    sock_release_ownership,
    socket_lock_t,
)
from psockmc.lang import Int, Struct, at_end, atomic, cover, instance, process, scenario, softirq, user


class sock(Struct):
    sk_lock: socket_lock_t
    backlog: Int[0, 1]
    processed: Int[0, 1]


sk = instance(sock)


@user
def release() -> None:
    owned = True
    while owned:
        with atomic("release_sock() looks at the backlog and at the owner under slock"):
            slock_is_free(sk.sk_lock)
            packet = sk.backlog > 0
            if packet:
                sk.backlog -= 1
            else:
                sock_release_ownership(sk.sk_lock)
                owned = False
        if packet:
            sk.processed += 1


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
