"""The free of an array map as it was before 2bb90e5cc90e (v5.3): nothing waits for those who follow a link to it."""

from psockmc.kernel.rcu import synchronize_rcu
from psockmc.kernel.socklock import lock_sock
from psockmc.lang import NULL, Ptr, kfree, rcu_read_lock, rcu_read_unlock, replaces, xchg

from models.sock import release_sock_and_backlog, sock_hold, sock_put
from models.sock_map import MAX_ENTRIES, bpf_stab, sock_map_free, sock_map_unref


@replaces(sock_map_free)
def sock_map_free(stab: Ptr[bpf_stab]) -> None:
    """No grace period between the last slot and the kfree()."""
    synchronize_rcu()
    for i in range(MAX_ENTRIES):
        sk = xchg(stab.sks[i], NULL)
        if sk:
            sk.taken += 1
            sock_hold(sk)
            lock_sock(sk.sk_lock)
            rcu_read_lock()
            sock_map_unref(sk, stab, i, NULL)
            rcu_read_unlock()
            release_sock_and_backlog(sk)
            sock_put(sk)
    kfree(stab)
