# violated: deadlock lock-order
# states: 19, transitions: 20, depth: 7
"""A process that takes slock with bottom halves on is run over by a softirq that wants it."""

from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, socket_lock_t
from psockmc.lang import Struct, instance, process, scenario, softirq, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def take_slock() -> None:
    bh_lock_sock(sk.sk_lock)
    bh_unlock_sock(sk.sk_lock)


test = scenario("slock with bottom halves on", run=[process(take_slock, cpu=0), softirq(take_slock, cpu=0)])
