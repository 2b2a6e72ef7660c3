"""The data_ready callback as it was before 6df7f764cd3c (v6.4): it runs the verdict and wakes nobody itself.

Data that the verdict lets pass wakes its reader when it is queued. But data_ready announces more than data: an
urgent byte, for one.
"""

from psockmc.lang import NULL, READ_ONCE, Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg_verdict import sk_psock_verdict_data_ready, sk_psock_verdict_recv
from models.sock import sock


@replaces(sk_psock_verdict_data_ready)
def sk_psock_verdict_data_ready(sk: Ptr[sock]) -> None:
    """Nothing after the verdict."""
    rcu_read_lock()
    sock = READ_ONCE(sk.sk_socket)
    ops = READ_ONCE(sock.ops) if sock else NULL
    rcu_read_unlock()
    if not ops:
        return
    ops.read_skb(sk, sk_psock_verdict_recv)
