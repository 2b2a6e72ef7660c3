"""FIONREAD as it was before 929e30f93125 (v7.0): the native answer, which knows nothing of messages."""

from psockmc.lang import Ptr, replaces

from models.sock import int_t, sock
from models.tcp_bpf_ioctl import tcp_bpf_ioctl, tcp_ioctl


@replaces(tcp_bpf_ioctl)
def tcp_bpf_ioctl(sk: Ptr[sock]) -> int_t:
    """The table has no ioctl of its own."""
    return tcp_ioctl(sk)
