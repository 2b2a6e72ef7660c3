"""sk_msg_recvmsg() as it was before 583585e48d96 (v6.0): the walk ended at the end mark only.

The elements of a message that redirect has made carry no mark.
"""

from psockmc.lang import Ptr, replaces, s32

from models.ring.skmsg import sk_msg_rx_more
from models.ring.sock import sg_is_last
from models.ring.types import sk_msg


@replaces(sk_msg_rx_more)
def until_the_mark(msg_rx: Ptr[sk_msg], i: s32, sge: s32) -> bool:
    """Whether element sge carries no end mark."""
    return not sg_is_last(msg_rx.sg.data[sge])
