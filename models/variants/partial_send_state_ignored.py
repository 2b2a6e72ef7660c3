"""The backlog as it was before 3b4f14b79428 (v6.16): it remembers how much of an skb was sent, and begins it again."""

from psockmc.kernel.mutex import mutex_lock, mutex_unlock
from psockmc.kernel.work import work_struct
from psockmc.lang import container_of, replaces

from models.skbuff import kfree_skb, skb_bpf_ingress, skb_bpf_redirect_clear, skb_dequeue, skb_peek
from models.skmsg import sk_psock, sk_psock_get, sk_psock_put, sk_psock_test_state
from models.skmsg_ingress import sk_psock_backlog, sk_psock_deliver, sk_psock_skb_state


@replaces(sk_psock_backlog)
def sk_psock_backlog(work: work_struct) -> None:
    """work_state is loaded before the loop, and overwritten in it."""
    psock = container_of(work, sk_psock, "work.work")
    if not sk_psock_test_state(psock):
        return
    if not sk_psock_get(psock.sk):
        return
    psock.past_gate = True
    mutex_lock(psock.work_mutex)
    skb = skb_peek(psock.ingress_skb)
    while skb:
        ingress = skb_bpf_ingress(skb)
        skb_bpf_redirect_clear(skb)
        if sk_psock_deliver(psock, skb, 0, skb.len, ingress) <= 0:
            break
        sk_psock_skb_state(psock, 0, 0)
        skb = skb_dequeue(psock.ingress_skb)
        kfree_skb(skb)
        skb = skb_peek(psock.ingress_skb)
    mutex_unlock(psock.work_mutex)
    psock.past_gate = False
    sk_psock_put(psock.sk, psock)
