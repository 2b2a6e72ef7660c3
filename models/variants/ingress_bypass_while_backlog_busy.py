"""The backlog as it was before 405df89dd52c (v6.4): it takes an skb off its queue and then delivers it.

Meanwhile the queue is empty, and a softirq delivers the next packet past the backlog. (An skb that must wait was
kept in work_state then; here it goes back to the head of the queue, which leaves a smaller window.)
"""

from psockmc.kernel.mutex import mutex_lock, mutex_unlock
from psockmc.kernel.spinlock import spin_lock_irqsave, spin_unlock_irqrestore
from psockmc.kernel.work import work_struct
from psockmc.lang import Ptr, container_of, list_add, replaces, user

from models.skbuff import kfree_skb, sk_buff, sk_buff_head, skb_bpf_ingress, skb_bpf_redirect_clear, skb_dequeue
from models.skmsg import sk_psock, sk_psock_get, sk_psock_put, sk_psock_test_state
from models.skmsg_ingress import sk_psock_backlog, sk_psock_deliver, sk_psock_skb_state
from models.sock import EAGAIN, bytes_t


@user
def skb_queue_head(queue: sk_buff_head, skb: Ptr[sk_buff]) -> None:
    """Put an skb back to the front, under the queue's own lock."""
    spin_lock_irqsave(queue.lock)
    list_add(skb, queue.list)
    spin_unlock_irqrestore(queue.lock)


@replaces(sk_psock_backlog)
def sk_psock_backlog(work: work_struct) -> None:
    """Takes the skb off its queue before it is delivered."""
    psock = container_of(work, sk_psock, "work.work")
    if not sk_psock_test_state(psock):
        return
    if not sk_psock_get(psock.sk):
        return
    psock.past_gate = True
    mutex_lock(psock.work_mutex)
    skb = skb_dequeue(psock.ingress_skb)
    while skb:
        len: bytes_t = skb.len
        off: bytes_t = 0
        if psock.work_state.len:
            len = psock.work_state.len
            off = psock.work_state.off
        ingress = skb_bpf_ingress(skb)
        skb_bpf_redirect_clear(skb)
        ret = sk_psock_deliver(psock, skb, off, len, ingress)
        if ret == -EAGAIN:
            skb_queue_head(psock.ingress_skb, skb)
            break
        if ret <= 0:
            kfree_skb(skb)
            break
        sk_psock_skb_state(psock, 0, 0)
        kfree_skb(skb)
        skb = skb_dequeue(psock.ingress_skb)
    mutex_unlock(psock.work_mutex)
    psock.past_gate = False
    sk_psock_put(psock.sk, psock)
