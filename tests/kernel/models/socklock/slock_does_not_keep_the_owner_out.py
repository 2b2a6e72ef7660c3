# violated: assert data-race
# states: 25, transitions: 36, depth: 8
"""bh_lock_sock() succeeds while a process owns the socket."""

from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, lock_sock, release_sock, socket_lock_t
from psockmc.lang import Struct, check, instance, process, scenario, softirq, user


class sock(Struct):
    sk_lock: socket_lock_t
    busy: bool


sk = instance(sock)


@user
def owner() -> None:
    lock_sock(sk.sk_lock)
    sk.busy = True
    sk.busy = False
    release_sock(sk.sk_lock)


@user
def receive() -> None:
    bh_lock_sock(sk.sk_lock)
    busy = sk.busy
    check(not busy, "nobody owns the socket")
    bh_unlock_sock(sk.sk_lock)


test = scenario("a softirq that does not ask", run=[process(owner), softirq(receive)])
