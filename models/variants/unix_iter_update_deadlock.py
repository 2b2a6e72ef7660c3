"""The iterator over AF_UNIX sockets as it was before 4d328dd69538 (v7.1): it takes the socket the fast way.

lock_sock_fast() of a socket that nobody owns holds the spinlock, which the program's update of a map takes again.
"""

from psockmc.kernel.socklock import lock_sock_fast, unlock_sock_fast
from psockmc.lang import Callable, Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.af_unix import bpf_iter_unix_seq_show
from models.sock import sock, sock_flag_dead


@replaces(bpf_iter_unix_seq_show)
def bpf_iter_unix_seq_show(sk: Ptr[sock], prog: Callable[[Ptr[sock]], None]) -> None:
    """lock_sock_fast()."""
    slow = lock_sock_fast(sk.sk_lock)
    if not sock_flag_dead(sk):
        rcu_read_lock()
        prog(sk)
        rcu_read_unlock()
    unlock_sock_fast(sk.sk_lock, slow)
