"""Proofs about messages that gain bytes: allocated, referred to, cloned, copied or taken from the user."""

from psockmc.lang import Ptr, arbitrary, assume, check, choose, proof, s32, u32, u64

from models.ring.skmsg import (
    sk_msg_alloc,
    sk_msg_alloc_piece,
    sk_msg_clone,
    sk_msg_clone_piece,
    sk_msg_memcopy_from_iter,
    sk_msg_trim,
    sk_msg_zerocopy_from_iter,
)
from models.ring.skmsg_h import sk_msg_full, sk_msg_init, sk_msg_page_add, sk_msg_sg_copy_set
from models.ring.types import (
    EFAULT,
    ENOMEM,
    ENOSPC,
    INT_MAX,
    MAX_MSG_FRAGS,
    NR_MSG_FRAG_IDS,
    PAGE_SIZE,
    U32_MAX,
    follow0,
    iov_iter,
    memory0,
    sk_msg,
    sock,
)
from spec.ring import (
    any_memory,
    any_ring,
    any_socket,
    byte_is,
    byte_kept,
    check_charge,
    check_references,
    check_ring,
    cursor,
    exact_iter,
    fill_ring,
    frag_references,
    is_followed,
    may_write,
    references,
    used,
)
from spec.ring_clone import adjoins, any_clone, check_clone
from spec.ring_pages import any_pages, check_cursor_undone, check_pages
from spec.ring_part import (
    any_beginning,
    any_ending,
    any_page,
    check_filled,
    check_freed,
    check_unchanged,
    nth,
    part0,
    same_slots,
    touched,
    wish,
)


@proof("sk_msg_page_add", split=2)
def page_add(sk: Ptr[sock], msg: Ptr[sk_msg]) -> None:
    """A page of somebody else becomes the last element of a message that is not full."""
    any_memory()
    any_socket(sk)
    any_ring(sk, msg)
    full: bool = sk_msg_full(msg)
    assume(not full)
    page: u32 = arbitrary(1, INT_MAX)
    len: u32 = arbitrary(1, INT_MAX)
    offset: u32 = arbitrary(0, PAGE_SIZE)
    assume(page < memory0.first_new_page and len <= INT_MAX - msg.sg.size)
    k: u32 = arbitrary(0, INT_MAX)
    was: bool = is_followed(msg, k)
    size: u32 = msg.sg.size
    elements: u32 = used(msg)
    others: u32 = follow0.refs - references(msg)
    sk_msg_page_add(msg, page, len, offset)
    check_ring(msg)
    check(msg.sg.size == size + len, "result: the message has the bytes of the page more")
    check(used(msg) == elements + 1, "full: a message with one element more is neither empty nor shorter")
    held: u32 = references(msg)
    check_references(held, others)
    kept: bool = byte_kept(msg, k)
    check(k >= size or not was or kept, "content: the bytes before stay")
    added: bool = k < size or k >= size + len or byte_is(msg, k, page, offset + (k - size))
    check(added, "content: the bytes of the page come behind them")
    may: bool = may_write(msg, k)
    check(k < size or k >= size + len or not may, "copy: a program may not write to the page")


