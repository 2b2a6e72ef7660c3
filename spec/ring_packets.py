"""Arbitrary beginnings of the receive side: sockets in a map, packets, and the sequence numbers of a stream."""

from psockmc.lang import NULL, Ptr, assume, user, wrapping

from models.ring.types import INT_MAX, sk_buff, sk_psock, sock
from spec.ring import any_psock, any_socket

MAX_PACKET = 65536
MAX_TRUESIZE = 1048576


@user
def any_receiver(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """A socket in a map, whose queues are empty."""
    any_socket(sk)
    any_psock(psock, sk)
    sk.psock = psock
    psock.tx_enabled = True
    psock.ingress_skb = NULL
    psock.ingress_bytes = 0
    assume(sk.sk_rmem_alloc <= INT_MAX - 4 * MAX_TRUESIZE)


@user
def any_packet(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """A packet with bytes on the receive queue of the socket, which pays for it."""
    assume(skb.len >= 1 and skb.len <= MAX_PACKET)
    assume(skb.truesize >= skb.len and skb.truesize <= MAX_TRUESIZE)
    assume(skb.page >= 1 and skb.offset <= MAX_PACKET)
    skb.sk = sk
    skb.charged = True
    skb.strparser = False
    skb.consumed = False
    skb.dropped = False
    skb.next = NULL
    assume(sk.sk_rmem_alloc >= skb.truesize and sk.charged >= skb.truesize)


@user
def any_sequence(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """The packet is all that was received and does not count as copied; sequence numbers go round."""
    sk.rcv_nxt = wrapping(sk.copied_seq + skb.len)
