"""The queueing of messages as it was before 938d3480b92f (v5.18): one that comes too late is freed without its pages.

They stay charged to the target, which was closed while the sender waited for its socket lock.
"""

from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import Ptr, kfree, list_add_tail, replaces

from models.skbuff import consume_skb
from models.skmsg import sk_msg, sk_psock, sk_psock_test_state
from models.skmsg_ingress import sk_psock_msg_len_add_locked, sk_psock_queue_msg


@replaces(sk_psock_queue_msg)
def sk_psock_queue_msg(psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> bool:
    """Queue the message, or free it without what it holds."""
    spin_lock_bh(psock.ingress_lock)
    if sk_psock_test_state(psock):
        list_add_tail(msg, psock.ingress_msg)
        psock.added_late = psock.added_late or psock.stopped
        psock.reordered = psock.reordered or (msg.seq != 0 and msg.seq < psock.last_seq)
        psock.last_seq = msg.seq if msg.seq != 0 else psock.last_seq
        if msg.sk:
            psock.disordered = psock.disordered or msg.pos < psock.last_pos
            psock.last_pos = msg.pos
        sk_psock_msg_len_add_locked(psock, msg.sg.size)
        ret = True
    else:
        consume_skb(msg.skb)
        kfree(msg)
        ret = False
    spin_unlock_bh(psock.ingress_lock)
    return ret
