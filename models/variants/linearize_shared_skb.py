"""Delivery from the backlog as it was from a454d84ee20b (v6.6) to 5ca2e29f6834 (v6.16): the reference for the message
is taken before the message is filled.

So the skb is shared when it must be made linear.
"""

from psockmc.lang import Ptr, kfree, replaces

from models.skbuff import kfree_skb, sk_buff, skb_get, skb_set_owner_r
from models.skmsg import sk_psock
from models.skmsg_ingress import (
    sk_psock_create_ingress_msg,
    sk_psock_handle_skb,
    sk_psock_skb_ingress,
    sk_psock_skb_ingress_enqueue,
    sk_psock_skb_ingress_self,
)
from models.sock import EAGAIN, bytes_t, int_t, sock_writeable
from models.tcp import skb_send_sock


@replaces(sk_psock_skb_ingress)
def sk_psock_skb_ingress(psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: bytes_t, len: bytes_t) -> int_t:
    """The message takes over the caller's reference."""
    if skb.sk == psock.sk:
        return sk_psock_skb_ingress_self(psock, skb, off, len, False)
    msg = sk_psock_create_ingress_msg(psock.sk, skb)
    if not msg:
        return -EAGAIN
    skb_set_owner_r(skb, psock.sk)
    err = sk_psock_skb_ingress_enqueue(skb, off, len, psock, psock.sk, msg, False)
    if err < 0:
        kfree(msg)
    return err


@replaces(sk_psock_handle_skb)
def sk_psock_handle_skb(psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: bytes_t, len: bytes_t, ingress: bool) -> int_t:
    """Takes the reference, and puts it when the delivery has failed."""
    if not ingress:
        if not sock_writeable(psock.sk):
            return -EAGAIN
        return skb_send_sock(psock.sk, skb, off, len)
    skb_get(skb)
    err = sk_psock_skb_ingress(psock, skb, off, len)
    if err < 0:
        kfree_skb(skb)
    return err
