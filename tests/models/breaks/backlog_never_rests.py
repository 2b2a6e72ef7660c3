"""The backlog queues itself again whatever it finds."""

from psockmc.kernel.work import schedule_delayed_work, work_struct
from psockmc.lang import container_of, replaces

from models.skbuff import kfree_skb, skb_dequeue
from models.skmsg import sk_psock
from models.skmsg_ingress import sk_psock_backlog


@replaces(sk_psock_backlog)
def sk_psock_backlog(work: work_struct) -> None:
    """Throws away what it finds."""
    psock = container_of(work, sk_psock, "work.work")
    skb = skb_dequeue(psock.ingress_skb)
    if skb:
        kfree_skb(skb)
    schedule_delayed_work(psock.work, 1)
