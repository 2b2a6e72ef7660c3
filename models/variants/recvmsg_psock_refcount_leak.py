"""tcp_bpf_recvmsg() as it was before 15c480efab01 (v4.19): who reads native data keeps the psock's reference."""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import Ptr, replaces

from models.skbuff import skb_queue_empty
from models.skmsg import sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_msg_recvmsg, sk_psock_queue_empty
from models.sock import EAGAIN, bytes_t, int_t, msg_flags_t, release_sock_and_backlog, sock
from models.tcp import tcp_recvmsg
from models.tcp_bpf import tcp_bpf_recvmsg


@replaces(tcp_bpf_recvmsg)
def tcp_bpf_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """The first return is without a put. (Without the wait, which is not needed to show it.)"""
    psock = sk_psock_get(sk)
    if not psock:
        return tcp_recvmsg(sk, len, flags)
    if not skb_queue_empty(sk.sk_receive_queue) and sk_psock_queue_empty(psock):
        return tcp_recvmsg(sk, len, flags)
    lock_sock(sk.sk_lock)
    copied = sk_msg_recvmsg(sk, psock, len, flags)
    release_sock_and_backlog(sk)
    sk_psock_put(sk, psock)
    return copied if copied else -EAGAIN
