"""From skb to message as it was before 7303524e04af (v5.16): always the whole skb, whatever the parser has cut out."""

from psockmc.lang import Ptr, replaces

from models.skbuff import sk_buff, skb_get
from models.skmsg import sk_msg, sk_psock
from models.skmsg_ingress import sk_psock_data_ready, sk_psock_queue_msg, sk_psock_skb_ingress_enqueue
from models.sock import int_t, sock
from models.strparser import eaten_t


@replaces(sk_psock_skb_ingress_enqueue)
def sk_psock_skb_ingress_enqueue(
    skb: Ptr[sk_buff],
    off: eaten_t,
    len: eaten_t,
    psock: Ptr[sk_psock],
    sk: Ptr[sock],
    msg: Ptr[sk_msg],
    take_ref: bool,
) -> int_t:
    """Does not look at off and len."""
    copied: eaten_t = skb.len
    msg.sg.size = copied
    msg.off = 0
    if take_ref:
        msg.skb = skb_get(skb)
    else:
        msg.skb = skb
    msg.seq = skb.seq
    sk_psock_queue_msg(psock, msg)
    sk_psock_data_ready(sk, psock)
    return copied
