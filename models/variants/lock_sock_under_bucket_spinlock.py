"""The free of a hash map as it was before 90db6d772f74 (v5.6): it owns each socket while it holds the bucket's lock.

7e81a3530206 had the sockets owned, so that the protocol is not exchanged under a running call.
"""

from psockmc.kernel.rcu import synchronize_rcu
from psockmc.kernel.socklock import lock_sock
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import NULL, Ptr, kfree, rcu_read_lock, rcu_read_unlock, replaces

from models.sock import release_sock_and_backlog
from models.sock_hash import bpf_shtab, hlist_del_rcu, sock_hash_free, sock_hash_free_elem
from models.sock_map import sock_map_unref


@replaces(sock_hash_free)
def sock_hash_free(htab: Ptr[bpf_shtab]) -> None:
    """lock_sock() may sleep."""
    synchronize_rcu()
    spin_lock_bh(htab.bucket.lock)
    elem = htab.bucket.first
    while elem:
        next = elem.next
        hlist_del_rcu(elem, htab.bucket)
        elem.sk.taken += 1
        lock_sock(elem.sk.sk_lock)
        rcu_read_lock()
        sock_map_unref(elem.sk, NULL, 0, elem)
        rcu_read_unlock()
        release_sock_and_backlog(elem.sk)
        sock_hash_free_elem(htab, elem)
        elem = next
    spin_unlock_bh(htab.bucket.lock)
    synchronize_rcu()
    kfree(htab)
