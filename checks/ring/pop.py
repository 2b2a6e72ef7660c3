"""bpf_msg_pop_data(): for every message and every range."""

from psockmc.lang import Ptr, arbitrary, assume, check, choose, proof, s32, u32

from models.ring.pop import pop_found
from models.ring.types import EINVAL, ENOMEM, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, sk_msg, sock
from spec.ring_around import (
    any_message_around,
    any_positions,
    around0,
    check_content,
    check_rest_around,
    check_ring_around,
    check_unchanged_around,
)
from spec.ring_helpers import UINT_MAX


@proof("bpf_msg_pop_data", split=7)
def pop(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Popping removes exactly the range: what is before it and behind it stays, in order."""
    around0.anchor = choose(NR_MSG_FRAG_IDS)
    around0.elements_from = choose(MAX_MSG_FRAGS) + 1
    last: u32 = choose(MAX_MSG_FRAGS)
    if last >= around0.elements_from:
        return
    head: bool = choose()
    tail: bool = choose()
    split: bool = last == 0 and head and tail
    if split:
        around0.elements_before = choose(MAX_MSG_FRAGS)
    else:
        around0.elements_before = arbitrary(0, MAX_MSG_FRAGS - 1)
    full: bool = around0.elements_before + around0.elements_from == MAX_MSG_FRAGS
    if split and around0.elements_before + around0.elements_from > MAX_MSG_FRAGS:
        return
    around0.allocates = split and full
    any_positions(head, last if tail else NR_MSG_FRAG_IDS)
    if not tail:
        around0.until = around0.ends[last]
    any_message_around(sk, msg, before)
    len: u32 = around0.until - around0.start
    result: s32 = pop_found(msg, around0.start, len)
    check(result == 0 or (result == -ENOMEM and split and full), "range: a range in the message is popped")
    if result != 0:
        check_unchanged_around(sk, msg, before)
        return
    elements: u32 = around0.elements_from - last - 1
    elements += (1 if head else 0) + (1 if tail and not (split and full) else 0)
    check_ring_around(msg, before, elements)
    check_rest_around(sk, msg, before, elements)
    check(msg.sg.size == before.sg.size - len, "size: it shrinks by the number of removed bytes")
    check_content(before, msg, elements, len, 0)


@proof("bpf_msg_pop_data beyond the end", split=4)
def pop_beyond(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """A range that ends behind the message is refused, whatever its length."""
    around0.anchor = choose(NR_MSG_FRAG_IDS)
    around0.elements_from = choose(MAX_MSG_FRAGS) + 1
    head: bool = choose()
    around0.elements_before = arbitrary(0, MAX_MSG_FRAGS - 1)
    any_positions(head, NR_MSG_FRAG_IDS)
    any_message_around(sk, msg, before)
    len: u32 = arbitrary(1, UINT_MAX)
    assume(len > before.sg.size - around0.start)
    result: s32 = pop_found(msg, around0.start, len)
    check(result == -EINVAL, "range: a range that ends behind the message is refused as invalid")
    check_unchanged_around(sk, msg, before)
