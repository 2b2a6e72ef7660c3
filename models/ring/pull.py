"""bpf_msg_pull_data(): makes a range of the message linear, private and visible to the program.

Source: net/core/filter.c of 7.x. The kernel's function is one; its parts behind the bounds checks are functions here.
"""

from psockmc.lang import Ptr, kernel, s32, u32, u64, wrapping

from models.ring.helpers import (
    alloc_pages_for,
    copy_bytes,
    find_element,
    found0,
    sk_msg_clear_copy_range,
    sk_msg_clear_elem_copy,
    sk_msg_elem_is_copy,
    sk_msg_reset_curr,
    sk_msg_sg_move,
)
from models.ring.skmsg_h import sk_msg_iter_var_next
from models.ring.sock import put_page, sg_set_page
from models.ring.types import EINVAL, ENOMEM, NR_MSG_FRAG_IDS, sk_msg


@kernel("net/core/filter.c")
def bpf_msg_pull_data(msg: Ptr[sk_msg], start: u32, end: u32, flags: u64) -> s32:
    """Bytes start .. end - 1 become the program's data; 0, -EINVAL (nothing changed) or -ENOMEM (nothing changed)."""
    bytes: u32 = wrapping(end - start)  # may wrap: not used when the next test refuses
    if flags != 0 or end <= start:
        return -EINVAL
    find_element(msg, start)
    return pull_found(msg, start, bytes)


@kernel("net/core/filter.c")
def pull_found(msg: Ptr[sk_msg], start: u32, bytes: u32) -> s32:
    """The part of bpf_msg_pull_data() behind its search: the tests, and the work."""
    copy: u32 = 0
    i: u32 = found0.i
    offset: u32 = found0.offset
    len: u32 = found0.length
    if start >= offset + len:
        return -EINVAL
    first_sge: u32 = i
    bytes_sg_total: u32 = start - offset + bytes
    if sk_msg_elem_is_copy(msg, i) or bytes_sg_total > len:
        while True:
            copy += msg.sg.data[i].length
            i = sk_msg_iter_var_next(i)
            if bytes_sg_total <= copy:
                break
            if i == msg.sg.end:
                break
        last_sge: u32 = i
        if bytes_sg_total > copy:
            return -EINVAL
        page: u32 = alloc_pages_for(copy)
        if page == 0:
            return -ENOMEM
        pull_gather(msg, first_sge, last_sge, page)
        sg_set_page(msg.sg.data[first_sge], page, copy, 0)
        sk_msg_clear_elem_copy(msg, first_sge)
        pull_repair(msg, first_sge, last_sge)
    sk_msg_reset_curr(msg)
    msg.data_page = msg.sg.data[first_sge].page
    msg.data = msg.sg.data[first_sge].offset + start - offset
    msg.data_end = msg.data + bytes
    return 0


@kernel("net/core/filter.c")
def pull_gather(msg: Ptr[sk_msg], first_sge: u32, last_sge: u32, page: u32) -> None:
    """The part of bpf_msg_pull_data() that copies elements first_sge .. last_sge - 1 to `page` and gives up theirs."""
    poffset: u32 = 0
    i: u32 = first_sge
    while True:
        len: u32 = msg.sg.data[i].length
        copy_bytes(page, poffset, msg.sg.data[i].page, msg.sg.data[i].offset, len)
        poffset += len
        msg.sg.data[i].length = 0
        put_page(msg.sg.data[i].page)
        sk_msg_clear_elem_copy(msg, i)
        i = sk_msg_iter_var_next(i)
        if i == last_sge:
            break


@kernel("net/core/filter.c")
def pull_shift(first_sge: u32, last_sge: u32) -> u32:
    """The part of bpf_msg_pull_data() that says how many slots became free behind the new element."""
    if last_sge > first_sge:
        return last_sge - first_sge - 1
    return NR_MSG_FRAG_IDS - first_sge + last_sge - 1


@kernel("net/core/filter.c")
def pull_repair(msg: Ptr[sk_msg], first_sge: u32, last_sge: u32) -> None:
    """The part of bpf_msg_pull_data() that moves the elements from last_sge on next to first_sge."""
    shift: u32 = pull_shift(first_sge, last_sge)
    if shift == 0:
        sk_msg_clear_elem_copy(msg, msg.sg.end)
        return
    i: u32 = sk_msg_iter_var_next(first_sge)
    sk_msg_clear_copy_range(msg, i, last_sge)
    while True:
        move_from: u32 = i + shift
        if i + shift >= NR_MSG_FRAG_IDS:
            move_from = i + shift - NR_MSG_FRAG_IDS
        if move_from == msg.sg.end:
            break
        sk_msg_sg_move(msg, i, move_from)
        msg.sg.data[move_from].length = 0
        msg.sg.data[move_from].page = 0
        msg.sg.data[move_from].is_last = False  # page_link: the page and its two marks
        msg.sg.data[move_from].is_chain = False
        msg.sg.data[move_from].offset = 0
        sk_msg_clear_elem_copy(msg, move_from)
        i = sk_msg_iter_var_next(i)
    end: u32 = wrapping(msg.sg.end - shift)  # wraps on purpose: that is how the kernel sees that the ring does
    if end > msg.sg.end:
        end = wrapping(end + NR_MSG_FRAG_IDS)
    msg.sg.end = end
    sk_msg_clear_elem_copy(msg, msg.sg.end)
