"""sk_msg_reset_curr() as it was before 955afd57dc4b (v6.13): the cursor goes to the slot behind the last byte, at 0.

A corked message grows in its last element, which the next copy from the user should fill from copybreak on. That copy
now finds the cursor behind it, or at the first slot when the ring is full.
"""

from psockmc.lang import Ptr, replaces, u32

from models.ring.helpers import sk_msg_reset_curr
from models.ring.skmsg_h import sk_msg_iter_var_next
from models.ring.types import sk_msg


@replaces(sk_msg_reset_curr)
def sk_msg_reset_curr(msg: Ptr[sk_msg]) -> None:
    """Walks as many elements as hold the message's bytes."""
    i: u32 = msg.sg.start
    len: u32 = 0
    while True:
        len += msg.sg.data[i].length
        i = sk_msg_iter_var_next(i)
        if len >= msg.sg.size:
            break
        if i == msg.sg.end:
            break
    msg.sg.curr = i
    msg.sg.copybreak = 0
