# violated: sleep-in-atomic
# says: inside an RCU read-side critical section
# states: 4, transitions: 3, depth: 3
"""lock_sock() sleeps."""

from psockmc.kernel.socklock import lock_sock, release_sock, socket_lock_t
from psockmc.lang import Struct, instance, process, rcu_read_lock, rcu_read_unlock, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def wrong_order() -> None:
    rcu_read_lock()
    lock_sock(sk.sk_lock)
    release_sock(sk.sk_lock)
    rcu_read_unlock()


test = scenario("lock_sock() inside rcu_read_lock()", run=[process(wrong_order)])
