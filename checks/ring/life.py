"""Proofs about messages that lose bytes: trimmed, freed, returned, moved to another message."""

from psockmc.lang import Ptr, arbitrary, assume, check, choose, proof, s32, u32, u64

from models.ring.skmsg import (
    sk_msg_free,
    sk_msg_free_nocharge,
    sk_msg_free_partial,
    sk_msg_free_partial_nocharge,
    sk_msg_return,
    sk_msg_return_zero,
    sk_msg_trim,
)
from models.ring.skmsg_h import sk_msg_assign, sk_msg_init, sk_msg_xfer, sk_msg_xfer_full
from models.ring.types import INT_MAX, NR_MSG_FRAG_IDS, SG_SLOTS, follow0, sk_msg, sock
from spec.ring import (
    any_memory,
    any_message,
    any_ring,
    any_socket,
    check_charge,
    check_references,
    check_ring,
    is_empty,
    references,
)
from spec.ring_helpers import same_element
from spec.ring_part import (
    any_beginning,
    any_ending,
    check_first_part,
    check_freed,
    check_last_part,
    check_references_left,
    check_unchanged,
    nth,
    part0,
    touched,
)


@proof("sk_msg_init")
def init(msg: Ptr[sk_msg]) -> None:
    """An empty message."""
    sk_msg_init(msg)
    empty: bool = is_empty(msg)
    check(empty, "empty: no element, no byte, no copy bit")
    check_ring(msg)