@proof("sk_msg_alloc piece", split=2)
def alloc_piece(sk: Ptr[sock], msg: Ptr[sk_msg]) -> None:
    """One turn of sk_msg_alloc(): a piece of the page fragment lengthens the last element or becomes a new one.

    With sk_msg_trim(), which undoes all turns, this is sk_msg_alloc() by induction: what holds after one turn holds
    before the next. It ends: a turn that leaves something to do has used up the fragment, so the next adds an element.
    sk_msg_memcopy_from_iter() leaves curr on the last element, not at the end.
    """
    any_memory()
    any_socket(sk)
    any_ring(sk, msg)
    len: s32 = arbitrary(1, INT_MAX)
    assume(len <= INT_MAX - msg.sg.size)
    first: s32 = msg.sg.end
    # As the callers: TCP lengthens what there is, TLS makes every piece of the record one.
    first = first - 1 if choose(2) == 1 else 0
    k: u32 = arbitrary(0, INT_MAX)
    was: bool = is_followed(msg, k)
    writable: bool = may_write(msg, k)
    assume(msg.sg.curr != msg.sg.end or msg.sg.start == msg.sg.end)
    free: bool = sk.sk_frag.page == follow0.page and follow0.byte >= sk.sk_frag.offset
    assume(not was or not free)
    size: u32 = msg.sg.size
    elements: u32 = used(msg)
    charged: u64 = sk.charged
    filled: u64 = cursor(msg)
    before: u32 = references(msg) + frag_references(sk)
    assume(follow0.refs >= before)
    others: u32 = follow0.refs - before
    room: bool = sk.sk_frag.page != 0 and sk.sk_frag.offset + 32 <= sk.sk_frag.size
    ret: s32 = sk_msg_alloc_piece(sk, msg, len, first)
    check(ret > 0 and ret <= len or ret == -ENOSPC or ret == -ENOMEM, "result: a number of bytes, -ENOSPC or -ENOMEM")
    grown: u32 = ret if ret > 0 else 0
    check(msg.sg.size == size + grown, "result: the message has so many bytes more")
    full: bool = sk_msg_full(msg)
    check(ret != -ENOSPC or full, "full: -ENOSPC only when the ring is full")
    check(ret <= 0 or ret == len or sk.sk_frag.offset == sk.sk_frag.size, "termination: it is done, or the fragment is")
    check(ret <= 0 or room or used(msg) == elements + 1, "termination: a new fragment makes a new element")
    check_ring(msg)
    check_charge(sk, charged, size, msg.sg.size)
    held: u32 = references(msg) + frag_references(sk)
    check_references(held, others)
    kept: bool = byte_kept(msg, k)
    check(k >= size or not was or kept, "content: the bytes before stay")
    may: bool = may_write(msg, k)
    check(k >= size or may == writable, "copy: the copy bits of the bytes before stay")
    now: u64 = cursor(msg)
    check(now == filled, "cursor: the next copy goes on where it would have")


@proof("sk_msg_alloc", split=1)
def alloc(sk: Ptr[sock], msg: Ptr[sk_msg]) -> None:
    """An empty message gets bytes that one or two fragments have; a wish beyond INT_MAX comes as a negative number."""
    any_memory()
    any_socket(sk)
    begin: u32 = choose(NR_MSG_FRAG_IDS)
    fill_ring(sk, msg, begin, 0)
    bytes: u32 = arbitrary(0, 8000)
    charged: u64 = sk.charged
    before: u32 = frag_references(sk)
    assume(follow0.refs >= before)
    others: u32 = follow0.refs - before
    ret: s32 = sk_msg_alloc(sk, msg, bytes, -1)
    full: bool = sk_msg_full(msg)
    check(ret == 0 or ret == -ENOMEM or (ret == -ENOSPC and full), "result: 0, -ENOMEM, or -ENOSPC with a full ring")
    check(ret == -ENOSPC or msg.sg.size == (bytes if ret == 0 else 0), "result: all bytes, or none without memory")
    check_ring(msg)
    check_charge(sk, charged, 0, msg.sg.size)
    held: u32 = references(msg) + frag_references(sk)
    check_references(held, others)


