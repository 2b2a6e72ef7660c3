"""The end of a connection that nobody has accepted before d8616ee2affc (v5.19): our tables left `destroy` alone.

Such a connection is never closed by a user, so nobody took it out of its maps.
"""

from psockmc.lang import Ptr, replaces

from models.sock import sock
from models.sock_map_proto import sock_map_destroy
from models.tcp import tcp_v4_destroy_sock


@replaces(sock_map_destroy)
def sock_map_destroy(sk: Ptr[sock]) -> None:
    """What the protocol's own table has."""
    tcp_v4_destroy_sock(sk)
