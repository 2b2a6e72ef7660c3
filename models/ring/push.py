"""bpf_msg_push_data(): inserts bytes into the message.

Source: net/core/filter.c of 7.x. The kernel's function is one; its parts behind the bounds checks are functions here.
The kernel's local elements sge, nsge, nnsge and rsge are those of kept0.
"""

from psockmc.lang import Ptr, check, kernel, s32, u32, u64, wrapping

from models.ring.helpers import (
    alloc_pages_for,
    copy_bytes,
    find_element,
    found0,
    kept0,
    sk_msg_clear_elem_copy,
    sk_msg_elem_is_copy,
    sk_msg_reset_curr,
    sk_msg_set_elem_copy,
)
from models.ring.skmsg_h import (
    sk_msg_compute_data_pointers,
    sk_msg_elem_used,
    sk_msg_iter_var_next,
    sk_msg_iter_var_prev,
)
from models.ring.sock import (
    get_page,
    put_page,
    sg_assign,
    sg_clear,
    sg_set_page,
    sg_unmark_end,
    sk_mem_charge,
)
from models.ring.types import EINVAL, ENOMEM, MAX_MSG_FRAGS, memory0, sk_msg


@kernel("net/core/filter.c")
def bpf_msg_push_data(msg: Ptr[sk_msg], start: u32, len: u32, flags: u64) -> s32:
    """`len` new bytes stand before byte `start` (or at the end); 0, -EINVAL or -ENOMEM (nothing changed)."""
    if flags != 0:
        return -EINVAL
    if len == 0:
        return 0
    find_element(msg, start)
    result: s32 = push_found(msg, start, len)
    if result == 0:
        sk_msg_compute_data_pointers(msg)
    return result


@kernel("net/core/filter.c")
def push_found(msg: Ptr[sk_msg], start: u32, len: u32) -> s32:
    """The part of bpf_msg_push_data() behind its search: the tests, and the work."""
    copy: u32 = 0
    sg_clear(kept0.rsge)
    kept0.rsge_copy = False
    i: u32 = found0.i
    offset: u32 = found0.offset
    length: u32 = found0.length
    if start > offset + length:
        return -EINVAL
    space: u32 = MAX_MSG_FRAGS - sk_msg_elem_used(msg)
    if space == 0 or (space == 1 and start != offset):
        copy = msg.sg.data[i].length
    if push_too_long(copy, len):
        return -EINVAL
    page: u32 = alloc_pages_for(wrapping(copy + len))  # with the test above it does not wrap
    if page == 0:
        return -ENOMEM
    if copy != 0:
        if i == msg.sg.end:
            i = sk_msg_iter_var_prev(i)
        push_rewrite(msg, i, page, start - offset, len)
        new: u32 = i
    else:
        if start - offset != 0:
            if i == msg.sg.end:
                i = sk_msg_iter_var_prev(i)
            push_split(msg, i, start, offset)
            i = sk_msg_iter_var_next(i)
        new = i
        push_make_room(msg, new)
    push_place(msg, new, page, len, copy)
    sk_msg_reset_curr(msg)
    return 0


@kernel("net/core/filter.c")
def push_too_long(copy: u32, len: u32) -> bool:
    """The part of bpf_msg_push_data() that sees a wrap of the size of the new page (since 0c0a8ed85349)."""
    return wrapping(copy + len) < copy


@kernel("net/core/filter.c")
def push_rewrite(msg: Ptr[sk_msg], i: u32, page: u32, front: s32, len: u32) -> None:
    """The part of bpf_msg_push_data() that has no slot: element `i` moves to `page`, with a gap of `len` bytes."""
    back: s32 = msg.sg.data[i].length - front
    src: u32 = msg.sg.data[i].offset
    if front != 0:
        copy_bytes(page, 0, msg.sg.data[i].page, src, front)
    if back != 0:
        # A pointer into the page, front and len bytes behind its beginning: this sum does not wrap around at 32 bits.
        end: u64 = front
        end += len
        end += back
        check(end <= memory0.page_bytes, "bounds: a write stays inside the page")
        copy_bytes(page, front + len, msg.sg.data[i].page, src + front, back)
    put_page(msg.sg.data[i].page)


