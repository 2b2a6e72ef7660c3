"""Where the backlog goes on is never forgotten."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import sk_psock_skb_state
from models.sock import bytes_t


@replaces(sk_psock_skb_state)
def sk_psock_skb_state(psock: Ptr[sk_psock], len: bytes_t, off: bytes_t) -> None:
    """Keeps the last place, also when the skb is done."""
    if len:
        psock.work_state.len = len
        psock.work_state.off = off
