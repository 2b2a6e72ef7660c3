"""Full rings as they were before 031097d9e079 (v5.4): a message was full when its end had come back to its start.

Seventeen elements did not count as full, so that one more was added; then end is start, the message has no free slot
for the link to a TLS 1.3 content type, and its elements cannot be told from none.
"""

from psockmc.lang import Ptr, replaces, u32

from models.ring.skmsg_h import sk_msg_elem_used, sk_msg_full, sk_msg_iter_dist
from models.ring.types import NR_MSG_FRAG_IDS, sk_msg


@replaces(sk_msg_full)
def sk_msg_full_when_end_is_start(msg: Ptr[sk_msg]) -> bool:
    """Whether the end is the start of a message with bytes."""
    return msg.sg.end == msg.sg.start and msg.sg.size != 0


@replaces(sk_msg_elem_used)
def sk_msg_elem_used_up_to_all(msg: Ptr[sk_msg]) -> u32:
    """How many elements the message has: all slots when it is full."""
    return NR_MSG_FRAG_IDS if sk_msg_full(msg) else sk_msg_iter_dist(msg.sg.start, msg.sg.end)
