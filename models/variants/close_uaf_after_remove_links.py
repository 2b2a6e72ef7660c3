"""close() as it was before aadb2bb83ff7 (v5.13): it has no reference of its own on the psock that it stops.

The links that it removes may have held the last ones.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.kernel.work import cancel_delayed_work_sync
from psockmc.lang import READ_ONCE, Ptr, check, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock, sk_psock_stop
from models.sock import release_sock_and_backlog, sock, timeout_t
from models.sock_map import sock_map_remove_links
from models.sock_map_proto import sock_map_close


@replaces(sock_map_close)
def sock_map_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """The psock is used after the RCU section in which it was found."""
    lock_sock(sk.sk_lock)
    rcu_read_lock()
    psock = sk_psock(sk)
    if psock:
        saved_close = psock.saved_close
        sock_map_remove_links(sk, psock)
        rcu_read_unlock()
        sk_psock_stop(psock)
        cancel_delayed_work_sync(psock.work)
        release_sock_and_backlog(sk)
    else:
        rcu_read_unlock()
        release_sock_and_backlog(sk)
        saved_close = READ_ONCE(sk.sk_prot).close
    check(saved_close != sock_map_close, "WARN_ON_ONCE(saved_close == sock_map_close)")
    if saved_close != sock_map_close:
        saved_close(sk, timeout)
