"""Beginnings with few values, for a search that tries them all: the variant with which both engines are asked the same.

Every start, number of elements and cut is there. Lengths are 1 .. LENGTHS; elements lie in pages 1 .. PAGES, at offset
4 or one of the next PLACES - 1 even ones: some adjoin, some overlap, some share nothing. Slots outside the message are
empty or hold old numbers. FAILURES - 1 of the first requests for memory may fail, one in each run. How many values
there are is said when the program is loaded: fewer for larger rings.
"""

from psockmc.lang import NULL, Ptr, arbitrary, assume, choose, replaces, u32, u64

from models.ring.helpers import found0, placed0
from models.ring.tcp_bpf import sending, verdict
from models.ring.types import (
    CHAIN_NONE,
    CHAIN_SLOT,
    MAX_MSG_FRAGS,
    NR_MSG_FRAG_IDS,
    PAGE_SIZE,
    SG_SLOTS,
    SK_NONE,
    follow0,
    iov_iter,
    memory0,
    sk_buff,
    sk_msg,
    sk_psock,
    sock,
)
from spec.ring import (
    any_cursor,
    any_iter,
    any_memory,
    any_psock,
    any_sender,
    any_slots,
    any_socket,
    cursor,
    cut0,
    distance,
    one_element,
    slot,
)
from spec.ring_around import (
    any_end,
    any_message_around,
    any_positions,
    any_references,
    any_slots_around,
    any_start,
    around0,
    copy_around,
    from_anchor,
)
from spec.ring_packets import any_packet, any_receiver
from spec.ring_part import any_block, any_curr, any_other, any_page, further, part0, touched
from spec.ring_send import any_verdict

LENGTHS = 2
PLACES = 1
PAGES = 2
FOLLOWED = 1
OLD = 1
CURSORS = 1
FAILURES = 2

NEW_PAGE = 3
OTHERS = 30
CHARGE = 100


@replaces(any_memory)
def any_memory() -> None:
    """The page that is followed is page 1 or the first new one; the byte one of the first. One allocation may fail."""
    memory0.first_new_page = NEW_PAGE
    memory0.next_page = NEW_PAGE
    memory0.page_bytes = 0
    memory0.allocations = 0
    memory0.fail_at = (8 + arbitrary(0, FAILURES - 1)) % 9
    memory0.small_from = 0
    follow0.page = 1
    follow0.refs = OTHERS
    if arbitrary(1, FOLLOWED) > 1:
        follow0.page = NEW_PAGE
        follow0.refs = 0
    follow0.byte = 5
    follow0.user_byte = 1
    follow0.sent_byte = 1


@replaces(any_socket)
def any_socket(sk: Ptr[sock]) -> None:
    """A socket with a charge, and no page fragment or one that has room, or none that is enough."""
    sk.charged = CHARGE
    sk.wmem_calls = 0
    sk.rmem_calls = 0
    sk.wmem_fail_at = (8 + arbitrary(0, FAILURES - 1)) % 9
    sk.rmem_fail_at = (8 + arbitrary(0, FAILURES - 1)) % 9
    sk.sk_frag.page = arbitrary(0, 1)
    sk.sk_frag.size = PAGE_SIZE
    sk.sk_frag.offset = 6 + 4062 * arbitrary(0, 1)
    sk.sk_rmem_alloc = CHARGE
    sk.sk_rcvbuf = CHARGE


@replaces(any_iter)
def any_iter(iter: Ptr[iov_iter]) -> None:
    """A user's buffer of a few bytes, that faults anywhere or nowhere."""
    iter.done = 0
    iter.count = arbitrary(0, 2 * LENGTHS)
    iter.fault_at = arbitrary(0, 2 * LENGTHS)
    iter.offset = PAGE_SIZE - arbitrary(1, 2)
    iter.page = arbitrary(1, 2)
    iter.chunk = 0


@replaces(any_slots)
def any_slots(msg: Ptr[sk_msg], elements: u32) -> None:
    """Short elements in few pages; copy bits only on them."""
    before: u32 = 0
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = slot(msg.sg.start, n)
        msg.sg.data[i].is_chain = False
        msg.sg.data[i].chain = CHAIN_NONE
        if n < elements:
            msg.sg.data[i].length = arbitrary(1, LENGTHS)
            msg.sg.data[i].offset = 4 + 2 * arbitrary(0, PLACES - 1)
            msg.sg.data[i].page = arbitrary(1, PAGES)
            msg.sg.data[i].is_last = False
            msg.sg.copy[i] = choose()
        else:
            old: u32 = arbitrary(1, OLD) % 2
            msg.sg.data[i].length = 3 * old
            msg.sg.data[i].offset = 4 * old
            msg.sg.data[i].page = old
            msg.sg.data[i].is_last = old == 1
            msg.sg.copy[i] = False
        if n == cut0.element:
            cut0.position = before
            if cut0.inside:
                assume(msg.sg.data[i].length > 1)
                cut0.position = before + 1
        if n < elements:
            before += msg.sg.data[i].length
    msg.sg.size = before
    msg.sg.data[CHAIN_SLOT].is_chain = False
    msg.sg.data[CHAIN_SLOT].chain = CHAIN_NONE
    msg.sg.copy[CHAIN_SLOT] = False


