"""Nobody puts a reference on a socket."""

from psockmc.lang import Ptr, replaces

from models.sock import sock, sock_put


@replaces(sock_put)
def sock_put(sk: Ptr[sock]) -> None:
    """Nothing."""
    pass
