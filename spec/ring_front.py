"""Messages whose first bytes leave, and what is left of them: how sending is proved.

What sends walks from the first element to where it stops: inside of an element or behind its last byte. So there are
as many cases as there are elements to stop in. Where the message ends behind that one is an unknown slot. What lies
there holds anything; that it stays is a claim (`frame`), and R3, R4 and R7 are about what is walked.

What is arbitrary is where each element ends: lengths are differences of positions, as in any_slots() of spec/ring.py.
"""

from psockmc.lang import Array, Ptr, Struct, arbitrary, assume, check, choose, instance, u32, u64, user

from models.ring.types import (
    CHAIN_NONE,
    INT_MAX,
    MAX_MSG_FRAGS,
    NR_MSG_FRAG_IDS,
    follow0,
    memory0,
    sk_msg,
    sock,
    wire0,
)
from spec.ring import MAX_CHARGE, MAX_PAGES, indices_are_slots, one_slot_is_free, slot
from spec.ring_helpers import same_element


class front(Struct, name="front"):
    """The message before the call. last: the element in which the walk stops, counted from the first one.

    inside: whether it stops inside of it, else behind its last byte. begins: the bytes before element `last`; position:
    those before the stop; rest: those of the element behind it; part: one of them at least; ends: where each element
    ends. pieces: which element is taken in two pieces; short: where the first piece ends, 0 without one. charged, refs:
    what was charged, and the references of the page that is followed.
    """

    pieces: u32
    short: u32
    last: u32
    inside: bool
    begins: u32
    position: u32
    part: u32
    rest: u32
    charged: u64
    refs: u32
    ends: Array[u32, NR_MSG_FRAG_IDS]


front0 = instance(front)

PIECES_NONE = 0
PIECES_FIRST = 1
PIECES_LAST = 2


@user
def any_front(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg], pieces: bool) -> None:
    """Any message with bytes, and any place in it to stop at; `before` becomes its copy.

    Its choices are the start, the element, whether the walk stops inside of it, and with `pieces` which element is
    taken in two pieces.
    """
    msg.sg.start = choose(NR_MSG_FRAG_IDS)
    front0.last = choose(MAX_MSG_FRAGS)
    front0.inside = choose()
    front0.pieces = PIECES_NONE
    if pieces:
        front0.pieces = choose(3)
    msg.sg.end = arbitrary(0, MAX_MSG_FRAGS)
    assume(msg.sg.curr < NR_MSG_FRAG_IDS)
    for n in range(MAX_MSG_FRAGS):
        if n <= front0.last:
            assume(msg.sg.end != slot(msg.sg.start, n))
    any_first_slots(msg)
    more: u32 = arbitrary(0, INT_MAX)
    assume(more <= INT_MAX - front0.ends[front0.last])
    msg.sg.size = front0.ends[front0.last] + more
    assume(sk.charged <= MAX_CHARGE)
    sk.charged += msg.sg.size
    front0.charged = sk.charged
    # Others hold more references than there are slots: that each is given back once shows in their number.
    assume(follow0.page < memory0.first_new_page)
    follow0.refs = arbitrary(2 * NR_MSG_FRAG_IDS, MAX_PAGES)
    front0.refs = follow0.refs
    copy_front(before, msg)


@user
def any_first_slots(msg: Ptr[sk_msg]) -> None:
    """The elements up to the one in which the walk stops have bytes and a page."""
    before: u32 = 0
    front0.short = 0
    for n in range(MAX_MSG_FRAGS):
        if n > front0.last:
            break
        i: u32 = slot(msg.sg.start, n)
        begins: u32 = before
        if n == front0.last:
            front0.begins = before
        if (n == 0 and front0.pieces == PIECES_FIRST) or (n == front0.last and front0.pieces == PIECES_LAST):
            front0.short = arbitrary(1, INT_MAX)
            assume(front0.short > before)
            before = front0.short
        behind: u32 = arbitrary(1, INT_MAX)
        assume(behind > before)
        before = behind
        if n == front0.last:
            front0.position = before
            if front0.inside:
                front0.part = arbitrary(1, INT_MAX)
                front0.rest = front0.part + arbitrary(0, INT_MAX)
                assume(front0.rest <= INT_MAX - before)
                before += front0.rest
        front0.ends[n] = before
        msg.sg.data[i].length = before - begins
        msg.sg.data[i].offset = arbitrary(0, INT_MAX)
        msg.sg.data[i].page = arbitrary(1, MAX_PAGES)
        assume(msg.sg.data[i].page < memory0.first_new_page)
        msg.sg.data[i].is_chain = False
        msg.sg.data[i].chain = CHAIN_NONE
        msg.sg.copy[i] = arbitrary(0, 1) == 1


@user
def behind_last(start: u32) -> u32:
    """The slot behind the element in which the walk stops."""
    return slot(start, front0.last + 1)


@user
def copy_front(to: Ptr[sk_msg], msg: Ptr[sk_msg]) -> None:
    """Copies the ring, slot by slot from the start on."""
    to.sg.start = msg.sg.start
    to.sg.curr = msg.sg.curr
    to.sg.end = msg.sg.end
    to.sg.size = msg.sg.size
    to.sg.copybreak = msg.sg.copybreak
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = slot(msg.sg.start, n)
        to.sg.copy[i] = msg.sg.copy[i]
        to.sg.data[i].page = msg.sg.data[i].page
        to.sg.data[i].offset = msg.sg.data[i].offset
        to.sg.data[i].length = msg.sg.data[i].length
        to.sg.data[i].is_chain = msg.sg.data[i].is_chain


