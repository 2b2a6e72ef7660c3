# violated: self-deadlock
# says: waits for a socket that it owns itself
# states: 2, transitions: 2, depth: 1
"""Ownership is not recursive."""

from psockmc.kernel.socklock import lock_sock, release_sock, socket_lock_t
from psockmc.lang import Struct, instance, process, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def nest() -> None:
    lock_sock(sk.sk_lock)
    lock_sock(sk.sk_lock)
    release_sock(sk.sk_lock)
    release_sock(sk.sk_lock)


test = scenario("one process owns a socket twice", run=[process(nest)])