@proof("sk_msg_clone piece", split=1)
def clone_piece(sk: Ptr[sock], msg: Ptr[sk_msg], dst: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """One turn of the loop of sk_msg_clone(): a piece of an element lengthens the last one or becomes a new one.

    This is sk_msg_clone() by induction: the message that is cloned is only read, what holds of the clone after one turn
    holds before the next, and each turn takes the next element. The clone starts in slot 0, as all callers have it.
    """
    any_memory()
    any_socket(sk)
    elements: u32 = choose(NR_MSG_FRAG_IDS)
    any_clone(dst, before, elements)
    off: u32 = arbitrary(0, INT_MAX)
    len: u32 = arbitrary(1, INT_MAX)
    any_page(msg, elements)
    msg.sg.data[elements].length = arbitrary(1, INT_MAX)
    assume(off < msg.sg.data[elements].length and len <= INT_MAX - dst.sg.size)
    page: u32 = msg.sg.data[elements].page
    at: u32 = msg.sg.data[elements].offset + off
    piece: u32 = msg.sg.data[elements].length - off
    piece = len if len < piece else piece
    charged: u64 = sk.charged
    refs: u32 = follow0.refs
    sgd: s32 = elements
    sgd -= 1
    joins: bool = elements != 0 and adjoins(dst, elements - 1 if elements else 0, page, at)
    ret: s32 = sk_msg_clone_piece(sk, dst, sgd, msg, elements, off, len)
    if elements == MAX_MSG_FRAGS and not joins:
        check(ret == -ENOSPC, "full: -ENOSPC when the ring is full and the piece does not join its last element")
        piece = 0
    else:
        check(ret == piece, "result: as many bytes as the element has, at most as many as are wanted")
    check(dst.sg.size == before.sg.size + piece, "R3: the size is the sum of the lengths of the elements")
    check_charge(sk, charged, 0, piece)
    added: bool = ret >= 0 and not joins
    taken: u32 = 1 if added and page == follow0.page else 0
    check(follow0.refs == refs + taken, "refs: a new element takes a reference of its page")
    check(
        dst.sg.start == 0 and dst.sg.end == elements + (1 if added else 0),
        "R1: the message ends behind its last element",
    )
    check_clone(dst, before, elements, page, at, piece, joins)


@proof("sk_msg_clone", split=4)
def clone(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg], dst: Ptr[sk_msg]) -> None:
    """An empty message gets references to a range that begins in an element and ends in it, or with it.

    Where the range begins is found by a walk over the elements before it; then it goes piece by piece ("piece"), and
    from each element to the next ("two elements").
    """
    any_memory()
    any_socket(sk)
    part0.ahead = True
    there: bool = any_beginning(sk, msg, before)
    if not there:
        return
    sk_msg_init(dst)
    i: u32 = nth(part0.elements)
    begins: u32 = part0.ends - msg.sg.data[i].length
    off: u32 = part0.position
    to_end: bool = choose()
    len: u32 = part0.ends - off if to_end else arbitrary(0, INT_MAX)
    assume(len <= part0.ends - off)
    charged: u64 = sk.charged
    ret: s32 = sk_msg_clone(sk, dst, msg, off, len)
    check(ret == 0, "result: a range of the message is cloned")
    check(dst.sg.size == len, "result: the clone has the bytes of the range")
    check_charge(sk, charged, 0, len)
    check(dst.sg.start == 0 and dst.sg.end == (1 if len else 0), "R1: it ends behind its last element")
    if len:
        same: bool = dst.sg.data[0].page == msg.sg.data[i].page and dst.sg.data[0].length == len
        check(same, "content: the clone has the bytes of the range")
        check(dst.sg.data[0].offset == msg.sg.data[i].offset + (off - begins), "content: from its first byte on")
        check(dst.sg.copy[0], "copy: a program may not write to the page of another message")
    check_unchanged(msg, before)
    taken: u32 = 1 if len and msg.sg.data[i].page == follow0.page else 0
    check(follow0.refs == part0.refs + taken, "refs: a new element takes a reference of its page")


@proof("sk_msg_clone two elements", split=3)
def clone_two(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg], dst: Ptr[sk_msg]) -> None:
    """An empty message gets references to a range that begins in the first element and ends in the next."""
    any_memory()
    any_socket(sk)
    part0.ahead = True
    part0.more = True
    there: bool = any_beginning(sk, msg, before)
    if not there or part0.elements != 0:
        return
    sk_msg_init(dst)
    i: u32 = part0.anchor
    j: u32 = nth(1)
    off: u32 = part0.position
    first: u32 = part0.ends - off
    second: u32 = arbitrary(1, INT_MAX)
    assume(second <= msg.sg.data[j].length)
    charged: u64 = sk.charged
    ret: s32 = sk_msg_clone(sk, dst, msg, off, first + second)
    check(ret == 0, "result: a range of the message is cloned")
    check(dst.sg.size == first + second, "result: the clone has the bytes of the range")
    check_charge(sk, charged, 0, first + second)
    joins: bool = adjoins(msg, i, msg.sg.data[j].page, msg.sg.data[j].offset)
    check(dst.sg.start == 0 and dst.sg.end == (1 if joins else 2), "R1: it ends behind its last element")
    begins: bool = dst.sg.data[0].page == msg.sg.data[i].page and dst.sg.data[0].offset == msg.sg.data[i].offset + off
    check(begins, "content: the clone begins with the first byte of the range")
    check(dst.sg.data[0].length == first + (second if joins else 0), "content: and has as many bytes of the first page")
    if not joins:
        goes_on: bool = dst.sg.data[1].page == msg.sg.data[j].page and dst.sg.data[1].offset == msg.sg.data[j].offset
        check(goes_on and dst.sg.data[1].length == second, "content: it goes on with the next element")
    check_unchanged(msg, before)
    taken: u32 = 1 if msg.sg.data[i].page == follow0.page else 0
    if not joins and msg.sg.data[j].page == follow0.page:
        taken += 1
    check(follow0.refs == part0.refs + taken, "refs: a new element takes a reference of its page")


