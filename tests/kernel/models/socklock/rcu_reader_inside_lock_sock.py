# holds
# states: 4, transitions: 3, depth: 3
"""lock_sock() first, rcu_read_lock() inside it: the order that the kernel uses."""

from psockmc.kernel.socklock import lock_sock, release_sock, socket_lock_t
from psockmc.lang import Struct, instance, process, rcu_read_lock, rcu_read_unlock, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def right_order() -> None:
    lock_sock(sk.sk_lock)
    rcu_read_lock()
    rcu_read_unlock()
    release_sock(sk.sk_lock)


test = scenario("rcu_read_lock() inside lock_sock()", run=[process(right_order)])
