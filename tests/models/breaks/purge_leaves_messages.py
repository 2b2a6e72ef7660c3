"""The purge frees nothing."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import __sk_psock_purge_ingress_msg


@replaces(__sk_psock_purge_ingress_msg)
def __sk_psock_purge_ingress_msg(psock: Ptr[sk_psock]) -> None:
    """Says that it is done."""
    psock.purged = True
