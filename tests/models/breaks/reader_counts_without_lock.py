"""A reader changes the counter without ingress_lock."""

from psockmc.lang import Int, Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import sk_psock_msg_len_add, sk_psock_msg_len_add_locked


@replaces(sk_psock_msg_len_add)
def sk_psock_msg_len_add(psock: Ptr[sk_psock], diff: Int[-3, 3]) -> None:
    """Does what should be done under the lock."""
    sk_psock_msg_len_add_locked(psock, diff)
