# violated: lock-usage
# says: unlocks a slock that it does not hold
# states: 3, transitions: 2, depth: 2
"""The end of a release_sock() by hand needs slock."""

from psockmc.kernel.socklock import lock_sock, socket_lock_t, socket_release
from psockmc.lang import Struct, instance, local_bh_disable, process, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def release_without_slock() -> None:
    lock_sock(sk.sk_lock)
    local_bh_disable()
    socket_release(sk.sk_lock)


test = scenario("a release without slock", run=[process(release_without_slock)])
