"""The repair of bpf_msg_pull_data() as it was before a8cf76a9023b (v4.19): the slot behind the first is first + 1.

When the new element is in the last slot of the ring, the loop begins behind the ring instead of at slot 0.
"""

from psockmc.lang import Ptr, replaces, u32, wrapping

from models.ring.helpers import sk_msg_clear_copy_range, sk_msg_clear_elem_copy, sk_msg_sg_move
from models.ring.pull import pull_repair, pull_shift
from models.ring.skmsg_h import sk_msg_iter_var_next
from models.ring.types import NR_MSG_FRAG_IDS, sk_msg


@replaces(pull_repair)
def pull_repair(msg: Ptr[sk_msg], first_sge: u32, last_sge: u32) -> None:
    """Begins at first_sge + 1 even when the ring ends there."""
    shift: u32 = pull_shift(first_sge, last_sge)
    if shift == 0:
        sk_msg_clear_elem_copy(msg, msg.sg.end)
        return
    sk_msg_clear_copy_range(msg, sk_msg_iter_var_next(first_sge), last_sge)
    i: u32 = first_sge + 1
    while True:
        move_from: u32 = i + shift
        if i + shift >= NR_MSG_FRAG_IDS:
            move_from = i + shift - NR_MSG_FRAG_IDS
        if move_from == msg.sg.end:
            break
        sk_msg_sg_move(msg, i, move_from)
        msg.sg.data[move_from].length = 0
        msg.sg.data[move_from].page = 0
        msg.sg.data[move_from].is_last = False
        msg.sg.data[move_from].is_chain = False
        msg.sg.data[move_from].offset = 0
        sk_msg_clear_elem_copy(msg, move_from)
        i = sk_msg_iter_var_next(i)
    end: u32 = wrapping(msg.sg.end - shift)
    if end > msg.sg.end:
        end = wrapping(end + NR_MSG_FRAG_IDS)
    msg.sg.end = end
    sk_msg_clear_elem_copy(msg, msg.sg.end)