@proof("sk_msg_trim", split=3)
def trim(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """The end of a message is cut off."""
    any_memory()
    any_socket(sk)
    there: bool = any_ending(sk, msg, before)
    if not there:
        return
    len: s32 = part0.position
    sk_msg_trim(sk, msg, len)
    check(msg.sg.size == len, "result: the message has the number of bytes that was asked for")
    check_charge(sk, part0.charged, before.sg.size, msg.sg.size)
    check_first_part(msg, before)
    last: u32 = nth(0 if part0.inside else NR_MSG_FRAG_IDS - 1)
    if touched() == 0 or part0.steps < part0.others:
        stays: bool = msg.sg.curr == before.sg.curr and msg.sg.copybreak == before.sg.copybreak
        check(stays, "cursor: before the cut it stays where it was")
    elif part0.others == 0 and not part0.inside:
        check(msg.sg.curr == msg.sg.start and msg.sg.copybreak == 0, "R5: in an empty message curr is its end")
    else:
        check(msg.sg.curr == last, "R5: from the cut or behind it curr moves to the last element")
        filled: u32 = msg.sg.data[last].length
        if part0.inside and part0.steps == part0.others and before.sg.copybreak < filled:
            filled = before.sg.copybreak
        check(msg.sg.copybreak == filled, "R6: copybreak is where it was, or at the cut")


@proof("sk_msg_free", split=2)
def free(sk: Ptr[sock], msg: Ptr[sk_msg]) -> None:
    """A message is freed with its charge, or without a charge that was given back before."""
    any_memory()
    any_socket(sk)
    any_ring(sk, msg)
    charge: bool = choose(2) == 1
    size: u32 = msg.sg.size
    charged: u64 = sk.charged
    others: u32 = follow0.refs - references(msg)
    freed: s32 = 0
    if charge:
        freed = sk_msg_free(sk, msg)
        check_charge(sk, charged, size, 0)
    else:
        freed = sk_msg_free_nocharge(sk, msg)
        check_charge(sk, charged, 0, 0)
    check(freed == size, "result: the number of bytes that were freed")
    empty: bool = is_empty(msg)
    check(empty, "empty: no element, no byte, no copy bit")
    check_references(0, others)


@proof("sk_msg_free_partial", split=3)
def free_partial(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """The first bytes of a message, all of which were copied, are freed."""
    any_memory()
    any_socket(sk)
    there: bool = any_beginning(sk, msg, before)
    if not there:
        return
    charge: bool = choose(2) == 1
    elements: u32 = touched() + part0.others
    last: u32 = nth(elements - 1)
    at_end: bool = part0.steps == elements and msg.sg.copybreak == 0
    at_last: bool = part0.steps + 1 == elements and msg.sg.copybreak == msg.sg.data[last].length
    assume(at_end or at_last)
    if charge:
        sk_msg_free_partial(sk, msg, part0.position)
        check_charge(sk, part0.charged, before.sg.size, msg.sg.size)
    else:
        sk_msg_free_partial_nocharge(sk, msg, part0.position)
        check_charge(sk, part0.charged, 0, 0)
    check(msg.sg.size == before.sg.size - part0.position, "result: the message has so many bytes less")
    check_last_part(msg, before)
    check_freed(msg, 0, part0.elements)
    check_references_left(msg, before, part0.elements, touched())
    if part0.inside or part0.others != 0:
        check(msg.sg.curr == last or msg.sg.curr == msg.sg.end, "R5: curr is an element of the message or its end")
        room: u32 = msg.sg.data[last].length if at_last else 0
        check(msg.sg.copybreak <= room, "R6: copybreak lies in the element at curr")


@proof("sk_msg_return", split=3)
def give_back(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """The charge of the first bytes is given back."""
    any_memory()
    any_socket(sk)
    there: bool = any_beginning(sk, msg, before)
    if not there:
        return
    sk_msg_return(sk, msg, part0.position)
    check_charge(sk, part0.charged, part0.position, 0)
    check_unchanged(msg, before)
    check(follow0.refs == part0.refs, "refs: every element keeps its reference")


@proof("sk_msg_return_zero", split=3)
def give_back_and_take_out(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """The charge of the first bytes is given back; the bytes themselves belong to another message from then on."""
    any_memory()
    any_socket(sk)
    there: bool = any_beginning(sk, msg, before)
    if not there or touched() == 0:
        return
    sk_msg_return_zero(sk, msg, part0.position)
    # As the caller does.
    msg.sg.size -= part0.position
    check_charge(sk, part0.charged, before.sg.size, msg.sg.size)
    check_last_part(msg, before)
    check(follow0.refs == part0.refs, "refs: the references go with the bytes")


@proof("sk_msg_xfer", split=2)
def move_part(sk: Ptr[sock], msg: Ptr[sk_msg], dst: Ptr[sk_msg]) -> None:
    """The beginning of the first element moves to an empty message; the caller takes a reference when it is shared."""
    any_memory()
    any_socket(sk)
    any_message(sk, msg)
    sk_msg_init(dst)
    at: u32 = msg.sg.start
    size: u32 = arbitrary(1, INT_MAX)
    assume(size <= msg.sg.data[at].length)
    total: u32 = msg.sg.size
    copy: bool = msg.sg.copy[at]
    page: u32 = msg.sg.data[at].page
    offset: u32 = msg.sg.data[at].offset
    length: u32 = msg.sg.data[at].length
    sk_msg_xfer(dst, msg, at, size)
    check(dst.sg.size == size and msg.sg.size == total - size, "R3: no byte is lost and none is twice")
    check(dst.sg.data[at].length == size, "content: so many bytes are in the other message")
    check(dst.sg.data[at].page == page and dst.sg.data[at].offset == offset, "content: the first ones of the element")
    check(
        msg.sg.data[at].length == length - size and msg.sg.data[at].offset == offset + size,
        "content: the rest of the element stays",
    )
    check(dst.sg.copy[at] == copy, "copy: the copy bit goes with the bytes")
    check(msg.sg.copy[at] == (copy and msg.sg.data[at].length != 0), "R7: an element without bytes has no copy bit")


@proof("sk_msg_xfer_full")
def move_all(sk: Ptr[sock], msg: Ptr[sk_msg], dst: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """A whole message becomes another one. Whatever is in it, it is the same then: so R1 to R7 hold if they held."""
    any_memory()
    refs: u32 = follow0.refs
    sk_msg_assign(before, msg)
    sk_msg_xfer_full(dst, msg)
    same: bool = (
        dst.sg.start == before.sg.start
        and dst.sg.end == before.sg.end
        and dst.sg.size == before.sg.size
        and dst.apply_bytes == before.apply_bytes
        and dst.cork_bytes == before.cork_bytes
    )
    for i in range(SG_SLOTS):
        element: bool = same_element(dst, before, i)
        chained: bool = dst.sg.data[i].is_chain == before.sg.data[i].is_chain
        marked: bool = dst.sg.data[i].is_last == before.sg.data[i].is_last
        same = same and element and chained and marked
    check(same, "content: the other message is what this one was")
    check(dst.sg.curr == before.sg.curr and dst.sg.copybreak == before.sg.copybreak, "cursor: it goes along")
    check(follow0.refs == refs, "refs: the references go with the elements")
    empty: bool = is_empty(msg)
    check(empty, "empty: nothing is left in the first one")
