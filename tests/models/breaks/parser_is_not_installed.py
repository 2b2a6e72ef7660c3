"""A parser is started without its callback."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_strp import sk_psock_start_strp
from models.sock import sock


@replaces(sk_psock_start_strp)
def sk_psock_start_strp(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """Saves the callback and leaves it where it is."""
    psock.saved_data_ready = sk.sk_data_ready