@replaces(any_cursor)
def any_cursor(msg: Ptr[sk_msg], elements: u32) -> None:
    """curr at every element, at its end or before; or at the end of the message."""
    msg.sg.curr = msg.sg.end
    msg.sg.copybreak = 0
    if elements > 0:
        steps: u32 = arbitrary(0, MAX_MSG_FRAGS)
        assume(steps <= elements)
        if steps < elements:
            msg.sg.curr = slot(msg.sg.start, steps)
            msg.sg.copybreak = msg.sg.data[msg.sg.curr].length
            msg.sg.copybreak -= arbitrary(0, CURSORS - 1)


@replaces(one_element)
def one_element(sk: Ptr[sock], msg: Ptr[sk_msg]) -> None:
    """A message with one element, in any slot; the cursor is at the end of it, or before the last byte."""
    begin: u32 = arbitrary(0, MAX_MSG_FRAGS)
    msg.sg.start = begin
    msg.sg.end = slot(begin, 1)
    for i in range(SG_SLOTS):
        msg.sg.data[i].is_chain = False
        msg.sg.data[i].length = 0
        msg.sg.copy[i] = False
    msg.sg.data[begin].length = arbitrary(1, LENGTHS)
    msg.sg.data[begin].offset = 5
    msg.sg.data[begin].page = 1
    msg.sg.copy[begin] = choose()
    msg.sg.size = msg.sg.data[begin].length
    msg.sg.curr = begin
    msg.sg.copybreak = msg.sg.size - arbitrary(0, 1)


# ---------------------------------------------------------------- messages around one element


@replaces(any_positions)
def any_positions(head: bool, tail: u32) -> None:
    """The anchor begins behind 0, 1 or 2 bytes; short elements follow."""
    around0.position = arbitrary(0, 2)
    around0.start = around0.position + (1 if head else 0)
    around0.until = around0.start
    before: u32 = around0.position
    for n in range(MAX_MSG_FRAGS):
        if n < around0.elements_from:
            first: u32 = around0.start if n == 0 else before
            around0.ends[n] = before + arbitrary(1, LENGTHS)
            assume(first < around0.ends[n])
            if n == tail:
                around0.until = first + 1
                assume(around0.until < around0.ends[n])
            before = around0.ends[n]


@replaces(any_start)
def any_start() -> None:
    """The range starts in the anchor."""
    around0.start = around0.position + arbitrary(0, LENGTHS - 1)
    assume(around0.start < around0.ends[0])


@replaces(any_end)
def any_end(last: u32) -> None:
    """The range ends at the first byte of element `last`, or at the next, or as far behind the message."""
    behind: u32 = around0.position if last == 0 else around0.ends[last - 1]
    around0.until = behind + arbitrary(1, LENGTHS)
    assume(around0.start < around0.until)
    if last < around0.elements_from:
        assume(around0.until <= around0.ends[last])


