"""A TCP socket that was connected and listens then.

Sources: net/ipv4/af_inet.c, inet_connection_sock.c, inet_hashtables.c, 6.1.192 and 7.1.5.
"""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import Ptr, kernel, smp_store_release

from models.listener import tcp_disconnect
from models.sock import EINVAL, TCP_CLOSE, TCP_LISTEN, int_t, release_sock_and_backlog, socket


@kernel("net/ipv4/af_inet.c")
def inet_disconnect(sock: Ptr[socket]) -> None:
    """connect(AF_UNSPEC). Nobody asks whether the socket is in a map."""
    sk = sock.sk
    lock_sock(sk.sk_lock)
    tcp_disconnect(sk)
    release_sock_and_backlog(sk)


@kernel("net/ipv4/af_inet.c")
def inet_listen(sock: Ptr[socket]) -> int_t:
    """listen(). A listening socket is kept by RCU: inet_hash() sets SOCK_RCU_FREE."""
    sk = sock.sk
    err: int_t = -EINVAL
    lock_sock(sk.sk_lock)
    if sk.sk_state == TCP_CLOSE:
        smp_store_release(sk.sk_state, TCP_LISTEN)
        sk.sock_rcu_free = True
        err = 0
    release_sock_and_backlog(sk)
    return err
