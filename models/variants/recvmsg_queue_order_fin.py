"""tcp_bpf_recvmsg() as it was before e7a5f1f1cd00 (v5.5): native data comes before messages, and so does a FIN."""

from psockmc.kernel.socklock import lock_sock
from psockmc.lang import Ptr, replaces

from models.skbuff import skb_queue_empty
from models.skmsg import sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_msg_recvmsg
from models.sock import EAGAIN, MSG_DONTWAIT, bytes_t, int_t, msg_flags_t, release_sock_and_backlog, sock
from models.tcp import tcp_recvmsg
from models.tcp_bpf import tcp_bpf_recvmsg, tcp_msg_wait_data


@replaces(tcp_bpf_recvmsg)
def tcp_bpf_recvmsg(sk: Ptr[sock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """Looks at the native queue first, before and after it has waited."""
    if not skb_queue_empty(sk.sk_receive_queue):
        return tcp_recvmsg(sk, len, flags)
    psock = sk_psock_get(sk)
    if not psock:
        return tcp_recvmsg(sk, len, flags)
    lock_sock(sk.sk_lock)
    native = False
    copied = sk_msg_recvmsg(sk, psock, len, flags)
    if not copied and flags & MSG_DONTWAIT:
        copied = -EAGAIN
    while not copied and not native:
        if not tcp_msg_wait_data(sk, psock):
            copied = -EAGAIN
        elif skb_queue_empty(sk.sk_receive_queue):
            copied = sk_msg_recvmsg(sk, psock, len, flags)
        else:
            native = True
    release_sock_and_backlog(sk)
    sk_psock_put(sk, psock)
    if native:
        copied = tcp_recvmsg(sk, len, flags)
    return copied
