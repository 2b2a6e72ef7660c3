"""close() neither stops the psock nor waits for its backlog."""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock_get, sk_psock_put
from models.sock import release_sock_and_backlog, sock, timeout_t
from models.sock_map_proto import sock_map_close


@replaces(sock_map_close)
def close_at_once(sk: Ptr[sock], timeout: timeout_t) -> None:
    """What the caller thinks has been waited for goes on."""
    lock_sock(sk.sk_lock)
    psock = sk_psock_get(sk)
    release_sock_and_backlog(sk)
    if psock:
        saved_close = psock.saved_close
        psock.close_cancelled = True
        sk_psock_put(sk, psock)
        saved_close(sk, timeout)
