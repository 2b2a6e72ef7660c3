"""The verdict's callback as it was before 4cd12c6065df (v6.8): it calls saved_data_ready without the callback lock."""

from psockmc.lang import NULL, READ_ONCE, Ptr, rcu_read_lock, rcu_read_unlock, replaces

from models.skmsg import sk_psock
from models.skmsg_verdict import sk_psock_verdict_data_ready, sk_psock_verdict_recv
from models.sock import sock


@replaces(sk_psock_verdict_data_ready)
def sk_psock_verdict_data_ready(sk: Ptr[sock]) -> None:
    """The psock is there, but a detach may just have cleared what it saved."""
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
        if psock:
            psock.saved_data_ready(sk)
        rcu_read_unlock()
