"""bpf_msg_pull_data() with its tests as they were before 5b24109b0563 (v4.19).

The search adds an element's length before it asks whether `start` lies in the element, and then adds it again. The
tests whether the range lies in what was found leave out the bytes before `start` in the first element.
"""

from psockmc.lang import Ptr, replaces, s32, u32, u64, wrapping

from models.ring.helpers import alloc_pages_for, found0, sk_msg_clear_elem_copy, sk_msg_elem_is_copy, sk_msg_reset_curr
from models.ring.pull import bpf_msg_pull_data, pull_found, pull_gather, pull_repair
from models.ring.skmsg_h import sk_msg_iter_var_next
from models.ring.sock import sg_set_page
from models.ring.types import EINVAL, ENOMEM, sk_msg


@replaces(bpf_msg_pull_data)
def bpf_msg_pull_data(msg: Ptr[sk_msg], start: u32, end: u32, flags: u64) -> s32:
    """Searches by itself: the first element is the wrong one."""
    len: u32 = 0
    offset: u32 = 0
    bytes: u32 = wrapping(end - start)
    if flags != 0 or end <= start:
        return -EINVAL
    i: u32 = msg.sg.start
    while True:
        len = msg.sg.data[i].length
        offset += len
        if start < offset + len:
            break
        i = sk_msg_iter_var_next(i)
        if i == msg.sg.end:
            break
    found0.i = i
    found0.offset = offset
    found0.length = len
    return pull_found(msg, start, bytes)


@replaces(pull_found)
def pull_found(msg: Ptr[sk_msg], start: u32, bytes: u32) -> s32:
    """The bytes before `start` in the first element are not counted."""
    copy: u32 = 0
    i: u32 = found0.i
    offset: u32 = found0.offset
    len: u32 = found0.length
    if start >= offset + len:
        return -EINVAL
    first_sge: u32 = i
    if sk_msg_elem_is_copy(msg, i) or bytes > len:
        while True:
            copy += msg.sg.data[i].length
            i = sk_msg_iter_var_next(i)
            if bytes < copy:
                break
            if i == msg.sg.end:
                break
        last_sge: u32 = i
        if copy < bytes:
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
    msg.data = wrapping(msg.sg.data[first_sge].offset + start - offset)  # a pointer: it may point before the page
    msg.data_end = wrapping(msg.data + bytes)
    return 0
