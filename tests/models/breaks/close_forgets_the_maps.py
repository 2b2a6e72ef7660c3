"""A socket that is closed is taken off its links only, not out of its maps."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock_link
from models.sock import sock
from models.sock_map import sock_map_unlink


@replaces(sock_map_unlink)
def sock_map_unlink(sk: Ptr[sock], link: Ptr[sk_psock_link]) -> None:
    """Nothing."""
    pass
