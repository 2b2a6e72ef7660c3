"""Reading messages as it was before f0c180256937 (v6.10): a message without data is copied from, too."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_msg
from models.skmsg_ingress import copy_msg_to_iter, copy_page_to_iter
from models.sock import bytes_t


@replaces(copy_msg_to_iter)
def copy_msg_to_iter(msg: Ptr[sk_msg], copy: bytes_t) -> bytes_t:
    """Does not ask for the length. The first element of a FIN has no page."""
    if msg.skb:
        return copy_page_to_iter(msg.sg.page, copy)
    return copy
