"""A socket that is released puts its reference on the peer and keeps the pointer."""

from psockmc.lang import Ptr, replaces

from models.af_unix import unix_peer, unix_release_sock, unix_remove_socket
from models.sock import sock, sock_orphan, sock_put


@replaces(unix_release_sock)
def unix_release_sock(sk: Ptr[sock]) -> None:
    """Both of them."""
    unix_remove_socket(sk)
    sock_orphan(sk)
    sock_put(unix_peer(sk))
    sock_put(sk)
