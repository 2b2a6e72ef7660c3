"""The destruction as it was before a136678c0bdb (v4.20): messages that nobody has read are not freed.

(The packets that wait for the backlog did not exist then; they are freed as today.)
"""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import __sk_psock_purge_ingress_msg


@replaces(__sk_psock_purge_ingress_msg)
def __sk_psock_purge_ingress_msg(psock: Ptr[sk_psock]) -> None:
    """Leaves the messages to nobody."""
