"""What was sent and not acknowledged is not freed."""

from psockmc.lang import Ptr, replaces

from models.sock import sock
from models.tcp_send import tcp_write_queue_purge


@replaces(tcp_write_queue_purge)
def tcp_write_queue_purge(sk: Ptr[sock]) -> None:
    """Nothing."""
    pass
