"""The backlog as it was from bec217197b41 (v5.15) to bce22552f92e (v6.4): a reader that has read something queues the
work of a backlog that waits.

So a backlog that only sends waits for a reader who has nothing to read.
"""

from psockmc.kernel.work import schedule_delayed_work
from psockmc.lang import Ptr, clear_bit, replaces

from models.skbuff import sk_buff, skb_bpf_set_redir
from models.skmsg import SK_PSOCK_TX_ENABLED, sk_psock
from models.skmsg_ingress import (
    __sk_msg_recvmsg,
    recv_copied,
    sk_msg_recvmsg,
    sk_psock_deliver,
    sk_psock_handle_skb,
    sk_psock_report_error,
    sk_psock_skb_state,
)
from models.sock import EAGAIN, EIO, EPIPE, bytes_t, int_t, msg_flags_t, sock, sock_flag_dead


@replaces(sk_psock_deliver)
def sk_psock_deliver(psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: bytes_t, len: bytes_t, ingress: bool) -> int_t:
    """Remembers where it stopped, and stops."""
    ret: int_t = -EIO
    while True:
        ret = -EIO
        if not sock_flag_dead(psock.sk):
            ret = sk_psock_handle_skb(psock, skb, off, len, ingress)
        if ret <= 0:
            break
        off += ret
        len -= ret
        if not len:
            return ret
    if ret == -EAGAIN:
        sk_psock_skb_state(psock, len, off)
        skb_bpf_set_redir(skb, psock.sk, ingress)
    else:
        sk_psock_report_error(psock, -ret if ret else EPIPE)
        clear_bit(SK_PSOCK_TX_ENABLED, psock.state)
        psock.tx_cleared = True
    return ret


@replaces(sk_msg_recvmsg)
def sk_msg_recvmsg(sk: Ptr[sock], psock: Ptr[sk_psock], len: bytes_t, flags: msg_flags_t) -> int_t:
    """There is room for more now."""
    copied = recv_copied(__sk_msg_recvmsg(sk, psock, len, flags))
    if copied > 0 and psock.work_state.len:
        schedule_delayed_work(psock.work, 0)
    return copied
