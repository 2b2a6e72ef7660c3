"""bpf_msg_pop_data() as it was before a48802fb2cd2 (v7.2): the end of the range is computed in 32 bits.

A length close to 2**32 wraps it around, the range passes for one inside the message, and the loop removes elements
until it is far behind the message. The counter of the loop was an int, too, which is no difference: whatever is done
with it is done modulo 2**32, and it is compared with unsigned numbers.
"""

from psockmc.lang import Ptr, replaces, s32, u32, u64, wrapping

from models.ring.helpers import found0, int_of, sk_msg_reset_curr
from models.ring.pop import pop_found, pop_front, pop_rewrite, pop_split
from models.ring.skmsg_h import sk_msg_elem_used, sk_msg_iter_var_next
from models.ring.sock import sk_mem_uncharge
from models.ring.types import EINVAL, ENOMEM, MAX_MSG_FRAGS, sk_msg


@replaces(pop_found)
def pop_found(msg: Ptr[sk_msg], start: u32, len: u32) -> s32:
    """`last` is what is left of start + len in 32 bits."""
    last: u64 = wrapping(start + len)
    i: u32 = found0.i
    offset: u32 = found0.offset
    length: u32 = found0.length
    if start >= offset + length or last > msg.sg.size:
        return -EINVAL
    space: u32 = MAX_MSG_FRAGS - sk_msg_elem_used(msg)
    pop: u32 = len
    if start != offset:
        sge_idx: u32 = i
        a: s32 = start - offset
        b: s32 = wrapping(int_of(msg.sg.data[i].length - pop - a))  # negative when more than this element is removed
        i = sk_msg_iter_var_next(i)
        if b > 0:
            if space != 0:
                pop_split(msg, sge_idx, i, a, b, pop)
            elif not pop_rewrite(msg, sge_idx, a, b, pop):
                return -ENOMEM
            pop = 0
        else:
            pop -= msg.sg.data[sge_idx].length - a
            msg.sg.data[sge_idx].length = a
    pop = pop_front(msg, i, pop)
    sk_mem_uncharge(msg.sk, len - pop)
    msg.sg.size -= len - pop
    sk_msg_reset_curr(msg)
    return 0
