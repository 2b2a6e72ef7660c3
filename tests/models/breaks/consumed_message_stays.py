"""A message that was read stays on the queue."""

from psockmc.lang import Ptr, replaces

from models.skmsg import sk_psock
from models.skmsg_ingress import __sk_msg_recvmsg, recv_t, sk_psock_msg_len_add, sk_psock_peek_msg
from models.sock import EFAULT, bytes_t, msg_flags_t, sock


@replaces(__sk_msg_recvmsg)
def __sk_msg_recvmsg(sk: Ptr[sock], psock: Ptr[sk_psock], len: bytes_t, flags: msg_flags_t) -> recv_t:
    """All of the first message, which then is empty."""
    msg = sk_psock_peek_msg(psock)
    if not msg:
        return 0
    size: bytes_t = msg.sg.size
    if not size:
        return -EFAULT
    msg.sg.size = 0
    sk_psock_msg_len_add(psock, -size)
    return size
