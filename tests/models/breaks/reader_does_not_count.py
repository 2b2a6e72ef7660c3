"""A reader does not take what it reads off the counter."""

from psockmc.lang import Int, Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import sk_psock_msg_len_add


@replaces(sk_psock_msg_len_add)
def sk_psock_msg_len_add(psock: Ptr[sk_psock], diff: Int[-3, 3]) -> None:
    """Nothing."""
    pass