@replaces(any_message_around)
def any_message_around(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """A message with these elements; of the new page, one of the first bytes is followed."""
    any_memory()
    assume(around0.elements_before + around0.elements_from <= MAX_MSG_FRAGS)
    assume((around0.position == 0) == (around0.elements_before == 0))
    msg.sg.start = from_anchor(NR_MSG_FRAG_IDS - around0.elements_before) if around0.elements_before else around0.anchor
    msg.sg.end = from_anchor(around0.elements_from)
    msg.sk = sk
    msg.sg.curr = 1
    msg.sg.copybreak = 1
    any_slots_around(msg)
    msg.sg.size = around0.ends[around0.elements_from - 1] if around0.elements_from else around0.position
    sk.charged = CHARGE
    around0.charged = sk.charged
    any_references(msg)
    found0.i = around0.anchor
    found0.offset = around0.position
    found0.length = msg.sg.data[around0.anchor].length
    placed0.page = memory0.first_new_page
    placed0.offset = arbitrary(0, 2 * LENGTHS - 1)
    placed0.writes = 0
    copy_around(before, msg)


@replaces(any_references)
def any_references(msg: Ptr[sk_msg]) -> None:
    """Enough references of others, none of a new page."""
    around0.refs = follow0.refs


@replaces(any_slots_around)
def any_slots_around(msg: Ptr[sk_msg]) -> None:
    """Short elements in few pages; slots outside the message have neither bytes nor copy bits."""
    begins: u32 = around0.position
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = from_anchor(n)
        msg.sg.data[i].is_chain = False
        msg.sg.data[i].page = 1
        msg.sg.data[i].offset = 4
        msg.sg.copy[i] = False
        if n < around0.elements_from:
            msg.sg.data[i].length = around0.ends[n] - begins
            begins = around0.ends[n]
            msg.sg.data[i].offset = 4 + 2 * arbitrary(0, PLACES - 1)
            msg.sg.data[i].page = arbitrary(1, PAGES)
            msg.sg.copy[i] = choose()
        elif n + around0.elements_before < NR_MSG_FRAG_IDS:
            msg.sg.data[i].length = 0
        else:
            msg.sg.data[i].length = 1


# ---------------------------------------------------------------- messages of which one end is touched


@replaces(further)
def further(than: u32) -> u32:
    """A position one byte or a few bytes behind this one."""
    return than + arbitrary(1, LENGTHS)


@replaces(any_block)
def any_block() -> u32:
    """As many bytes as elements."""
    return part0.others


@replaces(any_page)
def any_page(msg: Ptr[sk_msg], i: u32) -> None:
    """Few pages and places; any copy bit."""
    msg.sg.data[i].offset = 4 + 2 * arbitrary(0, PLACES - 1)
    msg.sg.data[i].page = arbitrary(1, PAGES)
    msg.sg.copy[i] = choose()


@replaces(any_other)
def any_other(msg: Ptr[sk_msg], i: u32) -> None:
    """One byte of page 1, or old numbers."""
    old: u32 = arbitrary(1, OLD) % 2
    msg.sg.data[i].length = 1 + 2 * old
    msg.sg.data[i].offset = 4
    msg.sg.data[i].page = 1
    msg.sg.data[i].is_last = old == 1
    msg.sg.copy[i] = True


@replaces(any_curr)
def any_curr(msg: Ptr[sk_msg]) -> None:
    """curr at every element, behind its first byte; or at the end of the message."""
    msg.sg.curr = choose(NR_MSG_FRAG_IDS)
    msg.sg.copybreak = 1
    part0.steps = distance(msg.sg.start, msg.sg.curr)
    assume(part0.steps <= part0.others + touched())


# ---------------------------------------------------------------- packets and verdicts


@replaces(any_sender)
def any_sender(sk: Ptr[sock]) -> None:
    """A socket whose TCP takes one byte only, or fails, at one of the first bytes or never."""
    sk.write_seq = 0
    sk.send_short_at = arbitrary(0, 1)
    sk.send_fail_at = arbitrary(0, 2)
    sk.send_error = 32 * arbitrary(0, 1)


@replaces(any_receiver)
def any_receiver(sk: Ptr[sock], psock: Ptr[sk_psock]) -> None:
    """A socket in a map, whose queues are empty; its receive buffer is full or not."""
    any_socket(sk)
    any_psock(psock, sk)
    sk.sk_rcvbuf = CHARGE - arbitrary(0, 1)
    sk.copied_seq = 4294967295
    sk.rcv_nxt = 4294967295
    sk.psock = psock
    psock.tx_enabled = True
    psock.ingress_skb = NULL
    psock.ingress_bytes = 0


@replaces(any_packet)
def any_packet(sk: Ptr[sock], skb: Ptr[sk_buff]) -> None:
    """A packet of a few bytes on the receive queue of the socket, which pays for it."""
    skb.len = arbitrary(1, 2)
    skb.truesize = skb.len + 1
    skb.page = 1
    skb.offset = 4
    skb.sk = sk
    skb.charged = True
    skb.strparser = False
    skb.consumed = False
    skb.dropped = False
    skb.next = NULL


@replaces(any_verdict)
def any_verdict(
    sk: Ptr[sock],
    to: Ptr[sock],
    psock: Ptr[sk_psock],
    other: Ptr[sk_psock],
    msg: Ptr[sk_msg],
    tmp: Ptr[sk_msg],
    call: Ptr[sending],
    prog: Ptr[verdict],
) -> None:
    """A sendmsg() has filled a message of one element; the program may say anything about its first bytes."""
    any_memory()
    any_socket(sk)
    any_sender(sk)
    any_socket(to)
    any_sender(to)
    one_element(sk, msg)
    filled: u64 = cursor(msg)
    assume(filled == msg.sg.size)
    any_psock(psock, sk)
    any_psock(other, to)
    to.psock = other
    other.tx_enabled = True
    tmp.next = NULL
    memory0.fresh = tmp
    psock.eval = SK_NONE
    psock.cork_bytes = 0
    prog.eval = choose(3)
    prog.sk_redir = to
    prog.runs = 0
    prog.redir_ingress = choose()
    prog.apply_bytes = arbitrary(0, 2)
    prog.cork_bytes = arbitrary(0, 2)
    prog.popped = arbitrary(0, 1)
    assume(prog.popped < msg.sg.size)
    call.msg = msg
    call.cork = False
    call.enospc = False
    call.delta = 0
    call.err = 0
    call.copied = msg.sg.size + arbitrary(0, 1)
