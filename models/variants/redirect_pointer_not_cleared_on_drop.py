"""The redirect as it was before 30b9c54a707d (v5.14): an skb is dropped with the target's pointer in it.

The pointer shares its word with the dst, whose reference the destruction of the skb puts.
"""

from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.kernel.work import schedule_delayed_work
from psockmc.lang import Ptr, replaces

from models.skbuff import sk_buff, skb_bpf_redirect_fetch, skb_queue_tail
from models.skmsg import sk_psock, sk_psock_test_state
from models.skmsg_verdict import sk_psock_skb_redirect, sock_drop
from models.sock import EIO, int_t, sock_flag_dead


@replaces(sk_psock_skb_redirect)
def sk_psock_skb_redirect(origin: Ptr[sk_psock], skb: Ptr[sk_buff]) -> int_t:
    """Drops the skb as it is."""
    sk_other = skb_bpf_redirect_fetch(skb)
    if sk_other:
        psock_other = sk_psock(sk_other)
        if psock_other and not sock_flag_dead(sk_other):
            spin_lock_bh(psock_other.ingress_lock)
            if sk_psock_test_state(psock_other):
                skb_queue_tail(psock_other.ingress_skb, skb)
                psock_other.added_late = psock_other.added_late or psock_other.stopped
                schedule_delayed_work(psock_other.work, 0)
                spin_unlock_bh(psock_other.ingress_lock)
                return 0
            spin_unlock_bh(psock_other.ingress_lock)
    sock_drop(origin.sk, skb)
    return -EIO
