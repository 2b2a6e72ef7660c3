"""tls_push_record() as it was before 9aaaa56845a0 (v5.5): no link from the end of the array to its beginning."""

from psockmc.lang import Ptr, replaces, u32

from models.ring.skmsg_h import sk_msg_iter_var_prev
from models.ring.sock import sg_mark_end
from models.ring.tls import sg_chain, tls_push_record_links
from models.ring.types import CHAIN_TAIL, sk_msg


@replaces(tls_push_record_links)
def links_without_wrap(msg_pl: Ptr[sk_msg], tls13: bool) -> None:
    """The link to the content type, or the end mark, and nothing else."""
    i: u32 = sk_msg_iter_var_prev(msg_pl.sg.end)
    if tls13:
        sg_chain(msg_pl.sg.data[msg_pl.sg.end], CHAIN_TAIL)
    else:
        sg_mark_end(msg_pl.sg.data[i])
