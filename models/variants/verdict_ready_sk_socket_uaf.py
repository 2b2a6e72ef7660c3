"""The verdict's callback as it was before ad8391d37f33 (v7.0): sk_socket and its ops are loaded outside of RCU.

On AF_UNIX the caller is the sender, who holds a reference on the socket, but neither its lock nor a file.
"""

from psockmc.lang import READ_ONCE, Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import sk_psock_data_ready
from models.skmsg_verdict import sk_psock_verdict_data_ready, sk_psock_verdict_recv
from models.sock import sock


@replaces(sk_psock_verdict_data_ready)
def sk_psock_verdict_data_ready(sk: Ptr[sock]) -> None:
    """The struct socket may be freed between the two loads."""
    sock = READ_ONCE(sk.sk_socket)
    if not sock:
        return
    ops = READ_ONCE(sock.ops)
    if not ops:
        return
    copied = ops.read_skb(sk, sk_psock_verdict_recv)
    if copied >= 0:
        rcu_read_lock()
        psock = sk_psock(sk)
        if psock:
            sk_psock_data_ready(sk, psock)
        rcu_read_unlock()
