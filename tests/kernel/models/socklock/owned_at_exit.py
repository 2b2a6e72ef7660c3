# violated: lock-usage
# says: it ends while it still holds a lock
# states: 2, transitions: 1, depth: 1
"""A process that ends as the owner is a finding."""

from psockmc.kernel.socklock import lock_sock, socket_lock_t
from psockmc.lang import Struct, instance, process, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def forget() -> None:
    lock_sock(sk.sk_lock)


test = scenario("the release_sock() is forgotten", run=[process(forget)])
