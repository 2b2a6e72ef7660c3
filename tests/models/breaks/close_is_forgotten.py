"""close() that takes the socket out of its maps, and forgets the protocol's own close()."""

from psockmc.kernel.socklock import lock_sock
from psockmc.kernel.work import cancel_delayed_work_sync
from psockmc.lang import READ_ONCE, Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock_get, sk_psock_put, sk_psock_stop
from models.sock import release_sock_and_backlog, sock, timeout_t
from models.sock_map import sock_map_remove_links
from models.sock_map_proto import sock_map_close


@replaces(sock_map_close)
def sock_map_close(sk: Ptr[sock], timeout: timeout_t) -> None:
    """Nobody calls saved_close."""
    while True:
        lock_sock(sk.sk_lock)
        rcu_read_lock()
        psock = sk_psock_get(sk)
        if psock:
            sock_map_remove_links(sk, psock)
            rcu_read_unlock()
            sk_psock_stop(psock)
            release_sock_and_backlog(sk)
            cancel_delayed_work_sync(psock.work)
            psock.close_cancelled = True
            sk_psock_put(sk, psock)
            break
        saved_close = READ_ONCE(sk.sk_prot).close
        rcu_read_unlock()
        release_sock_and_backlog(sk)
        if saved_close != sock_map_close:
            break
