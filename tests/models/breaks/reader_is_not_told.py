"""Nobody is told of a message."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import sk_psock_data_ready
from models.sock import sock


@replaces(sk_psock_data_ready)
def sk_psock_data_ready(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Nothing."""
    pass
