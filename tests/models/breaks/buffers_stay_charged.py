"""A buffer that is freed stays charged to its socket."""

from psockmc.lang import Ptr, replaces

from models.skbuff import sk_buff, sock_rfree


@replaces(sock_rfree)
def sock_rfree(skb: Ptr[sk_buff]) -> None:
    """Nothing."""
    pass
