"""A redirected skb waits at the psock that it comes from."""

from psockmc.kernel.work import schedule_delayed_work
from psockmc.lang import Ptr, replaces

from models.skbuff import sk_buff, skb_queue_tail
from models.skmsg import sk_psock
from models.skmsg_verdict import sk_psock_skb_redirect
from models.sock import int_t


@replaces(sk_psock_skb_redirect)
def sk_psock_skb_redirect(origin: Ptr[sk_psock], skb: Ptr[sk_buff]) -> int_t:
    """Queues it there."""
    skb_queue_tail(origin.ingress_skb, skb)
    schedule_delayed_work(origin.work, 0)
    return 0
