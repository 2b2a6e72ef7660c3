# holds
# states: 33, transitions: 43, depth: 10
"""A softirq that holds slock and finds the socket not owned has it to itself: lock_sock() waits for slock."""

from psockmc.kernel.socklock import (
    bh_lock_sock,
    bh_unlock_sock,
    lock_sock,
    release_sock,
    sock_owned_by_user,
    socket_lock_t,
)
from psockmc.lang import Int, Struct, cover, instance, process, scenario, softirq, user


class sock(Struct):
    sk_lock: socket_lock_t
    value: Int[0, 2]


sk = instance(sock)


@user
def owner() -> None:
    lock_sock(sk.sk_lock)
    sk.value += 1
    release_sock(sk.sk_lock)


@user
def receive() -> None:
    bh_lock_sock(sk.sk_lock)
    if sock_owned_by_user(sk.sk_lock):
        cover("the packet goes to the backlog")
    else:
        sk.value += 1
    bh_unlock_sock(sk.sk_lock)


test = scenario("a softirq that asks", run=[process(owner), softirq(receive)])
