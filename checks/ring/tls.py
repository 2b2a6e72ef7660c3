"""Proofs about kernel TLS: the links of a record, splitting and merging records, the size of the ciphertext."""

from psockmc.lang import Ptr, arbitrary, assume, check, choose, proof, u32, u64

from models.ring.skmsg_h import sk_msg_init
from models.ring.tls import (
    split,
    tls_merge_encrypted,
    tls_merge_open_record,
    tls_push_record_links,
    tls_split_open_record,
    tls_verdict_size,
)
from models.ring.types import INT_MAX, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, follow0, sk_msg, sock
from spec.ring import (
    MAX_CHARGE,
    adjoining,
    any_cut_message,
    any_memory,
    any_slots,
    any_socket,
    byte_kept,
    check_charge,
    check_elements,
    check_indices,
    check_references,
    check_ring,
    cut0,
    empty_outside,
    is_empty,
    is_followed,
    may_write,
    references,
    slot,
)
from spec.ring_front import copy_front
from spec.ring_helpers import same_element
from spec.ring_send import one_filled
from spec.ring_tls import AT_END, AT_TAIL, next_entry

POPS_NOTHING = 0
POPS_SOME = 1


@proof("tls_push_record links", split=3)
def links(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """The plaintext as the crypto layer walks it: the elements in their order, the content type of TLS 1.3, the end."""
    any_memory()
    any_socket(sk)
    msg.sg.start = choose(NR_MSG_FRAG_IDS)
    elements: u32 = choose(MAX_MSG_FRAGS) + 1
    tls13: bool = choose()
    msg.sg.end = slot(msg.sg.start, elements)
    cut0.element = elements
    cut0.inside = False
    any_slots(msg, elements)
    copy_front(before, msg)
    tls_push_record_links(msg, tls13)
    kept: bool = True
    for n in range(MAX_MSG_FRAGS):
        if n < elements:
            i: u32 = slot(msg.sg.start, n)
            same: bool = same_element(msg, before, i) and not msg.sg.data[i].is_chain
            kept = kept and same
    check(kept, "content: no link takes the place of an element")
    frame: bool = msg.sg.start == before.sg.start and msg.sg.end == before.sg.end and msg.sg.size == before.sg.size
    check(frame, "R3: the size is the sum of the lengths of the elements")
    at: u32 = msg.sg.start
    in_order: bool = True
    for n in range(MAX_MSG_FRAGS):
        if n < elements:
            in_order = in_order and at == slot(msg.sg.start, n)
            at = next_entry(msg, at)
    check(in_order, "chain: the walk meets every element, in their order")
    check(at == (AT_TAIL if tls13 else AT_END), "chain: then it meets the content type, or ends")


@proof("tls_split_open_record", split=4)
def split_record(sk: Ptr[sock], msg: Ptr[sk_msg], new: Ptr[sk_msg], cut: Ptr[split]) -> None:
    """The bytes behind apply_bytes move to a new record. No record is split twice: slots outside it hold nothing."""
    any_memory()
    any_socket(sk)
    there: bool = any_cut_message(sk, msg)
    if not there:
        return
    sk_msg_init(new)
    if cut0.position == 0 or cut0.position == msg.sg.size:
        return
    msg.apply_bytes = cut0.position
    empty_outside(msg)
    bytes: u32 = msg.apply_bytes
    k: u32 = arbitrary(0, INT_MAX)
    was: bool = is_followed(msg, k)
    writable: bool = may_write(msg, k)
    size: u32 = msg.sg.size
    charged: u64 = sk.charged
    others: u32 = follow0.refs - references(msg)
    tls_split_open_record(sk, msg, new, cut)
    check(
        msg.sg.size == bytes and new.sg.size == size - bytes,
        "result: so many bytes stay, the rest is in the new record",
    )
    check(msg.apply_bytes == 0 and new.apply_bytes == 0, "apply: the bytes that the verdict applies to are done")
    check_indices(msg)
    check_elements(msg)
    check_ring(new)
    check(sk.charged == charged, "R8: a split changes no charge")
    held: u32 = references(msg) + references(new)
    check_references(held, others)
    kept: bool = byte_kept(msg, k)
    check(k >= bytes or not was or kept, "content: the first bytes stay")
    moved: bool = k >= bytes and byte_kept(new, k - bytes)
    check(k < bytes or k >= size or not was or moved, "content: the others follow in the new record")
    stays: bool = may_write(msg, k)
    check(k >= bytes or stays == writable, "copy: the copy bits of the first bytes stay")
    goes: bool = k >= bytes and may_write(new, k - bytes)
    check(k < bytes or k >= size or goes == writable, "copy: those of the others go with them")


@proof("tls_merge_open_record", split=4)
def merge_record(sk: Ptr[sock], msg: Ptr[sk_msg], new: Ptr[sk_msg], cut: Ptr[split]) -> None:
    """A split is undone. No record is split twice: slots outside it hold nothing.

    Elements that adjoin in a page are one element: sk_msg_clone() sees to it.
    """
    any_memory()
    any_socket(sk)
    there: bool = any_cut_message(sk, msg)
    if not there:
        return
    sk_msg_init(new)
    if cut0.position == 0 or cut0.position == msg.sg.size:
        return
    msg.apply_bytes = cut0.position
    empty_outside(msg)
    k: u32 = arbitrary(0, INT_MAX)
    was: bool = is_followed(msg, k)
    writable: bool = may_write(msg, k)
    size: u32 = msg.sg.size
    others: u32 = follow0.refs - references(msg)
    adjoin: bool = adjoining(msg, cut0.element)
    assume(cut0.inside or not adjoin)
    tls_split_open_record(sk, msg, new, cut)
    tls_merge_open_record(msg, new, cut.orig_end)
    check(msg.sg.size == size, "result: the record has all its bytes again")
    check_ring(msg)
    held: u32 = references(msg)
    check_references(held, others)
    kept: bool = byte_kept(msg, k)
    check(not was or kept, "content: they are the same bytes")
    may: bool = may_write(msg, k)
    check(k >= size or may == writable, "copy: with the same copy bits")


@proof("tls_merge_open_record adjoining", split=4)
def merge_adjoining(sk: Ptr[sock], msg: Ptr[sk_msg], new: Ptr[sk_msg], cut: Ptr[split]) -> None:
    """A split between two elements that adjoin in a page is undone."""
    any_memory()
    any_socket(sk)
    there: bool = any_cut_message(sk, msg)
    if not there or cut0.inside or cut0.position == 0 or cut0.position == msg.sg.size:
        return
    sk_msg_init(new)
    msg.apply_bytes = cut0.position
    empty_outside(msg)
    adjoin: bool = adjoining(msg, cut0.element)
    assume(adjoin)
    others: u32 = follow0.refs - references(msg)
    tls_split_open_record(sk, msg, new, cut)
    tls_merge_open_record(msg, new, cut.orig_end)
    check_elements(msg)
    held: u32 = references(msg)
    check_references(held, others)


@proof("tls_merge_encrypted", split=2)
def merge_ciphertext(sk: Ptr[sock], msg: Ptr[sk_msg], new: Ptr[sk_msg]) -> None:
    """The ciphertext buffer of the new record replaces that of the old one.

    Both have one element here. That longer ones are freed is proved of sk_msg_free(), and nothing but the copy of all
    slots is left of them.
    """
    any_memory()
    any_socket(sk)
    msg.sg.start = choose(NR_MSG_FRAG_IDS)
    new.sg.start = slot(msg.sg.start, choose(NR_MSG_FRAG_IDS))
    size: u32 = arbitrary(1, INT_MAX)
    left: u32 = arbitrary(1, INT_MAX)
    assume(sk.charged <= MAX_CHARGE)
    one_filled(sk, msg, size)
    one_filled(sk, new, left)
    charged: u64 = sk.charged
    held: u32 = references(msg) + references(new)
    others: u32 = follow0.refs - held
    tls_merge_encrypted(sk, msg, new)
    check(msg.sg.size == left, "result: the buffer is the new one")
    check_ring(msg)
    check_charge(sk, charged, size + left, left)
    held = references(msg)
    check_references(held, others)
    empty: bool = is_empty(new)
    check(empty, "empty: the new record has none any more")


@proof("bpf_exec_tx_verdict size", split=4)
def ciphertext_follows(sk: Ptr[sock], msg: Ptr[sk_msg], cipher: Ptr[sk_msg]) -> None:
    """A program removes bytes of the plaintext: the ciphertext buffer gets shorter too.

    Both have one element here. What a longer one looks like when it is shortened is proved of sk_msg_trim().
    """
    any_memory()
    any_socket(sk)
    cipher.sg.start = choose(NR_MSG_FRAG_IDS)
    msg.sg.start = slot(cipher.sg.start, choose(NR_MSG_FRAG_IDS))
    pops: u32 = choose(3)
    exact: bool = choose()
    left: u32 = arbitrary(1, INT_MAX)
    size: u32 = left
    if pops == POPS_SOME:
        size = arbitrary(1, INT_MAX)
        assume(size > left)
    whole: u32 = size
    if not exact:
        whole = arbitrary(1, INT_MAX)
        assume(whole > size)
    overhead: u32 = whole - size
    one_filled(sk, msg, size)
    one_filled(sk, cipher, whole)
    popped: u32 = 0 if pops == POPS_NOTHING else size - left if pops == POPS_SOME else size
    tls_verdict_size(sk, msg, cipher, popped)
    check(
        cipher.sg.size == msg.sg.size + overhead,
        "length: the ciphertext has the bytes of the plaintext and the overhead",
    )
    check_ring(cipher)
