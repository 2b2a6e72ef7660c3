"""Delivery from the backlog as it was before a454d84ee20b (v6.6): the message takes no reference of its own.

The skb is still on the backlog's queue when the message is queued; a reader that is quick frees it there.
"""

from psockmc.kernel.mutex import mutex_lock, mutex_unlock
from psockmc.kernel.work import work_struct
from psockmc.lang import Ptr, container_of, kfree, replaces

from models.skbuff import (
    kfree_skb,
    sk_buff,
    skb_bpf_ingress,
    skb_bpf_redirect_clear,
    skb_dequeue,
    skb_peek,
    skb_set_owner_r,
)
from models.skmsg import sk_psock, sk_psock_get, sk_psock_put, sk_psock_test_state
from models.skmsg_ingress import (
    sk_psock_backlog,
    sk_psock_create_ingress_msg,
    sk_psock_deliver,
    sk_psock_skb_ingress,
    sk_psock_skb_ingress_enqueue,
    sk_psock_skb_ingress_self,
    sk_psock_skb_state,
)
from models.sock import EAGAIN, bytes_t, int_t


@replaces(sk_psock_skb_ingress)
def sk_psock_skb_ingress(psock: Ptr[sk_psock], skb: Ptr[sk_buff], off: bytes_t, len: bytes_t) -> int_t:
    """Hands the queue's own reference to the message."""
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


@replaces(sk_psock_backlog)
def sk_psock_backlog(work: work_struct) -> None:
    """The message took over the queue's reference, so an skb that was delivered to the reader is not put here."""
    psock = container_of(work, sk_psock, "work.work")
    if not sk_psock_test_state(psock):
        return
    if not sk_psock_get(psock.sk):
        return
    psock.past_gate = True
    mutex_lock(psock.work_mutex)
    skb = skb_peek(psock.ingress_skb)
    while skb:
        len: bytes_t = skb.len
        off: bytes_t = 0
        if psock.work_state.len:
            len = psock.work_state.len
            off = psock.work_state.off
        ingress = skb_bpf_ingress(skb)
        skb_bpf_redirect_clear(skb)
        ret = sk_psock_deliver(psock, skb, off, len, ingress)
        if ret <= 0:
            break
        sk_psock_skb_state(psock, 0, 0)
        skb = skb_dequeue(psock.ingress_skb)
        if not ingress:
            kfree_skb(skb)
        skb = skb_peek(psock.ingress_skb)
    mutex_unlock(psock.work_mutex)
    psock.past_gate = False
    sk_psock_put(psock.sk, psock)
