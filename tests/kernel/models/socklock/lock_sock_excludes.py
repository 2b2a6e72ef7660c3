# holds
# states: 16, transitions: 16, depth: 8
"""Two owners, one after the other."""

from psockmc.kernel.socklock import lock_sock, release_sock, socket_lock_t
from psockmc.lang import Int, Struct, at_end, instance, process, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t
    value: Int[0, 2]


sk = instance(sock)


@user
def add() -> None:
    lock_sock(sk.sk_lock)
    sk.value += 1
    release_sock(sk.sk_lock)


@at_end("counted", "both additions are counted")
def counted() -> bool:
    return sk.value == 2


test = scenario("two owners", run=[process(add), process(add)], properties=[counted])
