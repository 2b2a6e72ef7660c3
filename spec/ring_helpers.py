"""What the BPF helpers must do to a message: its bytes, copy bits, cursor, references, pointers.

A proof compares the message with a copy of it from before the call. A helper may move bytes to a new page; what one
arbitrary byte of that page holds is followed from that byte's side (`placed0` of models/ring/helpers.py). So each byte of
the message has one content before and one after, also where elements share bytes of a page.

Besides R1 to R8 the helpers count on F: a slot outside the message has length 0. Whatever leaves a message clears its
slot; only tls_split_open_record() does not, and no program sees the record that it leaves behind.
"""

from psockmc.lang import Ptr, Struct, arbitrary, assume, check, choose, instance, u32, u64, user

from models.ring.helpers import placed0
from models.ring.skmsg_h import sk_msg_assign
from models.ring.types import INT_MAX, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, follow0, memory0, sk_msg, sock
from spec.ring import (
    MAX_CHARGE,
    MAX_PAGES,
    any_memory,
    check_charge,
    check_references,
    check_ring,
    cursor,
    holds_slot,
    references,
    slot,
    used,
)

UINT_MAX = 4294967295


class place(Struct, name="place"):
    """Where a byte of a message is. element: its slot; shared: its copy bit; left: bytes of the element from it on."""

    page: u32
    offset: u32
    element: u32
    shared: bool
    left: u32


was0 = instance(place)
is0 = instance(place)

# ---------------------------------------------------------------- beginnings


