"""The free of a hash map as it was before 33a7c831565c (v5.8): it forgets the elements that it has taken off."""

from psockmc.kernel.rcu import synchronize_rcu
from psockmc.kernel.socklock import lock_sock
from psockmc.lang import NULL, Ptr, kfree, rcu_read_lock, rcu_read_unlock, replaces

from models.sock import release_sock_and_backlog, sock_put
from models.sock_hash import bpf_shtab, sock_hash_free, sock_hash_unlink_bucket
from models.sock_map import sock_map_unref


@replaces(sock_hash_free)
def sock_hash_free(htab: Ptr[bpf_shtab]) -> None:
    """Nobody frees the elements."""
    synchronize_rcu()
    elem = sock_hash_unlink_bucket(htab.bucket)
    while elem:
        next = elem.next
        elem.hashed = False
        elem.sk.taken += 1
        lock_sock(elem.sk.sk_lock)
        rcu_read_lock()
        sock_map_unref(elem.sk, NULL, 0, elem)
        rcu_read_unlock()
        release_sock_and_backlog(elem.sk)
        sock_put(elem.sk)

        elem = next
    synchronize_rcu()
    kfree(htab)