@user
def watch_order(before: Ptr[sk_msg]) -> None:
    """What is handed over from now on is compared with the message of before, from its first byte on."""
    wire0.before = before
    wire0.slot = before.sg.start
    wire0.done = 0
    wire0.in_order = True


@user
def first_references(msg: Ptr[sk_msg], start: u32, first: u32, behind: u32) -> u32:
    """How many of the elements first .. behind - 1, counted from `start`, refer to the page that is followed."""
    count: u32 = 0
    for n in range(MAX_MSG_FRAGS):
        if n >= first and n < behind and msg.sg.data[slot(start, n)].page == follow0.page:
            count += 1
    return count


@user
def check_rest(msg: Ptr[sk_msg], before: Ptr[sk_msg], gone: u32, taken: u32) -> None:
    """Checks R1 to R4 and the bytes: `gone` elements have left, and `taken` bytes of the one behind them."""
    slots: bool = indices_are_slots(msg)
    check(slots, "R1: start, curr and end are slots of the ring")
    room: bool = one_slot_is_free(msg)
    check(room, "R2: one slot of the ring stays free")
    begin: u32 = slot(before.sg.start, gone)
    check(msg.sg.start == begin and msg.sg.end == before.sg.end, "content: what is left is the end of the message")
    left: u64 = msg.sg.size
    bytes: u64 = taken if gone == 0 else front0.ends[gone - 1] + taken
    check(left + bytes == before.sg.size, "R3: the size is the sum of the lengths of the elements")
    frame: bool = True
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = slot(before.sg.start, n)
        if n > gone or (n == gone and taken == 0):
            same: bool = same_element(msg, before, i) and msg.sg.data[i].is_chain == before.sg.data[i].is_chain
            frame = frame and same
    check(frame, "frame: elements behind those that are sent are not touched")
    if taken != 0:
        check_shorter(msg, before, begin, taken)


@user
def check_shorter(msg: Ptr[sk_msg], before: Ptr[sk_msg], i: u32, taken: u32) -> None:
    """Checks that element i is what it was without its first `taken` bytes."""
    page: bool = msg.sg.data[i].page == before.sg.data[i].page and not msg.sg.data[i].is_chain
    check(page and msg.sg.data[i].length != 0, "R4: every element has bytes and a page")
    length: u64 = msg.sg.data[i].length
    offset: u64 = before.sg.data[i].offset
    rest: bool = length + taken == before.sg.data[i].length and msg.sg.data[i].offset == offset + taken
    check(rest, "content: what is left is the end of the message")
    check(msg.sg.copy[i] == before.sg.copy[i], "copy: the copy bits of what is left do not change")


@user
def check_gone_bits(msg: Ptr[sk_msg], before: Ptr[sk_msg], gone: u32) -> None:
    """Checks R7 of the slots of the first `gone` elements, which have left."""
    clear: bool = True
    for n in range(MAX_MSG_FRAGS):
        if n < gone:
            clear = clear and not msg.sg.copy[slot(before.sg.start, n)]
    check(clear, "R7: the copy bit of a slot outside the message is clear")


@user
def check_moved(to: Ptr[sk_msg], before: Ptr[sk_msg], gone: u32, taken: u32) -> None:
    """Checks R1 to R4, R7 and the bytes of a message that got what has left the other one."""
    elements: u32 = gone + (1 if taken != 0 else 0)
    check(elements <= MAX_MSG_FRAGS, "R2: one slot of the ring stays free")
    ends: bool = to.sg.start == before.sg.start and to.sg.end == slot(before.sg.start, elements)
    check(ends, "R1: start, curr and end are slots of the ring")
    bytes: bool = True
    bits: bool = True
    clear: bool = True
    sum: u64 = 0
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = slot(before.sg.start, n)
        if n < elements:
            length: u32 = before.sg.data[i].length if n < gone else taken
            piece: bool = to.sg.data[i].page == before.sg.data[i].page and to.sg.data[i].length == length
            bytes = bytes and piece and to.sg.data[i].offset == before.sg.data[i].offset and not to.sg.data[i].is_chain
            bits = bits and to.sg.copy[i] == before.sg.copy[i]
            sum += length
        else:
            clear = clear and not to.sg.copy[i]
    check(bytes, "content: the first bytes moved, in their order")
    check(bits, "copy: the copy bits move with the elements")
    check(clear, "R7: the copy bit of a slot outside the message is clear")
    check(sum == to.sg.size, "R3: the size is the sum of the lengths of the elements")


@user
def check_first_references(msg: Ptr[sk_msg], before: Ptr[sk_msg], gone: u32) -> None:
    """Checks that the elements that have left gave up their references, and nobody else did."""
    left: u32 = first_references(before, before.sg.start, 0, gone)
    good: bool = follow0.refs + left == front0.refs
    check(good, "refs: every element holds one reference of its page, nobody else's is lost")
