"""What may be put into a map as it was before 8fb5bb169d17 (v6.14): AF_VSOCK sockets that are not connected, too.

f6abafcd32f9 had made the reader ask for a transport. But the verdict reads as well: a socket that lost its transport
may listen, and a request to connect calls sk_data_ready.
"""

from psockmc.lang import READ_ONCE, Callable, Ptr, replaces

from models.skbuff import sk_buff
from models.sock import (
    TCP_ESTABLISHED,
    TCP_LISTEN,
    int_t,
    sk_hashed,
    sk_is_stream_unix,
    sk_is_tcp,
    sk_is_udp,
    sock,
)
from models.sock_map import sock_map_sk_state_allowed
from models.vsock import vsock_read_skb


@replaces(sock_map_sk_state_allowed)
def sock_map_sk_state_allowed(sk: Ptr[sock]) -> bool:
    """Does not ask AF_VSOCK sockets."""
    if sk_is_tcp(sk):
        state = sk.sk_state
        return state == TCP_ESTABLISHED or state == TCP_LISTEN
    if sk_is_udp(sk):
        return sk_hashed(sk)
    if sk_is_stream_unix(sk):
        return READ_ONCE(sk.sk_state) == TCP_ESTABLISHED
    return True


@replaces(vsock_read_skb)
def vsock_read_skb(sk: Ptr[sock], recv_actor: Callable[[Ptr[sock], Ptr[sk_buff]], int_t]) -> int_t:
    """No test of the transport."""
    return sk.vsk.transport.read_skb(sk, recv_actor)
