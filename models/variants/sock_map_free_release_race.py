"""The free of an array map as it was before 0a182f8d6074 (v6.2): it owns a socket on which it has no reference.

The reference of the slot's psock is given back while the socket is owned; release_sock() may find it freed.
"""

from psockmc.kernel.rcu import synchronize_rcu
from psockmc.kernel.socklock import lock_sock
from psockmc.lang import NULL, Ptr, kfree, rcu_read_lock, rcu_read_unlock, replaces, xchg

from models.sock import release_sock_and_backlog
from models.sock_map import MAX_ENTRIES, bpf_stab, sock_map_free, sock_map_unref


@replaces(sock_map_free)
def sock_map_free(stab: Ptr[bpf_stab]) -> None:
    """No sock_hold()."""
    synchronize_rcu()
    for i in range(MAX_ENTRIES):
        sk = xchg(stab.sks[i], NULL)
        if sk:
            sk.taken += 1
            lock_sock(sk.sk_lock)
            rcu_read_lock()
            sock_map_unref(sk, stab, i, NULL)
            rcu_read_unlock()
            release_sock_and_backlog(sk)
    synchronize_rcu()
    kfree(stab)
