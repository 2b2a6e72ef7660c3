"""Delivery to the reader as it was before 7e6b27a69167 (v5.14): a message that could not be filled is not freed."""

from psockmc.lang import GFP_ATOMIC, Ptr, kzalloc, replaces

from models.skbuff import sk_buff, skb_set_owner_r
from models.skmsg import sk_msg, sk_psock
from models.skmsg_ingress import sk_psock_skb_ingress_enqueue, sk_psock_skb_ingress_self
from models.sock import EAGAIN, bytes_t, int_t


@replaces(sk_psock_skb_ingress_self)
def sk_psock_skb_ingress_self(
    psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: bytes_t, len: bytes_t, take_ref: bool
) -> int_t:
    """Hands the error on and forgets the message."""
    msg = kzalloc(sk_msg, GFP_ATOMIC)
    if not msg:
        return -EAGAIN
    skb_set_owner_r(skb, psock.sk)
    msg.sk = psock.sk
    return sk_psock_skb_ingress_enqueue(skb, off, len, psock, psock.sk, msg, take_ref)
