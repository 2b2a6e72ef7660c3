"""The helpers that set a number, the search of the others, and the cursor."""

from psockmc.lang import Ptr, arbitrary, assume, check, choose, proof, s32, u32, user

from models.ring.helpers import (
    bpf_msg_apply_bytes,
    bpf_msg_cork_bytes,
    find_element,
    found0,
    sk_msg_reset_curr,
)
from models.ring.types import INT_MAX, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, sk_msg
from spec.ring import slot
from spec.ring_helpers import UINT_MAX


@proof("bpf_msg_apply_bytes")
def apply_bytes(msg: Ptr[sk_msg]) -> None:
    """Any number is stored as it is."""
    bytes: u32 = arbitrary(0, UINT_MAX)
    cork: u32 = msg.cork_bytes
    result: s32 = bpf_msg_apply_bytes(msg, bytes)
    check(result == 0 and msg.apply_bytes == bytes and msg.cork_bytes == cork, "stored: the number is stored exactly")


@proof("bpf_msg_cork_bytes")
def cork_bytes(msg: Ptr[sk_msg]) -> None:
    """Any number is stored as it is."""
    bytes: u32 = arbitrary(0, UINT_MAX)
    apply: u32 = msg.apply_bytes
    result: s32 = bpf_msg_cork_bytes(msg, bytes)
    check(result == 0 and msg.cork_bytes == bytes and msg.apply_bytes == apply, "stored: the number is stored exactly")


@user
def any_plain_elements(msg: Ptr[sk_msg], elements: u32) -> u32:
    """A message with `elements` elements behind msg.sg.start; other slots have no bytes. The size."""
    msg.sg.end = slot(msg.sg.start, elements)
    size: u32 = 0
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = slot(msg.sg.start, n)
        msg.sg.data[i].length = 0
        if n < elements:
            behind: u32 = arbitrary(1, INT_MAX)
            assume(size < behind)
            msg.sg.data[i].length = behind - size
            size = behind
    msg.sg.size = size
    return size


@proof("find_element", split=2)
def find(msg: Ptr[sk_msg]) -> None:
    """The search of pull, push and pop: what their proofs begin with."""
    msg.sg.start = choose(NR_MSG_FRAG_IDS)
    elements: u32 = choose(MAX_MSG_FRAGS + 1)
    size: u32 = any_plain_elements(msg, elements)
    start: u32 = arbitrary(0, UINT_MAX)
    find_element(msg, start)
    begins: u32 = 0
    last: u32 = 0
    if start >= size:
        for n in range(MAX_MSG_FRAGS):
            if n < elements:
                last = msg.sg.data[slot(msg.sg.start, n)].length
        check(found0.i == msg.sg.end, "found: a byte behind the message is in no element")
        check(found0.offset + found0.length == size, "found: the search stops with the end of the message")
        check(found0.length == last, "found: the search stops with the last element")
    else:
        for n in range(MAX_MSG_FRAGS):
            if n < elements:
                i: u32 = slot(msg.sg.start, n)
                if start >= begins and start - begins < msg.sg.data[i].length:
                    check(found0.i == i, "found: the element is the one with the byte")
                    check(found0.offset == begins, "found: its position is the sum of the lengths before it")
                    check(found0.length == msg.sg.data[i].length, "found: its length is its length")
                begins += msg.sg.data[i].length


@proof("sk_msg_reset_curr", split=2)
def reset_curr(msg: Ptr[sk_msg]) -> None:
    """The cursor goes behind the last byte, from wherever it was."""
    msg.sg.start = choose(NR_MSG_FRAG_IDS)
    elements: u32 = choose(MAX_MSG_FRAGS + 1)
    size: u32 = any_plain_elements(msg, elements)
    sk_msg_reset_curr(msg)
    if size == 0:
        check(msg.sg.curr == msg.sg.start and msg.sg.copybreak == 0, "cursor: it is at the start of an empty message")
    else:
        last: u32 = slot(msg.sg.start, elements - 1)
        check(msg.sg.curr == last, "cursor: it is in the last element")
        check(msg.sg.copybreak == msg.sg.data[last].length, "cursor: it is behind the last byte")
