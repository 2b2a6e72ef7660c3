"""tcp_read_skb() and its callers as they were before e5c6de5fa025 (v6.4): bytes counted as copied at the verdict."""

from psockmc.lang import Ptr, replaces, s32, u32, wrapping

from models.ring.accounting import (
    sk_psock_verdict_recv,
    skb_set_owner_sk_safe,
    tcp_bpf_recvmsg_parser,
    tcp_eat_skb,
    tcp_read_skb,
)
from models.ring.skmsg import __sk_msg_recvmsg
from models.ring.types import iov_iter, sk_buff, sk_psock, sock


@replaces(tcp_read_skb)
def read_skb_counts(psock: Ptr[sk_psock], skb: Ptr[sk_buff], verdict: u32) -> s32:
    """Hands the packet to the verdict and counts its bytes as copied."""
    skb_set_owner_sk_safe(skb, psock.sk)
    used: s32 = sk_psock_verdict_recv(psock, skb, verdict)
    if used >= 0:
        psock.sk.copied_seq = wrapping(psock.sk.copied_seq + skb.len)
    return used


@replaces(tcp_eat_skb)
def nothing_is_eaten(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """Nothing: there was no such function."""
    pass


@replaces(tcp_bpf_recvmsg_parser)
def recvmsg_does_not_count(sk: Ptr[sock], psock: Ptr[sk_psock], iter: Ptr[iov_iter], len: s32, peek: bool) -> s32:
    """Reads from the queue."""
    return __sk_msg_recvmsg(sk, psock, iter, len, peek)
