"""The free of a hash map between 90db6d772f74 (v5.6) and 75e68e5bf2c7 (v5.9): it walks the chain without the lock.

Closing sockets take their elements off under the lock meanwhile, so an element may be taken off and freed twice.
"""

from psockmc.kernel.rcu import synchronize_rcu
from psockmc.kernel.socklock import lock_sock
from psockmc.lang import NULL, Ptr, kfree, rcu_read_lock, rcu_read_unlock, replaces

from models.sock import release_sock_and_backlog
from models.sock_hash import bpf_shtab, hlist_del_rcu, sock_hash_free, sock_hash_free_elem
from models.sock_map import sock_map_unref


@replaces(sock_hash_free)
def sock_hash_free(htab: Ptr[bpf_shtab]) -> None:
    """No lock, and no reference on the sockets."""
    synchronize_rcu()
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
    synchronize_rcu()
    kfree(htab)
