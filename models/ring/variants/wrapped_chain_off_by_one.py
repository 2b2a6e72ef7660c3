"""tls_push_record() as it was before 285943c6e7ca (v7.1): the wrap link one slot too early.

The array had got one entry more, for TLS 1.3; the link was still placed in the last slot of the ring, which can hold an
element.
"""

from psockmc.lang import Ptr, replaces, u32

from models.ring.skmsg_h import sk_msg_iter_var_prev
from models.ring.sock import sg_mark_end
from models.ring.tls import sg_chain, tls_push_record_links
from models.ring.types import CHAIN_FRONT, CHAIN_TAIL, MAX_MSG_FRAGS, sk_msg


@replaces(tls_push_record_links)
def links_one_slot_early(msg_pl: Ptr[sk_msg], tls13: bool) -> None:
    """The wrap link in slot MAX_MSG_FRAGS."""
    i: u32 = sk_msg_iter_var_prev(msg_pl.sg.end)
    if tls13:
        sg_chain(msg_pl.sg.data[msg_pl.sg.end], CHAIN_TAIL)
    else:
        sg_mark_end(msg_pl.sg.data[i])
    if msg_pl.sg.end < msg_pl.sg.start:
        sg_chain(msg_pl.sg.data[MAX_MSG_FRAGS], CHAIN_FRONT)
