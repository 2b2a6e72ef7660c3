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
    adjoining,
    any_cut_message,
    any_memory,
    any_message,
    any_socket,
    byte_kept,
    check_charge,
    check_copy_bits,
    check_elements,
    check_indices,
    check_references,
    check_ring,
    cursor,
    cut0,
    empty_outside,
    is_empty,
    is_followed,
    may_write,
    one_element,
    references,
    slot,
    used,
)
from spec.ring_tls import AT_END, AT_TAIL, next_entry


@proof("tls_push_record links", split=2)
def links(sk: Ptr[sock], msg: Ptr[sk_msg]) -> None:
    """The plaintext as the crypto layer walks it: the elements in their order, the content type of TLS 1.3, the end."""
    any_memory()
    any_socket(sk)
    any_message(sk, msg)
    tls13: bool = choose(2) == 1
    elements: u32 = used(msg)
    k: u32 = arbitrary(0, INT_MAX)
    was: bool = is_followed(msg, k)
    tls_push_record_links(msg, tls13)
    check_elements(msg)
    kept: bool = byte_kept(msg, k)
    check(not was or kept, "content: no link takes the place of an element")
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
    """The ciphertext buffer of the new record, here of one element, replaces that of the old one."""
    any_memory()
    any_socket(sk)
    any_message(sk, msg)
    one_element(sk, new)
    size: u32 = msg.sg.size
    left: u32 = new.sg.size
    assume(sk.charged >= size + left)
    charged: u64 = sk.charged
    held: u32 = references(msg) + references(new)
    assume(follow0.refs >= held)
    others: u32 = follow0.refs - held
    tls_merge_encrypted(sk, msg, new)
    check(msg.sg.size == left, "result: the buffer is the new one")
    check_ring(msg)
    check_charge(sk, charged, size + left, left)
    held = references(msg)
    check_references(held, others)
    empty: bool = is_empty(new)
    check(empty, "empty: the new record has none any more")


@proof("bpf_exec_tx_verdict size", split=2)
def ciphertext_follows(sk: Ptr[sock], msg: Ptr[sk_msg], cipher: Ptr[sk_msg]) -> None:
    """A program removes bytes of the plaintext, here of one element: the ciphertext buffer gets shorter too."""
    any_memory()
    any_socket(sk)
    any_message(sk, cipher)
    one_element(sk, msg)
    overhead: u32 = arbitrary(0, 64)
    assume(cipher.sg.size == msg.sg.size + overhead)
    assume(sk.charged >= msg.sg.size + cipher.sg.size)
    popped: u32 = arbitrary(0, INT_MAX)
    assume(popped <= msg.sg.size)
    tls_verdict_size(sk, msg, cipher, popped)
    check(
        cipher.sg.size == msg.sg.size + overhead,
        "length: the ciphertext has the bytes of the plaintext and the overhead",
    )
    check_ring(cipher)
