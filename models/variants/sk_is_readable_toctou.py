"""sk_is_readable() as it was before 2660a544fdc0 (v6.16): the table is loaded for the test, and again for the call."""

from psockmc.lang import Ptr, replaces

from models.sock import sk_is_readable, sock


@replaces(sk_is_readable)
def sk_is_readable(sk: Ptr[sock]) -> bool:
    """In between the socket may get its own table back, in which there is nothing to call."""
    prot = sk.sk_prot
    if prot.sock_is_readable:
        readable = sk.sk_prot.sock_is_readable
        return readable(sk)
    return False
