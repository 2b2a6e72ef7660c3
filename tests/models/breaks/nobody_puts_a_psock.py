"""Nobody puts a reference on a psock."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock, sk_psock_put
from models.sock import sock


@replaces(sk_psock_put)
def sk_psock_put(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Nothing."""
    pass
