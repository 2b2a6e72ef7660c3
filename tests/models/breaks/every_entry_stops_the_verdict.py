"""The end of any entry takes the verdict away, whether its map has one or not."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock, sk_psock_progs
from models.sock_map import sock_map_verdict_to_stop


@replaces(sock_map_verdict_to_stop)
def sock_map_verdict_to_stop(psock: Ptr[sk_psock], progs: sk_psock_progs) -> bool:
    """Always."""
    return True
