"""bpf_msg_pull_data(), bpf_msg_push_data() and bpf_msg_pop_data() as they were before 6562e29cf6f0 (v5.5).

Without an element that holds byte `start` the search adds the length of the last element to its offset. The tests
behind it add it once more, so a start up to that much behind the message is accepted.
"""

from psockmc.lang import Ptr, replaces, u32

from models.ring.helpers import find_element, found0
from models.ring.skmsg_h import sk_msg_iter_var_next
from models.ring.types import sk_msg


@replaces(find_element)
def find_element(msg: Ptr[sk_msg], start: u32) -> None:
    """The offset advances at the end of each turn, the last one included."""
    offset: u32 = 0
    length: u32 = 0
    i: u32 = msg.sg.start
    while True:
        length = msg.sg.data[i].length
        if start < offset + length:
            break
        offset += length
        i = sk_msg_iter_var_next(i)
        if i == msg.sg.end:
            break
    found0.i = i
    found0.offset = offset
    found0.length = length
