"""bpf_msg_pop_data(): removes bytes from the message.

Source: net/core/filter.c of 7.x. The kernel's function is one; its parts behind the bounds checks are functions here.
"""

from psockmc.lang import Ptr, check, kernel, s32, u32, u64

from models.ring.helpers import (
    alloc_pages_for,
    copy_bytes,
    find_element,
    found0,
    sk_msg_clear_elem_copy,
    sk_msg_elem_is_copy,
    sk_msg_reset_curr,
    sk_msg_set_elem_copy,
    sk_msg_shift_left,
    sk_msg_shift_right,
)
from models.ring.skmsg_h import sk_msg_compute_data_pointers, sk_msg_elem_used, sk_msg_iter_var_next
from models.ring.sock import get_page, put_page, sg_set_page, sk_mem_uncharge
from models.ring.types import EINVAL, ENOMEM, INT_MAX, MAX_MSG_FRAGS, sk_msg


@kernel("net/core/filter.c")
def bpf_msg_pop_data(msg: Ptr[sk_msg], start: u32, len: u32, flags: u64) -> s32:
    """Bytes start .. start + len - 1 are removed; 0, -EINVAL or -ENOMEM (nothing changed)."""
    if flags != 0:
        return -EINVAL
    if len == 0:
        return 0
    find_element(msg, start)
    result: s32 = pop_found(msg, start, len)
    if result == 0:
        sk_msg_compute_data_pointers(msg)
    return result


@kernel("net/core/filter.c")
def pop_found(msg: Ptr[sk_msg], start: u32, len: u32) -> s32:
    """The part of bpf_msg_pop_data() behind its search: the tests, and the work.

    The kernel computes b = length - pop - a first and asks for b > 0. That is pop < length - a as long as b fits an
    int.
    """
    last: u64 = start
    last += len  # in 64 bits since a48802fb2cd2
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
        tail: u32 = msg.sg.data[i].length - a
        check(pop <= INT_MAX, "wrap: what is left of the element fits an int, also when it is negative")
        i = sk_msg_iter_var_next(i)
        if pop < tail:
            b: s32 = tail - pop
            if space != 0:
                pop_split(msg, sge_idx, i, a, b, pop)
            elif not pop_rewrite(msg, sge_idx, a, b, pop):
                return -ENOMEM
            pop = 0
        else:
            pop -= tail
            msg.sg.data[sge_idx].length = a
    pop = pop_front(msg, i, pop)
    sk_mem_uncharge(msg.sk, len - pop)
    msg.sg.size -= len - pop
    sk_msg_reset_curr(msg)
    return 0


@kernel("net/core/filter.c")
def pop_split(msg: Ptr[sk_msg], sge_idx: u32, i: u32, a: s32, b: s32, pop: u32) -> None:
    """The part of bpf_msg_pop_data() that has a slot: the `b` bytes behind the hole become element `i`."""
    sge_copy: bool = sk_msg_elem_is_copy(msg, sge_idx)
    msg.sg.data[sge_idx].length = a
    sk_msg_shift_right(msg, i)
    get_page(msg.sg.data[sge_idx].page)
    sg_set_page(msg.sg.data[i], msg.sg.data[sge_idx].page, b, msg.sg.data[sge_idx].offset + pop + a)
    sk_msg_set_elem_copy(msg, i, sge_copy)


@kernel("net/core/filter.c")
def pop_rewrite(msg: Ptr[sk_msg], sge_idx: u32, a: s32, b: s32, pop: u32) -> bool:
    """The part of bpf_msg_pop_data() that has no slot: what stays moves to a new page. False: there is no page."""
    page: u32 = alloc_pages_for(a + b)
    if page == 0:
        return False
    orig: u32 = msg.sg.data[sge_idx].page
    src: u32 = msg.sg.data[sge_idx].offset
    copy_bytes(page, 0, orig, src, a)
    copy_bytes(page, a, orig, src + a + pop, b)
    sg_set_page(msg.sg.data[sge_idx], page, a + b, 0)
    sk_msg_clear_elem_copy(msg, sge_idx)
    put_page(orig)
    return True


@kernel("net/core/filter.c")
def pop_front(msg: Ptr[sk_msg], i: u32, pop: u32) -> u32:
    """The loop of bpf_msg_pop_data() that removes `pop` bytes from element `i` on; returns how many are left: none."""
    while pop != 0:
        if pop < msg.sg.data[i].length:
            msg.sg.data[i].length -= pop
            msg.sg.data[i].offset += pop
            pop = 0
        else:
            pop -= msg.sg.data[i].length
            sk_msg_shift_left(msg, i)
    return pop
