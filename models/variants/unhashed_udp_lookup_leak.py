"""What may be put into a map as it was before 66efd3368ae1 (v7.2): UDP sockets without a port, too.

A program that looks such a socket up takes a reference. bind() sets SOCK_RCU_FREE, and the release believes that there
was none to take.
"""

from psockmc.lang import READ_ONCE, Ptr, replaces

from models.sock import (
    SOCK_STREAM,
    TCP_ESTABLISHED,
    TCP_LISTEN,
    sk_is_stream_unix,
    sk_is_tcp,
    sk_is_vsock,
    sock,
)
from models.sock_map import sock_map_sk_state_allowed


@replaces(sock_map_sk_state_allowed)
def sock_map_sk_state_allowed(sk: Ptr[sock]) -> bool:
    """Does not ask UDP sockets."""
    if sk_is_tcp(sk):
        state = sk.sk_state
        return state == TCP_ESTABLISHED or state == TCP_LISTEN
    if sk_is_stream_unix(sk):
        return READ_ONCE(sk.sk_state) == TCP_ESTABLISHED
    if sk_is_vsock(sk) and sk.sk_type == SOCK_STREAM:
        return READ_ONCE(sk.sk_state) == TCP_ESTABLISHED
    return True
