"""close() as it was before 8bbabb3fddcd (v6.1): it waits for the backlog while it owns the socket, which the backlog
wants to own in order to send.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.kernel.work import cancel_delayed_work_sync
from psockmc.lang import READ_ONCE, Ptr, check, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock_get, sk_psock_put, sk_psock_stop
from models.sock import release_sock_and_backlog, sock, timeout_t
from models.sock_map import sock_map_remove_links
from models.sock_map_proto import sock_map_close


@replaces(sock_map_close)
def sock_map_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """The wait, and the put, before the socket is released."""
    while True:
        lock_sock(sk.sk_lock)
        rcu_read_lock()
        psock = sk_psock_get(sk)
        if psock:
            saved_close = psock.saved_close
            sock_map_remove_links(sk, psock)
            rcu_read_unlock()
            sk_psock_stop(psock)
            cancel_delayed_work_sync(psock.work)
            psock.close_cancelled = True
            sk_psock_put(sk, psock)
            release_sock_and_backlog(sk)
            check(saved_close != sock_map_close, "WARN_ON_ONCE(saved_close == sock_map_close)")
            if saved_close == sock_map_close:
                return
            break
        saved_close = READ_ONCE(sk.sk_prot).close
        rcu_read_unlock()
        release_sock_and_backlog(sk)
        if saved_close != sock_map_close:
            break
    saved_close(sk, timeout)
