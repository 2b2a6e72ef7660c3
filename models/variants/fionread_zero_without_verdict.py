"""FIONREAD as it was from 929e30f93125 (v7.0) on, before native data was added: the counter of messages only."""

from psockmc.kernel.socklock import lock_sock_fast
from psockmc.lang import Ptr, replaces

from models.sock import EINVAL, TCP_LISTEN, int_t, sock
from models.tcp_bpf_ioctl import sk_psock_msg_inq, tcp_bpf_ioctl, unlock_sock_fast_and_backlog


@replaces(tcp_bpf_ioctl)
def tcp_bpf_ioctl(sk: Ptr[sock]) -> int_t:
    """Right for a socket with a verdict program, whose data all comes as messages."""
    if sk.sk_state == TCP_LISTEN:
        return -EINVAL
    slow = lock_sock_fast(sk.sk_lock)
    answ = sk_psock_msg_inq(sk)
    unlock_sock_fast_and_backlog(sk, slow)
    return answ
