# violated: sleep-in-atomic self-deadlock
# says: spins on the slock of a socket that it holds itself
# states: 2, transitions: 2, depth: 1
"""lock_sock() with slock held spins for slock (and may not sleep there anyway)."""

from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, lock_sock, release_sock, socket_lock_t
from psockmc.lang import Struct, instance, process, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def nest() -> None:
    bh_lock_sock(sk.sk_lock)
    lock_sock(sk.sk_lock)
    release_sock(sk.sk_lock)
    bh_unlock_sock(sk.sk_lock)


test = scenario("ownership under slock", run=[process(nest)])
