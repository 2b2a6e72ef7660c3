"""The wake-up after the verdict as it was before b320a4563829 (v6.4): the psock is looked up and not tested.

The wake-up itself had just come with 6df7f764cd3c, the fix for pollers that slept on.
"""

from psockmc.lang import NULL, READ_ONCE, Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock
from models.skmsg_verdict import sk_psock_verdict_data_ready, sk_psock_verdict_recv
from models.sock import sock


@replaces(sk_psock_verdict_data_ready)
def sk_psock_verdict_data_ready(sk: Ptr[sock]) -> None:
    """Takes it for granted that the psock is still there."""
    rcu_read_lock()
    sock = READ_ONCE(sk.sk_socket)
    ops = READ_ONCE(sock.ops) if sock else NULL
    rcu_read_unlock()
    if not ops:
        return
    copied = ops.read_skb(sk, sk_psock_verdict_recv)
    if copied >= 0:
        rcu_read_lock()
        psock = sk_psock(sk)
        psock.saved_data_ready(sk)
        rcu_read_unlock()
