# holds
# states: 18, transitions: 19, depth: 7
"""A softirq on the owner's own CPU gets slock at once: ownership leaves bottom halves on."""

from psockmc.kernel.socklock import (
    bh_lock_sock,
    bh_unlock_sock,
    lock_sock,
    release_sock,
    sock_owned_by_user,
    socket_lock_t,
)
from psockmc.lang import Struct, cover, instance, process, scenario, softirq, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def owner() -> None:
    lock_sock(sk.sk_lock)
    release_sock(sk.sk_lock)


@user
def receive() -> None:
    bh_lock_sock(sk.sk_lock)
    if sock_owned_by_user(sk.sk_lock):
        cover("came in over the owner")
    bh_unlock_sock(sk.sk_lock)


test = scenario("a softirq on the owner's CPU", run=[process(owner, cpu=0), softirq(receive, cpu=0)])
