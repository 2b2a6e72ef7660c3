"""bpf_msg_push_data() as it was before f72eed9b84fb (v7.2): the rest of a split element begins at the wrong place.

Its offset in the page advances by the position in the message instead of the position in the element. For the first
element they are the same.
"""

from psockmc.lang import Ptr, replaces, u32

from models.ring.helpers import kept0, sk_msg_elem_is_copy
from models.ring.push import push_split
from models.ring.sock import sg_assign, sg_unmark_end
from models.ring.types import sk_msg


@replaces(push_split)
def push_split(msg: Ptr[sk_msg], i: u32, start: u32, offset: u32) -> None:
    """The rest begins `start` bytes behind the element's place in its page."""
    sg_assign(kept0.rsge, msg.sg.data[i])
    kept0.rsge_copy = sk_msg_elem_is_copy(msg, i)
    msg.sg.data[i].length = start - offset
    kept0.rsge.length -= msg.sg.data[i].length
    kept0.rsge.offset += start
    sg_unmark_end(msg.sg.data[i])
    sg_unmark_end(kept0.rsge)
