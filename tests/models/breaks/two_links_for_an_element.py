"""Each element gets two links."""

from psockmc.lang import GFP_ATOMIC, Ptr, kzalloc, list_add_tail, replaces

from models.skmsg import sk_psock, sk_psock_link
from models.sock_map import sock_map_add_link


@replaces(sock_map_add_link)
def sock_map_add_link(psock: Ptr[sk_psock], link: Ptr[sk_psock_link]) -> None:
    """Adds the link and a copy of it."""
    copy = kzalloc(sk_psock_link, GFP_ATOMIC)
    copy.htab = link.htab
    copy.elem = link.elem
    list_add_tail(link, psock.link)
    list_add_tail(copy, psock.link)
