# holds
# states: 16, transitions: 16, depth: 8
"""With local_bh_disable() around it a process may take slock (as a BPF program's map update does)."""

from psockmc.kernel.socklock import bh_lock_sock, bh_unlock_sock, socket_lock_t
from psockmc.lang import Struct, instance, local_bh_disable, local_bh_enable, process, scenario, softirq, user


class sock(Struct):
    sk_lock: socket_lock_t


sk = instance(sock)


@user
def update() -> None:
    local_bh_disable()
    bh_lock_sock(sk.sk_lock)
    bh_unlock_sock(sk.sk_lock)
    local_bh_enable()


@user
def receive() -> None:
    bh_lock_sock(sk.sk_lock)
    bh_unlock_sock(sk.sk_lock)


test = scenario("slock with bottom halves off", run=[process(update, cpu=0), softirq(receive, cpu=0)])
