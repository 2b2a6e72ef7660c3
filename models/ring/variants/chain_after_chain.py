"""tls_push_record() as it was before ff26a0e8377d (v7.1): the content type's link at the end, the wrap link after it.

When the last element is in the last slot of the ring, end is 0: the wrap link leads to data[0], which is a link too.
"""

from psockmc.lang import Ptr, replaces, u32

from models.ring.skmsg_h import sk_msg_iter_var_prev
from models.ring.sock import sg_mark_end
from models.ring.tls import sg_chain, tls_push_record_links
from models.ring.types import CHAIN_FRONT, CHAIN_SLOT, CHAIN_TAIL, sk_msg


@replaces(tls_push_record_links)
def links_by_the_end(msg_pl: Ptr[sk_msg], tls13: bool) -> None:
    """The content type's link in slot end, and the wrap link whenever end is before start."""
    i: u32 = sk_msg_iter_var_prev(msg_pl.sg.end)
    if tls13:
        sg_chain(msg_pl.sg.data[msg_pl.sg.end], CHAIN_TAIL)
    else:
        sg_mark_end(msg_pl.sg.data[i])
    if msg_pl.sg.end < msg_pl.sg.start:
        sg_chain(msg_pl.sg.data[CHAIN_SLOT], CHAIN_FRONT)
