"""bpf_msg_push_data(): for every message, every place and every number of bytes."""

from psockmc.lang import Ptr, arbitrary, assume, check, choose, proof, s32, u32, u64, user

from models.ring.helpers import found0
from models.ring.push import push_found
from models.ring.types import EINVAL, ENOMEM, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, sk_msg, sock
from spec.ring import used
from spec.ring_around import (
    any_message_around,
    any_positions,
    around0,
    check_content,
    check_rest_around,
    check_ring_around,
    check_unchanged_around,
    from_anchor,
)
from spec.ring_helpers import UINT_MAX


@user
def check_pushed(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg], elements: u32, len: u32) -> None:
    """Checks a message with `len` new bytes at around0.start, and `elements` elements from the anchor on."""
    check_ring_around(msg, before, elements)
    check_rest_around(sk, msg, before, elements)
    size: u64 = before.sg.size
    check(msg.sg.size == size + len, "size: it grows by the number of new bytes")
    check_content(before, msg, elements, 0, len)


@proof("bpf_msg_push_data", split=5)
def push(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Pushing before a byte of the message inserts there, and nowhere else."""
    around0.anchor = choose(NR_MSG_FRAG_IDS)
    around0.elements_from = choose(MAX_MSG_FRAGS) + 1
    room: u32 = choose(3)  # slots that are free: none, one, or two and more
    if around0.elements_from + room > MAX_MSG_FRAGS:
        return
    splits: bool = choose()
    most: u32 = MAX_MSG_FRAGS - around0.elements_from - room
    around0.elements_before = most
    if room == 2:
        around0.elements_before = arbitrary(0, MAX_MSG_FRAGS - 1)
        assume(around0.elements_before <= most)
    around0.allocates = True
    any_positions(splits, NR_MSG_FRAG_IDS)
    any_message_around(sk, msg, before)
    if room == 2:
        elements: u32 = used(msg)
        assume(elements <= MAX_MSG_FRAGS - 2)  # it follows, and is said so that nobody has to find out
    len: u32 = arbitrary(1, UINT_MAX)
    result: s32 = push_found(msg, around0.start, len)
    crowded: bool = room == 0 or (room == 1 and splits)
    check(result == 0 or result == -ENOMEM or result == -EINVAL, "range: a place in the message is taken")
    if result == -EINVAL:
        check(crowded and len > UINT_MAX - found0.length, "range: a place in the message is taken")
    if result != 0:
        check_unchanged_around(sk, msg, before)
        return
    check_pushed(sk, msg, before, around0.elements_from + (0 if crowded else 2 if splits else 1), len)


@proof("bpf_msg_push_data at the end", split=3)
def append(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Pushing behind the last byte of a message that is not full appends."""
    around0.anchor = choose(NR_MSG_FRAG_IDS)
    around0.elements_from = choose(2)
    around0.allocates = True
    any_positions(False, NR_MSG_FRAG_IDS)
    around0.elements_before = around0.elements_from * arbitrary(0, MAX_MSG_FRAGS - 2)
    any_message_around(sk, msg, before)
    check_append(sk, msg, before)


@proof("bpf_msg_push_data at the end of a full ring", split=2)
def append_to_full(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Pushing behind the last byte of a full message: there is no slot for it."""
    around0.anchor = choose(NR_MSG_FRAG_IDS)
    around0.elements_from = 1
    around0.elements_before = MAX_MSG_FRAGS - 1
    around0.allocates = True
    any_positions(False, NR_MSG_FRAG_IDS)
    any_message_around(sk, msg, before)
    check_append(sk, msg, before)


@user
def check_append(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Pushes any number of bytes behind the last byte, and checks the outcome."""
    around0.start = before.sg.size
    found0.i = from_anchor(around0.elements_from)
    len: u32 = arbitrary(1, UINT_MAX)
    result: s32 = push_found(msg, around0.start, len)
    check(result == 0 or result == -ENOMEM, "range: the end of the message is taken")
    if result != 0:
        check_unchanged_around(sk, msg, before)
        return
    check_pushed(sk, msg, before, around0.elements_from + 1, len)
