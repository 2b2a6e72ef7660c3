"""AF_VSOCK: what a psock meets of it."""

from psockmc.lang import Callable, Const, Ptr, Struct

from models.skbuff import sk_buff, sk_buff_head
from models.sock import int_t, sock


class vsock_transport(Struct, name="transport"):
    """How packets get to the other side. The kernel's functions take the vsock_sock, which is part of the socket."""

    read_skb: Const[Callable[[Ptr[sock], Callable[[Ptr[sock], Ptr[sk_buff]], int_t]], int_t]]


class vsock_sock(Struct):
    """What AF_VSOCK adds to a socket. rx_queue: the transport's queue, with its lock; sk_receive_queue is empty."""

    transport: Ptr[vsock_transport]
    rx_queue: sk_buff_head
