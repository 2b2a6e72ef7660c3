"""tcp_bpf_recvmsg_parser() as it was before da9e915eaf5d (v6.6): bytes that were only looked at counted as copied."""

from psockmc.lang import Ptr, replaces, s32, u32, wrapping

from models.ring.accounting import tcp_bpf_recvmsg_parser
from models.ring.skmsg import __sk_msg_recvmsg
from models.ring.types import iov_iter, sk_psock, sock


@replaces(tcp_bpf_recvmsg_parser)
def peek_counts(sk: Ptr[sock], psock: Ptr[sk_psock], iter: Ptr[iov_iter], len: s32, peek: bool) -> s32:
    """Reads from the queue; whatever was read counts as copied."""
    seq: u32 = sk.copied_seq
    copied: s32 = __sk_msg_recvmsg(sk, psock, iter, len, peek)
    sk.copied_seq = wrapping(seq + psock.copied_from_self)
    return copied
