"""The queueing of messages as it was before 9635720b7c88 (v5.14): it does not ask whether the psock is stopped.

At that time the stop purged the queue itself, so a message that came later was leaked. Today the queue is purged by
the destruction, a grace period later: what is left of the bug is that the stop stops nothing.
"""

from psockmc.kernel.spinlock import spin_lock_bh, spin_unlock_bh
from psockmc.lang import Ptr, list_add_tail, replaces

from models.skmsg import sk_msg, sk_psock
from models.skmsg_ingress import sk_psock_msg_len_add_locked, sk_psock_queue_msg


@replaces(sk_psock_queue_msg)
def sk_psock_queue_msg(psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> bool:
    """Queue the message in any case."""
    spin_lock_bh(psock.ingress_lock)
    list_add_tail(msg, psock.ingress_msg)
    psock.added_late = psock.added_late or psock.stopped
    psock.reordered = psock.reordered or msg.seq < psock.last_seq
    psock.last_seq = msg.seq
    sk_psock_msg_len_add_locked(psock, msg.sg.size)
    spin_unlock_bh(psock.ingress_lock)
    return True
