"""Proofs about indices: next, previous, distance, full and empty, and the copy bits of a range of slots."""

from psockmc.lang import Ptr, arbitrary, assume, check, choose, proof, u32

from models.ring.skmsg_h import (
    sk_msg_compute_data_pointers,
    sk_msg_elem_used,
    sk_msg_full,
    sk_msg_iter_dist,
    sk_msg_iter_var_next,
    sk_msg_iter_var_prev,
    sk_msg_sg_copy_assign,
    sk_msg_sg_copy_clear,
    sk_msg_sg_copy_set,
)
from models.ring.types import MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, sk_msg, sock
from spec.ring import any_memory, any_message, any_socket, byte_is, check_ring, slot
from spec.ring_part import any_ending, check_frame, check_unchanged, nth, part0, touched


@proof("sk_msg_iter_var_next")
def next_slot(msg: Ptr[sk_msg]) -> None:
    """The slot behind a slot."""
    i: u32 = choose(NR_MSG_FRAG_IDS)
    after: u32 = sk_msg_iter_var_next(i)
    check(after < NR_MSG_FRAG_IDS, "R1: the slot behind a slot is a slot")
    check(after == slot(i, 1), "order: behind the last slot comes the first")
    back: u32 = sk_msg_iter_var_prev(after)
    check(back == i, "inverse: one forward and one back is where one was")


@proof("sk_msg_iter_var_prev")
def previous_slot(msg: Ptr[sk_msg]) -> None:
    """The slot before a slot."""
    i: u32 = choose(NR_MSG_FRAG_IDS)
    before: u32 = sk_msg_iter_var_prev(i)
    check(before < NR_MSG_FRAG_IDS, "R1: the slot before a slot is a slot")
    check(before == slot(i, NR_MSG_FRAG_IDS - 1), "order: before the first slot comes the last")
    forth: u32 = sk_msg_iter_var_next(before)
    check(forth == i, "inverse: one back and one forward is where one was")


@proof("sk_msg_iter_dist")
def distance_of_slots(msg: Ptr[sk_msg]) -> None:
    """The distance of two slots."""
    start: u32 = choose(NR_MSG_FRAG_IDS)
    end: u32 = choose(NR_MSG_FRAG_IDS)
    dist: u32 = sk_msg_iter_dist(start, end)
    check(dist < NR_MSG_FRAG_IDS, "R2: two slots are less than a ring apart")
    check(slot(start, dist) == end, "order: so many steps lead from start to end")
    check((dist == 0) == (start == end), "empty: the distance is 0 for one and the same slot only")
    assume(start != end)
    after: u32 = sk_msg_iter_var_next(start)
    rest: u32 = sk_msg_iter_dist(after, end)
    check(rest + 1 == dist, "order: every step brings the end nearer by one")


@proof("sk_msg_full")
def full_or_empty(msg: Ptr[sk_msg]) -> None:
    """Full and empty messages."""
    msg.sg.start = choose(NR_MSG_FRAG_IDS)
    msg.sg.end = choose(NR_MSG_FRAG_IDS)
    full: bool = sk_msg_full(msg)
    used: u32 = sk_msg_elem_used(msg)
    after: u32 = sk_msg_iter_var_next(msg.sg.end)
    check(used <= MAX_MSG_FRAGS, "R2: one slot of the ring stays free")
    check(full == (after == msg.sg.start), "full: the message is full when the slot behind its end is its start")
    check(not full or msg.sg.start != msg.sg.end, "full: a full message is not taken for an empty one")
    check(full == (used == MAX_MSG_FRAGS), "full: it has as many elements as fit")


@proof("sk_msg_sg_copy", split=3)
def copy_bits(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """The copy bits from an element of the message, the anchor, to its end."""
    any_memory()
    any_socket(sk)
    there: bool = any_ending(sk, msg, before)
    if not there or part0.inside or touched() == 0:
        return
    set: bool = choose(2) == 1
    if set:
        sk_msg_sg_copy_set(msg, part0.anchor)
    else:
        sk_msg_sg_copy_clear(msg, part0.anchor)
    marked: bool = True
    for n in range(MAX_MSG_FRAGS):
        if n < touched():
            i: u32 = nth(n)
            marked = marked and msg.sg.copy[i] == set
            before.sg.copy[i] = set
    check(marked, "copy: elements from there on are marked")
    check_frame(msg, before)
    # The copy has the new bits by now: everything else is what it was.
    check_unchanged(msg, before)


@proof("sk_msg_sg_copy_assign", split=1)
def copy_bit_of_a_slot(sk: Ptr[sock], msg: Ptr[sk_msg], dst: Ptr[sk_msg]) -> None:
    """One copy bit taken over from another message."""
    i: u32 = choose(NR_MSG_FRAG_IDS)
    j: u32 = arbitrary(0, MAX_MSG_FRAGS)
    other: u32 = arbitrary(0, MAX_MSG_FRAGS)
    was: bool = dst.sg.copy[other]
    sk_msg_sg_copy_assign(dst, i, msg, j)
    check(dst.sg.copy[i] == msg.sg.copy[j], "copy: the bit is that of the other slot")
    check(other == i or dst.sg.copy[other] == was, "copy: no other bit changes")


@proof("sk_msg_compute_data_pointers", split=2)
def data_pointers(sk: Ptr[sock], msg: Ptr[sk_msg]) -> None:
    """What a program may access directly."""
    any_memory()
    any_socket(sk)
    any_message(sk, msg)
    sk_msg_compute_data_pointers(msg)
    check_ring(msg)
    hidden: bool = msg.sg.copy[msg.sg.start]
    check(not hidden or msg.data_page == 0, "copy: bytes of somebody else's page are hidden from the program")
    assume(not hidden)
    k: u32 = arbitrary(0, 2147483647)
    assume(k < msg.data_end - msg.data)
    there: bool = byte_is(msg, k, msg.data_page, msg.data + k)
    check(there, "content: the program sees the first bytes of the message")
