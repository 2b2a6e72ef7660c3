"""The purge frees messages and counts nothing."""

from psockmc.lang import Ptr, kfree, list_del, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import __sk_psock_purge_ingress_msg, sk_msg_free


@replaces(__sk_psock_purge_ingress_msg)
def __sk_psock_purge_ingress_msg(psock: Ptr[sk_psock]) -> None:
    """Neither bytes nor memory."""
    for msg in psock.ingress_msg:
        list_del(msg, psock.ingress_msg)
        sk_msg_free(psock.sk, msg)
        kfree(msg)
    psock.purged = True
