"""The backlog as it was before 76be5fae32fe (v6.17): it runs although its psock was stopped.

A socket that left the map and came back has another psock by then: sk_psock_get() takes a reference on that one, and
sk_psock_put() drops one of this.
"""

from psockmc.kernel.mutex import mutex_lock, mutex_unlock
from psockmc.kernel.work import work_struct
from psockmc.lang import container_of, replaces

from models.skbuff import kfree_skb, skb_bpf_ingress, skb_bpf_redirect_clear, skb_dequeue, skb_peek
from models.skmsg import sk_psock, sk_psock_get, sk_psock_put
from models.skmsg_ingress import sk_psock_backlog, sk_psock_deliver, sk_psock_skb_state
from models.sock import bytes_t


@replaces(sk_psock_backlog)
def sk_psock_backlog(work: work_struct) -> None:
    """No look at the TX bit."""
    psock = container_of(work, sk_psock, "work.work")
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
        kfree_skb(skb)
        skb = skb_peek(psock.ingress_skb)
    mutex_unlock(psock.work_mutex)
    psock.past_gate = False
    sk_psock_put(psock.sk, psock)
