"""bpf_msg_pop_data() as it was before 5d609ba26247 (v6.13), which corrected five things.

sk_msg_shift_left() did not give up the page of the element it drops; no length at all was a length; a range that ends
with the message was refused; the bytes to keep before the hole were counted from the message's beginning; and after a
shift, which brings the next element to the slot, the loop went on to the slot behind it.
"""

from psockmc.lang import Ptr, replaces, s32, u32, u64, wrapping

from models.ring.helpers import (
    find_element,
    found0,
    int_of,
    sk_msg_clear_elem_copy,
    sk_msg_reset_curr,
    sk_msg_sg_move,
    sk_msg_shift_left,
)
from models.ring.pop import bpf_msg_pop_data, pop_found, pop_front, pop_rewrite, pop_split
from models.ring.skmsg_h import (
    sk_msg_compute_data_pointers,
    sk_msg_elem_used,
    sk_msg_iter_var_next,
    sk_msg_iter_var_prev,
)
from models.ring.sock import sk_mem_uncharge
from models.ring.types import EINVAL, ENOMEM, MAX_MSG_FRAGS, sk_msg


@replaces(sk_msg_shift_left)
def sk_msg_shift_left(msg: Ptr[sk_msg], first: s32) -> None:
    """Keeps the reference of the page."""
    i: s32 = first
    while True:
        prev: s32 = i
        i = sk_msg_iter_var_next(i)
        sk_msg_sg_move(msg, prev, i)
        if i == msg.sg.end:
            break
    msg.sg.end = sk_msg_iter_var_prev(msg.sg.end)
    sk_msg_clear_elem_copy(msg, msg.sg.end)


@replaces(bpf_msg_pop_data)
def bpf_msg_pop_data(msg: Ptr[sk_msg], start: u32, len: u32, flags: u64) -> s32:
    """Also takes a range without bytes."""
    if flags != 0:
        return -EINVAL
    find_element(msg, start)
    result: s32 = pop_found(msg, start, len)
    if result == 0:
        sk_msg_compute_data_pointers(msg)
    return result


@replaces(pop_found)
def pop_found(msg: Ptr[sk_msg], start: u32, len: u32) -> s32:
    """Keeps `start` bytes of the first element, and takes no range that ends with the message."""
    last: u64 = start
    last += len
    i: u32 = found0.i
    offset: u32 = found0.offset
    length: u32 = found0.length
    if start >= offset + length or last >= msg.sg.size:
        return -EINVAL
    space: u32 = MAX_MSG_FRAGS - sk_msg_elem_used(msg)
    pop: u32 = len
    if start != offset:
        sge_idx: u32 = i
        a: s32 = start
        b: s32 = wrapping(int_of(msg.sg.data[i].length - pop - a))
        i = sk_msg_iter_var_next(i)
        if pop < wrapping(msg.sg.data[sge_idx].length - a):
            if space != 0:
                pop_split(msg, sge_idx, i, a, b, pop)
            elif not pop_rewrite(msg, sge_idx, a, b, pop):
                return -ENOMEM
            pop = 0
        else:
            pop = wrapping(pop - (msg.sg.data[sge_idx].length - a))
            msg.sg.data[sge_idx].length = a
    pop = pop_front(msg, i, pop)
    sk_mem_uncharge(msg.sk, wrapping(len - pop))
    msg.sg.size = wrapping(msg.sg.size - (len - pop))
    sk_msg_reset_curr(msg)
    return 0


@replaces(pop_front)
def pop_front(msg: Ptr[sk_msg], i: u32, pop: u32) -> u32:
    """Steps on after each element, also when the next one is in its slot already."""
    while pop != 0:
        if pop < msg.sg.data[i].length:
            msg.sg.data[i].length -= pop
            msg.sg.data[i].offset += pop
            pop = 0
        else:
            pop -= msg.sg.data[i].length
            sk_msg_shift_left(msg, i)
        i = sk_msg_iter_var_next(i)
    return pop
