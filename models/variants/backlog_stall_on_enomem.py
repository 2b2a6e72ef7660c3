"""The backlog as it was before 29173d07f798 (v6.4), without the kick that bec217197b41 had added to the reader.

An skb for which there was no memory stays on the queue, and nobody queues the work again.
"""

from psockmc.lang import Ptr, clear_bit, replaces

from models.skbuff import sk_buff, skb_bpf_set_redir
from models.skmsg import SK_PSOCK_TX_ENABLED, sk_psock
from models.skmsg_ingress import sk_psock_deliver, sk_psock_handle_skb, sk_psock_report_error, sk_psock_skb_state
from models.sock import EAGAIN, EIO, EPIPE, bytes_t, int_t, sock_flag_dead


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
