"""tcp_bpf_recvmsg_parser() as it was before b40cc5adaa80 (v7.0): bytes of other streams counted as copied, too."""

from psockmc.lang import Ptr, replaces, s32, u32, wrapping

from models.ring.accounting import tcp_bpf_recvmsg_parser
from models.ring.skmsg import __sk_msg_recvmsg
from models.ring.types import iov_iter, sk_psock, sock


@replaces(tcp_bpf_recvmsg_parser)
def all_bytes_count(sk: Ptr[sock], psock: Ptr[sk_psock], iter: Ptr[iov_iter], len: s32, peek: bool) -> s32:
    """Reads from the queue; all bytes count as copied, wherever they come from."""
    seq: u32 = sk.copied_seq
    copied: s32 = __sk_msg_recvmsg(sk, psock, iter, len, peek)
    if not peek and copied > 0:
        sk.copied_seq = wrapping(seq + copied)
    return copied
