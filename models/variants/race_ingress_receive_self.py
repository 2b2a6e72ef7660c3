"""recvmsg of a socket with a verdict program as it was before c5d2177a72a1 (v5.16): that of a socket without one."""

from psockmc.lang import Ptr, replaces

from models.sock import bytes_t, int_t, msg_flags_t, sock
from models.tcp_bpf import tcp_bpf_recvmsg, tcp_bpf_recvmsg_parser


@replaces(tcp_bpf_recvmsg_parser)
def tcp_bpf_recvmsg_parser(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """Reads the native queue when there are no messages, also before the program has seen what is there."""
    return tcp_bpf_recvmsg(sk, len, flags)