@user
def any_program_message(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Any message that a program may be given, the empty one included; `before` becomes its copy.

    The first choose() is start, the second the number of elements. curr and copybreak are any numbers: the helpers do not
    read them.
    """
    any_memory()
    msg.sg.start = choose(NR_MSG_FRAG_IDS)
    elements: u32 = choose(MAX_MSG_FRAGS + 1)
    msg.sg.end = slot(msg.sg.start, elements)
    msg.sk = sk
    for i in range(NR_MSG_FRAG_IDS):
        msg.sg.data[i].is_chain = False
        msg.sg.data[i].length = 0
        inside: bool = holds_slot(msg, i)
        if not inside:
            msg.sg.copy[i] = False
    any_elements_in_a_row(msg, elements)
    assume(sk.charged >= msg.sg.size and sk.charged <= MAX_CHARGE)
    held: u32 = references(msg)
    assume(follow0.refs >= held)
    placed0.page = memory0.first_new_page
    placed0.offset = arbitrary(0, INT_MAX)
    placed0.writes = 0
    sk_msg_assign(before, msg)


@user
def any_elements_in_a_row(msg: Ptr[sk_msg], elements: u32) -> None:
    """Elements with bytes and a page. Each length is the difference of two positions in the message.

    The sum of lengths up to an element is one unknown then, and what compares positions compares two of them.
    """
    position: u32 = 0
    for n in range(MAX_MSG_FRAGS):
        if n < elements:
            i: u32 = slot(msg.sg.start, n)
            behind: u32 = arbitrary(1, INT_MAX)
            assume(position < behind)
            msg.sg.data[i].length = behind - position
            msg.sg.data[i].offset = arbitrary(0, INT_MAX)
            msg.sg.data[i].page = arbitrary(1, MAX_PAGES)
            assume(msg.sg.data[i].page < memory0.first_new_page)
            position = behind
    msg.sg.size = position


@user
def any_number() -> u32:
    """Any u32."""
    return arbitrary(0, UINT_MAX)


@user
def any_position() -> u32:
    """Any position in a message, also behind its end."""
    return arbitrary(0, INT_MAX)


@user
def any_flags() -> u64:
    """No flags, or one."""
    return arbitrary(0, 1)


# ---------------------------------------------------------------- bytes


@user
def locate(msg: Ptr[sk_msg], k: u32, at: Ptr[place]) -> None:
    """Where byte k of the message is; page 0 when there is no such byte."""
    at.page = 0
    at.offset = 0
    at.element = msg.sg.end
    at.shared = False
    at.left = 0
    sum: u64 = 0
    for n in range(MAX_MSG_FRAGS):
        if n < used(msg):
            i: u32 = slot(msg.sg.start, n)
            if k >= sum and k - sum < msg.sg.data[i].length:
                at.page = msg.sg.data[i].page
                at.offset = msg.sg.data[i].offset + (k - sum)
                at.element = i
                at.shared = msg.sg.copy[i]
                at.left = msg.sg.data[i].length - (k - sum)
            sum += msg.sg.data[i].length


@user
def same_content() -> bool:
    """Whether the byte at is0 is the one that was at was0: in its place still, or copied to its new one."""
    if is0.page != placed0.page:
        return is0.page == was0.page and is0.offset == was0.offset
    return is0.offset != placed0.offset or (
        placed0.writes == 1 and placed0.from_page == was0.page and placed0.from_offset == was0.offset
    )


@user
def same_copy_bit() -> bool:
    """Whether the byte may be written by a program as before; one in a private page always may."""
    if is0.page == placed0.page:
        return not is0.shared
    return is0.shared == was0.shared


@user
def check_byte(before: Ptr[sk_msg], k: u32, msg: Ptr[sk_msg], now: u32) -> None:
    """Checks that byte `now` of the message is byte k of the message before."""
    locate(before, k, was0)
    locate(msg, now, is0)
    content: bool = same_content()
    check(is0.page == 0 or content, "bytes: every byte that stays keeps its content and its position")
    bit: bool = same_copy_bit()
    check(is0.page == 0 or bit, "copy: a byte's copy bit stays with it, and is clear in a private page")


# ---------------------------------------------------------------- what holds after every call


@user
def free_slots_have_no_bytes(msg: Ptr[sk_msg]) -> bool:
    """F: the length of a slot outside the message is 0."""
    good: bool = True
    for i in range(NR_MSG_FRAG_IDS):
        inside: bool = holds_slot(msg, i)
        if msg.sg.data[i].length != 0 and not inside:
            good = False
    return good


@user
def elements_fit_new_page(msg: Ptr[sk_msg]) -> bool:
    """Whether every element in the new page lies inside it, without wrap-around."""
    good: bool = True
    for n in range(MAX_MSG_FRAGS):
        if n < used(msg):
            i: u32 = slot(msg.sg.start, n)
            end: u64 = msg.sg.data[i].offset
            end += msg.sg.data[i].length
            if msg.sg.data[i].page == placed0.page and end > memory0.page_bytes:
                good = False
    return good


@user
def cursor_is_at_end(msg: Ptr[sk_msg]) -> bool:
    """Whether the next copy from the user goes behind the last byte, into the last element as long as there is one."""
    if msg.sg.size == 0:
        return msg.sg.curr == msg.sg.start and msg.sg.copybreak == 0
    position: u64 = cursor(msg)
    return msg.sg.curr != msg.sg.end and position == msg.sg.size


@user
def check_helper(sk: Ptr[sock], msg: Ptr[sk_msg], charged: u64, before: Ptr[sk_msg], others: u32) -> None:
    """Checks what holds after each successful call. charged, others: charge, and references of nobody, before it."""
    check_ring(msg)
    check_charge(sk, charged, before.sg.size, msg.sg.size)
    held: u32 = references(msg)
    check_references(held, others)
    clean: bool = free_slots_have_no_bytes(msg)
    check(clean, "F: a slot outside the message has length 0")
    fits: bool = elements_fit_new_page(msg)
    check(fits, "alloc: an element lies inside the page that was allocated for it")
    at_end: bool = cursor_is_at_end(msg)
    check(at_end, "cursor: the next byte from the user goes behind the last byte")


@user
def same_element(msg: Ptr[sk_msg], before: Ptr[sk_msg], i: u32) -> bool:
    """Whether slot i is what it was."""
    return (
        msg.sg.data[i].page == before.sg.data[i].page
        and msg.sg.data[i].offset == before.sg.data[i].offset
        and msg.sg.data[i].length == before.sg.data[i].length
        and msg.sg.copy[i] == before.sg.copy[i]
    )


@user
def check_unchanged(sk: Ptr[sock], msg: Ptr[sk_msg], charged: u64, before: Ptr[sk_msg], refs: u32) -> None:
    """Checks that a refused call changed nothing."""
    same: bool = (
        msg.sg.start == before.sg.start
        and msg.sg.curr == before.sg.curr
        and msg.sg.end == before.sg.end
        and msg.sg.size == before.sg.size
        and msg.sg.copybreak == before.sg.copybreak
    )
    for i in range(NR_MSG_FRAG_IDS):
        element: bool = same_element(msg, before, i)
        if not element:
            same = False
    check(same, "refused: a call that fails leaves the message as it was")
    check(sk.charged == charged and follow0.refs == refs, "refused: a call that fails charges and references nothing")
