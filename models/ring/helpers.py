"""The BPF helpers of a message: the two that set a number, the cursor afterwards, the copy bits, the shifts.

Source: net/core/filter.c of 7.x. The helpers that rewrite the ring are in pull.py, push.py and pop.py.

A struct cannot be a local variable here. What the kernel's functions keep in `struct scatterlist` locals is in objects
of the struct `elements`, which nothing else reads.
"""

from psockmc.lang import Ptr, Struct, check, instance, kernel, omits, s32, u32, u64, user

from models.ring.skmsg_h import sk_msg_iter_var_next, sk_msg_iter_var_prev
from models.ring.sock import alloc_pages, holds, put_page, sg_assign
from models.ring.types import memory0, scatterlist, sk_msg

LARGEST_ALLOCATION = 536870912


class elements(Struct, name="elements"):
    """Elements that a function keeps while it moves others, each with its copy bit."""

    sge: scatterlist
    nsge: scatterlist
    nnsge: scatterlist
    rsge: scatterlist
    sge_copy: bool
    nsge_copy: bool
    nnsge_copy: bool
    rsge_copy: bool


class element_found(Struct, name="found"):
    """Where find_element() stopped: slot i, the position of that element's first byte, its length."""

    i: u32
    offset: u32
    length: u32


class placed(Struct, name="placed"):
    """One arbitrary byte of a page that a helper fills. writes: how often; from_page, from_offset: with which byte."""

    page: u32
    offset: u32
    writes: u32
    from_page: u32
    from_offset: u32


kept0 = instance(elements)
found0 = instance(element_found)
placed0 = instance(placed)


# ---------------------------------------------------------------- numbers for the program that sends


@kernel("net/core/filter.c")
def bpf_msg_apply_bytes(msg: Ptr[sk_msg], bytes: u32) -> s32:
    """The verdict is for the next `bytes` bytes. Any number is taken: it is compared with sizes later."""
    msg.apply_bytes = bytes
    return 0


@kernel("net/core/filter.c")
def bpf_msg_cork_bytes(msg: Ptr[sk_msg], bytes: u32) -> s32:
    """The program wants to be asked again when there are `bytes` bytes. Any number is taken."""
    msg.cork_bytes = bytes
    return 0


# ---------------------------------------------------------------- the cursor


@kernel("net/core/filter.c")
def sk_msg_reset_curr(msg: Ptr[sk_msg]) -> None:
    """The next copy from the user goes behind the last byte: the form since 955afd57dc4b."""
    if msg.sg.size == 0:
        msg.sg.curr = msg.sg.start
        msg.sg.copybreak = 0
    else:
        i: u32 = sk_msg_iter_var_prev(msg.sg.end)
        msg.sg.curr = i
        msg.sg.copybreak = msg.sg.data[i].length


# ---------------------------------------------------------------- copy bits (2ccbc9a38746)


@kernel("net/core/filter.c")
def sk_msg_elem_is_copy(msg: Ptr[sk_msg], i: u32) -> bool:
    """Whether a program may not write to element `i`."""
    return msg.sg.copy[i]


@kernel("net/core/filter.c")
def sk_msg_clear_elem_copy(msg: Ptr[sk_msg], i: u32) -> None:
    """Slot `i` holds a private page, or nothing."""
    msg.sg.copy[i] = False


@kernel("net/core/filter.c")
def sk_msg_set_elem_copy(msg: Ptr[sk_msg], i: u32, sg_copy: bool) -> None:
    """The bit of slot `i` becomes the one that its element had elsewhere."""
    msg.sg.copy[i] = sg_copy


@kernel("net/core/filter.c")
def sk_msg_clear_copy_range(msg: Ptr[sk_msg], start: u32, end: u32) -> None:
    """Clears the bits of the slots start .. end - 1, in ring order."""
    i: u32 = start
    while i != end:
        msg.sg.copy[i] = False
        i = sk_msg_iter_var_next(i)


@kernel("net/core/filter.c")
def sk_msg_sg_move(msg: Ptr[sk_msg], dst: u32, src: u32) -> None:
    """Copies element `src` to slot `dst`, its bit with it."""
    sg_assign(msg.sg.data[dst], msg.sg.data[src])
    sk_msg_set_elem_copy(msg, dst, sk_msg_elem_is_copy(msg, src))


