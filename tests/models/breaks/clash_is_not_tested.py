"""A socket takes whatever programs its maps have."""

from psockmc.lang import Ptr, replaces, xchg

from models.skmsg import sk_psock, sk_psock_init, sk_psock_progs
from models.sock import EBUSY, int_t, sock
from models.sock_map import sock_map_init_proto, sock_map_link, sock_map_psock_busy


@replaces(sock_map_link)
def sock_map_link(progs: sk_psock_progs, sk: Ptr[sock]) -> int_t:
    """Does not look at those it has already."""
    psock = sk_psock(sk)
    if psock:
        if sock_map_psock_busy(sk, psock):
            return -EBUSY
    else:
        psock = sk_psock_init(sk)
    if progs.stream_verdict:
        xchg(psock.progs.stream_verdict, progs.stream_verdict)
    if progs.skb_verdict:
        xchg(psock.progs.skb_verdict, progs.skb_verdict)
    return sock_map_init_proto(sk, psock)
