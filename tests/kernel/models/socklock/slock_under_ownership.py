# holds
# states: 5, transitions: 4, depth: 4
"""The other way round is fine: an owner may take its socket's slock."""

from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, lock_sock, release_sock, socket_lock_t
from psockmc.lang import Struct, instance, local_bh_disable, local_bh_enable, process, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def nest() -> None:
    lock_sock(sk.sk_lock)
    local_bh_disable()
    bh_lock_sock(sk.sk_lock)
    bh_unlock_sock(sk.sk_lock)
    local_bh_enable()
    release_sock(sk.sk_lock)


test = scenario("slock under ownership", run=[process(nest)])