@kernel("net/core/filter.c")
def push_split(msg: Ptr[sk_msg], i: u32, start: u32, offset: u32) -> None:
    """The part of bpf_msg_push_data() that cuts element `i` at byte `start`; its rest goes to rsge.

    offset: position of the element's first byte. f72eed9b84fb corrected the place where the rest begins.
    """
    sg_assign(kept0.rsge, msg.sg.data[i])
    kept0.rsge_copy = sk_msg_elem_is_copy(msg, i)
    msg.sg.data[i].length = start - offset
    kept0.rsge.length -= msg.sg.data[i].length
    kept0.rsge.offset += start - offset
    sg_unmark_end(msg.sg.data[i])
    sg_unmark_end(kept0.rsge)


@kernel("net/core/filter.c")
def push_make_room(msg: Ptr[sk_msg], new: u32) -> None:
    """The part of bpf_msg_push_data() that frees slot `new`, and the next one when there is a rest.

    Slots `new` and behind keep stale values, which the caller replaces.
    """
    msg.sg.end = sk_msg_iter_var_next(msg.sg.end)
    i: u32 = sk_msg_iter_var_next(new)
    if i == msg.sg.end:
        if kept0.rsge.length != 0:
            msg.sg.end = sk_msg_iter_var_next(msg.sg.end)
        return
    sg_assign(kept0.sge, msg.sg.data[new])
    sg_unmark_end(kept0.sge)
    kept0.sge_copy = sk_msg_elem_is_copy(msg, new)
    sg_assign(kept0.nsge, msg.sg.data[i])
    kept0.nsge_copy = sk_msg_elem_is_copy(msg, i)
    if kept0.rsge.length != 0:
        i = sk_msg_iter_var_next(i)
        sg_assign(kept0.nnsge, msg.sg.data[i])
        kept0.nnsge_copy = sk_msg_elem_is_copy(msg, i)
        msg.sg.end = sk_msg_iter_var_next(msg.sg.end)
    push_shift(msg, i)


@kernel("net/core/filter.c")
def push_shift(msg: Ptr[sk_msg], first: u32) -> None:
    """The loop of bpf_msg_push_data() that moves the elements behind the new ones up by one slot or two."""
    i: u32 = first
    while i != msg.sg.end:
        sg_assign(msg.sg.data[i], kept0.sge)
        sk_msg_set_elem_copy(msg, i, kept0.sge_copy)
        sg_assign(kept0.sge, kept0.nsge)
        kept0.sge_copy = kept0.nsge_copy
        i = sk_msg_iter_var_next(i)
        if kept0.rsge.length != 0:
            sg_assign(kept0.nsge, kept0.nnsge)
            kept0.nsge_copy = kept0.nnsge_copy
            sg_assign(kept0.nnsge, msg.sg.data[i])
            kept0.nnsge_copy = sk_msg_elem_is_copy(msg, i)
        else:
            sg_assign(kept0.nsge, msg.sg.data[i])
            kept0.nsge_copy = sk_msg_elem_is_copy(msg, i)


@kernel("net/core/filter.c")
def push_place(msg: Ptr[sk_msg], new: u32, page: u32, len: u32, copy: u32) -> None:
    """The part of bpf_msg_push_data() behind its label place_new: the new element, and the rest of the split one."""
    sk_mem_charge(msg.sk, len)
    msg.sg.size += len
    sk_msg_clear_elem_copy(msg, new)
    sg_set_page(msg.sg.data[new], page, len + copy, 0)
    if kept0.rsge.length != 0:
        get_page(kept0.rsge.page)
        rest: u32 = sk_msg_iter_var_next(new)
        sg_assign(msg.sg.data[rest], kept0.rsge)
        sk_msg_set_elem_copy(msg, rest, kept0.rsge_copy)
    sk_msg_clear_elem_copy(msg, msg.sg.end)
