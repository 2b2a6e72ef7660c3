"""The free of a hash map as it was before 0b2dc83906cf (v5.6): nothing waits for those who follow a link to it.

At that time it did not own the sockets either, which makes it wait for who closes them today.
"""

from psockmc.kernel.rcu import synchronize_rcu
from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import NULL, Ptr, kfree, rcu_read_lock, rcu_read_unlock, replaces

from models.sock_hash import bpf_shtab, hlist_del_rcu, sock_hash_free, sock_hash_free_elem
from models.sock_map import sock_map_unref


@replaces(sock_hash_free)
def sock_hash_free(htab: Ptr[bpf_shtab]) -> None:
    """No grace period between the last element and the kfree()."""
    synchronize_rcu()
    rcu_read_lock()
    spin_lock_bh(htab.bucket.lock)
    elem = htab.bucket.first
    while elem:
        next = elem.next
        hlist_del_rcu(elem, htab.bucket)
        elem.sk.taken += 1
        sock_map_unref(elem.sk, NULL, 0, elem)
        sock_hash_free_elem(htab, elem)
        elem = next
    spin_unlock_bh(htab.bucket.lock)
    rcu_read_unlock()
    kfree(htab)
