"""A message is queued on two psocks."""

from psockmc.lang import Ptr, list_add_tail, replaces

from models.skmsg import sk_msg, sk_psock
from models.skmsg_ingress import sk_psock_queue_msg
from models.syscalls import fd0


@replaces(sk_psock_queue_msg)
def sk_psock_queue_msg(psock: Ptr[sk_psock], msg: Ptr[sk_msg]) -> bool:
    """On its own, and on that of the first socket."""
    list_add_tail(msg, psock.ingress_msg)
    list_add_tail(msg, fd0.private_data.sk.sk_user_data.ingress_msg)
    return True
