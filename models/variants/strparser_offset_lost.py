"""From skb to message as it was before 7303524e04af (v5.16): always the whole skb, whatever the parser has cut out."""

from psockmc.lang import Ptr, atomic, replaces

from models.skbuff import sk_buff, skb_get
from models.skmsg import sk_msg, sk_psock
from models.skmsg_ingress import sk_psock_data_ready, sk_psock_queue_msg, sk_psock_skb_ingress_enqueue
from models.sock import bytes_t, int_t, sock


@replaces(sk_psock_skb_ingress_enqueue)
def sk_psock_skb_ingress_enqueue(
    skb: Ptr[sk_buff],
    off: bytes_t,
    len: bytes_t,
    psock: Ptr[sk_psock],
    sk: Ptr[sock],
    msg: Ptr[sk_msg],
    take_ref: bool,
) -> int_t:
    """Does not look at off and len."""
    copied: bytes_t = skb.len
    if take_ref:
        skb_get(skb)
    with atomic("nobody else sees the message yet"):
        msg.sg.size = copied
        msg.sg.page = skb
        msg.skb = skb
    msg.seq = skb.seq
    msg.pos = skb.pos
    msg.off = 0
    sk_psock_queue_msg(psock, msg)
    sk_psock_data_ready(sk, psock)
    return copied
