"""A socket keeps its own table when it is put into a map."""

from psockmc.lang import Ptr, replaces

from models.sock import proto, sock, sock_replace_proto


@replaces(sock_replace_proto)
def sock_replace_proto(sk: Ptr[sock], proto: Ptr[proto]) -> None:
    """Nothing."""
    pass
