# violated: lock-usage
# says: holds neither slock nor the socket
# states: 3, transitions: 2, depth: 2
"""Without slock or ownership the answer means nothing."""

from psockmc.kernel.socklock import sock_owned_by_user, sock_owned_by_user_nocheck, socket_lock_t
from psockmc.lang import Struct, check, instance, process, scenario, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def ask() -> None:
    carefully = sock_owned_by_user_nocheck(sk.sk_lock)
    carelessly = sock_owned_by_user(sk.sk_lock)
    check(not carefully and not carelessly, "nobody owns it")


test = scenario("the owner is asked for without a lock", run=[process(ask)])
