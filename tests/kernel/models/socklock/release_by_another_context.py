# violated: lock-usage
# says: releases a socket that it does not own
# states: 7, transitions: 8, depth: 3
"""A socket is released by its owner."""

from psockmc.kernel.socklock import lock_sock, release_sock, socket_lock_t
from psockmc.lang import Struct, instance, process, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def owner() -> None:
    lock_sock(sk.sk_lock)
    release_sock(sk.sk_lock)


@user
def thief() -> None:
    release_sock(sk.sk_lock)


test = scenario("one owns, another releases", run=[process(owner), process(thief)])
