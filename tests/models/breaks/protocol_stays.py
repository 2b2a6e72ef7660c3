"""Nobody gives a socket its own protocol back."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock, sk_psock_restore_proto
from models.sock import sock


@replaces(sk_psock_restore_proto)
def sk_psock_restore_proto(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Nothing."""
    pass
