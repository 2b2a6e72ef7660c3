"""The iterator over AF_UNIX sockets as it was before 64c2f93fc325 (v7.1): it owns the socket, as 4d328dd69538 had it.

close() takes the state lock, not the socket: it clears the peer and puts its reference while the program's update of
a map reads it.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import Callable, Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.af_unix import bpf_iter_unix_seq_show
from models.sock import release_sock_and_backlog, sock, sock_flag_dead


@replaces(bpf_iter_unix_seq_show)
def bpf_iter_unix_seq_show(sk: Ptr[sock], prog: Callable[[Ptr[sock]], None]) -> None:
    """Without the state lock."""
    lock_sock(sk.sk_lock)
    if not sock_flag_dead(sk):
        rcu_read_lock()
        prog(sk)
        rcu_read_unlock()
    release_sock_and_backlog(sk)
