# holds
# states: 31, transitions: 38, depth: 10
"""lock_sock_fast() keeps owners and other fast users out, by slock or by ownership."""

from psockmc.kernel.socklock import lock_sock, lock_sock_fast, release_sock, socket_lock_t, unlock_sock_fast
from psockmc.lang import Int, Struct, at_end, cover, instance, process, scenario, user


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
def ioctl() -> None:
    slow = lock_sock_fast(sk.sk_lock)
    if slow:
        cover("the slow way")
    else:
        cover("the fast way")
    sk.value += 1
    unlock_sock_fast(sk.sk_lock, slow)


@at_end("counted", "both additions are counted")
def counted() -> bool:
    return sk.value == 2


test = scenario("a fast user and an owner", run=[process(owner), process(ioctl)], properties=[counted])