# ---------------------------------------------------------------- elements


@kernel("net/core/filter.c")
def find_element(msg: Ptr[sk_msg], start: u32) -> None:
    """The loop with which pull, push and pop look for the element of byte `start` (in the form since 6562e29cf6f0).

    Without such an element it stops with i at the end, and offset and length those of the last element.
    """
    offset: u32 = 0
    length: u32 = 0
    i: u32 = msg.sg.start
    while True:
        offset += length
        length = msg.sg.data[i].length
        if start < offset + length:
            break
        i = sk_msg_iter_var_next(i)
        if i == msg.sg.end:
            break
    found0.i = i
    found0.offset = offset
    found0.length = length


@kernel("net/core/filter.c")
def sk_msg_shift_left(msg: Ptr[sk_msg], first: s32) -> None:
    """Drops element `first`: all behind it, the empty slot `end` included, move down by one."""
    i: s32 = first
    put_page(msg.sg.data[i].page)
    while True:
        prev: s32 = i
        i = sk_msg_iter_var_next(i)
        sk_msg_sg_move(msg, prev, i)
        if i == msg.sg.end:
            break
    msg.sg.end = sk_msg_iter_var_prev(msg.sg.end)
    sk_msg_clear_elem_copy(msg, msg.sg.end)


@kernel("net/core/filter.c")
def sk_msg_shift_right(msg: Ptr[sk_msg], first: s32) -> None:
    """Moves the elements from `first` up by one. Slot `first` keeps its old value, which the caller replaces.

    Needs a ring that is not full.
    """
    i: s32 = first
    msg.sg.end = sk_msg_iter_var_next(msg.sg.end)
    sg_assign(kept0.sge, msg.sg.data[i])
    kept0.sge_copy = sk_msg_elem_is_copy(msg, i)
    i = sk_msg_iter_var_next(i)
    sg_assign(kept0.nsge, msg.sg.data[i])
    kept0.nsge_copy = sk_msg_elem_is_copy(msg, i)
    while i != msg.sg.end:
        sg_assign(msg.sg.data[i], kept0.sge)
        sk_msg_set_elem_copy(msg, i, kept0.sge_copy)
        i = sk_msg_iter_var_next(i)
        sg_assign(kept0.sge, kept0.nsge)
        kept0.sge_copy = kept0.nsge_copy
        sg_assign(kept0.nsge, msg.sg.data[i])
        kept0.nsge_copy = sk_msg_elem_is_copy(msg, i)
    sk_msg_clear_elem_copy(msg, msg.sg.end)


# ---------------------------------------------------------------- memory


@user
def alloc_pages_for(bytes: u32) -> u32:
    """alloc_pages(..., get_order(bytes)): no page for 0 bytes (an order of 52), none beyond the largest order.

    The largest block of any configuration in mainline is taken: 2^13 pages of 64 KiB.
    """
    omits("page sizes and MAX_PAGE_ORDER of one configuration: an allocation of up to 512 MiB may succeed")
    if bytes == 0 or bytes > LARGEST_ALLOCATION:
        return 0
    return alloc_pages(bytes)


@kernel("lib/string.c")
def copy_bytes(to_page: u32, to: u32, from_page: u32, src: u32, length: u32) -> None:
    """memcpy() to a page that was just allocated; notes what comes to the byte placed0."""
    omits("the byte that is followed from its source: placed0 is followed from its destination")
    end: u64 = to
    end += length
    check(to_page == memory0.next_page - 1 and end <= memory0.page_bytes, "bounds: a write stays inside the new page")
    check(from_page != 0, "page: data are read from a page")
    if holds(to_page, to, length, placed0.page, placed0.offset):
        placed0.writes += 1
        placed0.from_page = from_page
        placed0.from_offset = src + (placed0.offset - to)


@user
def int_of(value: s32) -> s32:
    """The conversion of a u32 to int: `wrapping(int_of(x))` where it may change the value on purpose."""
    return value