@proof("sk_msg_memcopy_from_iter", split=5)
def memcopy(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg], iter: Ptr[iov_iter]) -> None:
    """Bytes of the user fill space that was allocated before, from any position on; without a fault.

    The anchor is curr; copybreak is inside of that element or at its end. Positions count from its beginning.
    """
    any_memory()
    any_socket(sk)
    part0.reads = True
    part0.fills = True
    part0.fore = arbitrary(0, MAX_MSG_FRAGS)
    there: bool = any_beginning(sk, msg, before)
    if not there or touched() == 0 or (part0.full and part0.elements == 0):
        return
    if part0.full:
        part0.filled = msg.sg.data[part0.anchor].length
    filled: u32 = part0.filled
    if part0.full and touched() == 1 and not part0.beyond:
        return
    assume(part0.fore + touched() + part0.others <= MAX_MSG_FRAGS)
    msg.sg.start = nth(NR_MSG_FRAG_IDS - part0.fore) if part0.fore else part0.anchor
    msg.sg.curr = part0.anchor
    msg.sg.copybreak = filled
    bytes: u32 = wish() - filled
    got: s32 = part0.position - filled
    exact_iter(iter, bytes)
    follow0.user_byte = arbitrary(0, INT_MAX)
    start: u32 = msg.sg.start
    ret: s32 = sk_msg_memcopy_from_iter(sk, iter, msg, bytes)
    check(ret == (got if got != 0 else -ENOSPC), "result: how many bytes were copied; -ENOSPC without space")
    check(sk.charged == part0.charged, "R8: copying charges nothing")
    check(follow0.refs == part0.refs, "refs: every element keeps its reference")
    same: bool = same_slots(msg, before, 0, NR_MSG_FRAG_IDS)
    ends: bool = msg.sg.start == start and msg.sg.end == before.sg.end and msg.sg.size == before.sg.size
    check(same and ends, "frame: the elements do not change")
    check_filled(before)
    if part0.beyond:
        check(msg.sg.curr == msg.sg.end and msg.sg.copybreak == 0, "cursor: without space left it is at the end")
    else:
        last: u32 = nth(touched() - 1)
        begins: u32 = part0.ends - msg.sg.data[last].length
        check(msg.sg.curr == last, "R5: curr is the element with the last byte")
        check(msg.sg.copybreak == part0.position - begins, "R6: copybreak is behind the last byte")
        check(msg.sg.copybreak <= msg.sg.data[last].length, "R6: copybreak lies in the element at curr")


@proof("sk_msg_zerocopy_from_iter", split=3)
def zerocopy(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg], iter: Ptr[iov_iter]) -> None:
    """Pages of the user become elements, with copy bits as TLS sets them; on failure all is undone as TLS does.

    All elements there were are the block, the anchor is the end. `pages` are taken: then all bytes are there, or the
    user's memory faults, or the ring is full.
    """
    any_memory()
    any_socket(sk)
    part0.grows = True
    # Where the bytes are is claimed page by page: none is followed.
    follow0.user_byte = U32_MAX
    there: bool = any_ending(sk, msg, before)
    if not there:
        return
    pages: u32 = part0.pages
    outcome: u32 = part0.outcome
    bytes: u32 = any_pages(iter)
    assume(bytes <= INT_MAX - msg.sg.size)
    page: u32 = iter.page
    offset: u32 = iter.offset
    ret: s32 = sk_msg_zerocopy_from_iter(sk, iter, msg, bytes)
    check(ret == (0 if outcome == 0 else -EFAULT), "result: 0, or -EFAULT without memory or without room")
    if outcome == 0:
        sk_msg_sg_copy_set(msg, part0.anchor)
        check(msg.sg.size == before.sg.size + bytes, "R3: the size is the sum of the lengths of the elements")
        check(iter.done == bytes, "result: the iterator stands behind the bytes")
        check_pages(msg, before, page, offset, bytes, pages)
        check_charge(sk, part0.charged, 0, bytes)
    else:
        sk_msg_trim(sk, msg, before.sg.size)
        check(iter.done == 0, "result: on failure the iterator stands where it stood")
        check(msg.sg.size == before.sg.size, "result: trimmed to its size the message is as long as before")
        check(msg.sg.end == before.sg.end, "R1: the message ends where it ended")
        check(sk.charged == part0.charged, "R8: what was charged for the pages is given back")
        check(follow0.refs == part0.refs, "refs: the references of the pages are given back")
        check_freed(msg, 0, pages)
        check_cursor_undone(msg, before, pages)
    check(msg.sg.start == before.sg.start, "R1: the message starts where it started")
    same: bool = same_slots(msg, before, pages, NR_MSG_FRAG_IDS)
    check(same, "frame: the elements before stay")
