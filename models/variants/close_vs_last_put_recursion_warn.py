"""close() and destroy as they were before 4b4647add7d3 (v6.10): they look the psock up once, by reference.

The lookup fails when the last reference is gone, although the protocol was not restored yet. Then sk_prot is still
ours, and what it names is the function that runs.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.kernel.work import cancel_delayed_work_sync
from psockmc.lang import READ_ONCE, Ptr, check, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock_get, sk_psock_put, sk_psock_stop
from models.sock import release_sock_and_backlog, sock, timeout_t
from models.sock_map import sock_map_remove_links
from models.sock_map_proto import sock_map_close, sock_map_destroy


@replaces(sock_map_destroy)
def sock_map_destroy(sk: Ptr[sock]) -> None:
    """One look; without a psock the table's own function, whatever it is."""
    rcu_read_lock()
    psock = sk_psock_get(sk)
    if psock:
        saved_destroy = psock.saved_destroy
        sock_map_remove_links(sk, psock)
        rcu_read_unlock()
        sk_psock_stop(psock)
        sk_psock_put(sk, psock)
    else:
        rcu_read_unlock()
        saved_destroy = READ_ONCE(sk.sk_prot).destroy
    check(saved_destroy != sock_map_destroy, "WARN_ON_ONCE(saved_destroy == sock_map_destroy)")
    if saved_destroy and saved_destroy != sock_map_destroy:
        saved_destroy(sk)


@replaces(sock_map_close)
def sock_map_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """One look; without a psock the table's own function, whatever it is."""
    lock_sock(sk.sk_lock)
    rcu_read_lock()
    psock = sk_psock_get(sk)
    if psock:
        saved_close = psock.saved_close
        sock_map_remove_links(sk, psock)
        rcu_read_unlock()
        sk_psock_stop(psock)
        release_sock_and_backlog(sk)
        cancel_delayed_work_sync(psock.work)
        psock.close_cancelled = True
        sk_psock_put(sk, psock)
    else:
        rcu_read_unlock()
        release_sock_and_backlog(sk)
        saved_close = READ_ONCE(sk.sk_prot).close
    check(saved_close != sock_map_close, "WARN_ON_ONCE(saved_close == sock_map_close)")
    if saved_close != sock_map_close:
        saved_close(sk, timeout)
