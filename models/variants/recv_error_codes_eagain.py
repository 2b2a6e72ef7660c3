"""Reading messages as it was before 5b2c5540b811 (v5.17): who finds nothing is told to try again, whatever happened."""

from psockmc.lang import Ptr, replaces

from models.sock import EAGAIN, MSG_DONTWAIT, int_t, msg_flags_t, sock
from models.tcp_bpf import tcp_bpf_recv_error


@replaces(tcp_bpf_recv_error)
def tcp_bpf_recv_error(sk: Ptr[sock], flags: msg_flags_t) -> int_t:
    """Does not look at the socket."""
    return -EAGAIN if flags & MSG_DONTWAIT else 1
