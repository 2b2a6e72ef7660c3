"""Messages around one element, and what a helper did to them: how pull, push and pop are proved.

The helpers find the element with the first byte of their range (find_element(), proved by itself), and from there on
touch only that element and those behind it. So a proof begins at that element, its anchor, in any slot;
`elements_before` and `elements_from` say how many elements lie before it and from it on. Slots are counted from the
anchor.

What lies before the anchor appears as its number of bytes only. That these elements stay is a claim (`frame`); R3, R4,
R7 and F speak of the rest. Places are positions in the message: where the anchor begins, where each element from it on
ends, where the range starts and ends. Lengths are differences of positions, and what the helpers compare are positions.
"""

from psockmc.lang import Array, Ptr, Struct, arbitrary, assume, check, choose, instance, u32, u64, user

from models.ring.helpers import found0, placed0
from models.ring.types import INT_MAX, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, follow0, memory0, sk_msg, sock
from spec.ring import MAX_CHARGE, MAX_PAGES, any_memory, check_charge, indices_are_slots, slot
from spec.ring_helpers import UINT_MAX, place, same_element, was0


class around(Struct, name="around"):
    """The message before the call. position: where the anchor begins; ends: where the elements from it on end.

    start, until: where the range begins, in the anchor or at its end, and where it ends. charged, refs: what was
    charged, and the references of the page that is followed. allocates: whether the helper may take a new page.
    """

    anchor: u32
    elements_before: u32
    elements_from: u32
    position: u32
    start: u32
    until: u32
    allocates: bool
    charged: u64
    refs: u32
    ends: Array[u32, NR_MSG_FRAG_IDS]


around0 = instance(around)


@user
def from_anchor(n: u32) -> u32:
    """The slot that is `n` slots behind the anchor."""
    return slot(around0.anchor, n)


# ---------------------------------------------------------------- beginnings


@user
def any_message_around(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Any message with bytes, whose lengths from the anchor on are in around0.lengths; `before` becomes its copy.

    The cursor is anywhere: the helpers do not read it.
    """
    any_memory()
    assume(around0.elements_before + around0.elements_from <= MAX_MSG_FRAGS)
    assume((around0.position == 0) == (around0.elements_before == 0))
    msg.sg.start = from_anchor(NR_MSG_FRAG_IDS - around0.elements_before) if around0.elements_before else around0.anchor
    msg.sg.end = from_anchor(around0.elements_from)
    msg.sk = sk
    assume(msg.sg.curr < NR_MSG_FRAG_IDS)
    any_slots_around(msg)
    msg.sg.size = around0.ends[around0.elements_from - 1] if around0.elements_from else around0.position
    assume(sk.charged >= msg.sg.size and sk.charged <= MAX_CHARGE)
    around0.charged = sk.charged
    any_references(msg)
    found0.i = around0.anchor
    found0.offset = around0.position
    found0.length = msg.sg.data[around0.anchor].length
    placed0.page = memory0.first_new_page
    placed0.offset = arbitrary(0, INT_MAX)
    placed0.writes = 0
    copy_around(before, msg)


@user
def any_references(msg: Ptr[sk_msg]) -> None:
    """The page that is followed is the first new one, without references, or an old one, with many.

    Of an old one others have more references than there are slots: that each is given back once shows in their number.
    """
    fresh: bool = False
    if around0.allocates:
        fresh = choose()
    if fresh:
        follow0.page = memory0.first_new_page
        follow0.refs = 0
    else:
        assume(follow0.page < memory0.first_new_page)
        follow0.refs = arbitrary(2 * NR_MSG_FRAG_IDS, MAX_PAGES)
        held: u32 = references_around(msg, around0.elements_from)
        assume(held <= follow0.refs)
    around0.refs = follow0.refs


@user
def copy_around(to: Ptr[sk_msg], msg: Ptr[sk_msg]) -> None:
    """Copies what a helper may change of a message, slot by slot from the anchor on."""
    to.sg.start = msg.sg.start
    to.sg.curr = msg.sg.curr
    to.sg.end = msg.sg.end
    to.sg.size = msg.sg.size
    to.sg.copybreak = msg.sg.copybreak
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = from_anchor(n)
        to.sg.copy[i] = msg.sg.copy[i]
        to.sg.data[i].page = msg.sg.data[i].page
        to.sg.data[i].offset = msg.sg.data[i].offset
        to.sg.data[i].length = msg.sg.data[i].length


@user
def check_unchanged_around(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Checks that a refused call changed nothing."""
    same: bool = (
        msg.sg.start == before.sg.start
        and msg.sg.curr == before.sg.curr
        and msg.sg.end == before.sg.end
        and msg.sg.size == before.sg.size
        and msg.sg.copybreak == before.sg.copybreak
        and sk.charged == around0.charged
        and follow0.refs == around0.refs
    )
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = from_anchor(n)
        element: bool = same_element(msg, before, i)
        same = same and element
    check(same, "refused: a call that fails leaves everything as it was")


@user
def any_slots_around(msg: Ptr[sk_msg]) -> None:
    """Elements with bytes and pages; slots outside the message have neither bytes nor copy bits."""
    begins: u32 = around0.position
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = from_anchor(n)
        msg.sg.data[i].is_chain = False
        msg.sg.data[i].is_last = False
        msg.sg.copy[i] = arbitrary(0, 1) == 1
        msg.sg.data[i].offset = arbitrary(0, INT_MAX)
        msg.sg.data[i].page = arbitrary(1, MAX_PAGES)
        assume(msg.sg.data[i].page < memory0.first_new_page)
        if n < around0.elements_from:
            msg.sg.data[i].length = around0.ends[n] - begins
            begins = around0.ends[n]
        elif n + around0.elements_before < NR_MSG_FRAG_IDS:
            msg.sg.data[i].length = 0
            msg.sg.copy[i] = False
        else:
            msg.sg.data[i].length = arbitrary(1, INT_MAX)


@user
def any_positions(head: bool, tail: u32) -> None:
    """The anchor begins anywhere, and the elements from it on have bytes. The range is empty, at the anchor's begin.

    head: it starts behind the first byte of the anchor; tail: it ends inside of this element, if there is one. All
    positions are taken in their order: then nobody has to find it out.
    """
    around0.position = arbitrary(0, INT_MAX)
    around0.start = around0.position
    before: u32 = around0.position
    if head:
        around0.start = arbitrary(1, INT_MAX)
        assume(before < around0.start)
        before = around0.start
    around0.until = around0.start
    for n in range(MAX_MSG_FRAGS):
        if n < around0.elements_from:
            if n == tail:
                around0.until = arbitrary(1, INT_MAX)
                assume(before < around0.until)
                before = around0.until
            around0.ends[n] = arbitrary(1, INT_MAX)
            assume(before < around0.ends[n])
            before = around0.ends[n]


@user
def any_start() -> None:
    """The range starts in the anchor.

    That it starts before the end of each later element follows; it is said here so that nobody has to find out.
    """
    around0.start = arbitrary(0, INT_MAX)
    assume(around0.position <= around0.start)
    for n in range(MAX_MSG_FRAGS):
        if n < around0.elements_from:
            assume(around0.start < around0.ends[n])


@user
def any_end(last: u32) -> None:
    """The range ends in element `last`, counted from the anchor, or behind it, or behind the message.

    That it ends behind each earlier element follows; it is said here so that nobody has to find out.
    """
    around0.until = arbitrary(1, UINT_MAX)
    assume(around0.start < around0.until)
    for n in range(MAX_MSG_FRAGS):
        if n < last:
            assume(around0.ends[n] < around0.until)
    if last < around0.elements_from:
        assume(around0.until <= around0.ends[last])


# ---------------------------------------------------------------- what holds after a call


@user
def references_around(msg: Ptr[sk_msg], elements: u32) -> u32:
    """How many of the elements from the anchor on refer to the page that is followed."""
    count: u32 = 0
    for n in range(MAX_MSG_FRAGS):
        if n < elements and msg.sg.data[from_anchor(n)].page == follow0.page:
            count += 1
    return count


@user
def locate_around(msg: Ptr[sk_msg], elements: u32, k: u32, at: Ptr[place]) -> None:
    """Where byte k of the message is; page 0 when there is no such byte from the anchor on."""
    at.page = 0
    at.offset = 0
    at.shared = False
    at.left = 0
    sum: u32 = around0.position
    for n in range(MAX_MSG_FRAGS):
        if n >= elements:
            break
        i: u32 = from_anchor(n)
        behind: u32 = sum + msg.sg.data[i].length
        if k < behind:
            at.page = msg.sg.data[i].page
            at.offset = msg.sg.data[i].offset + (k - sum)
            at.shared = msg.sg.copy[i]
            at.left = behind - k
            break
        sum = behind


@user
def check_content(before: Ptr[sk_msg], msg: Ptr[sk_msg], elements: u32, removed: u32, added: u32) -> None:
    """Checks bytes and copy bits: at around0.start `removed` bytes are gone or `added` bytes are new, all others stay.

    Both messages are walked side by side: `at` is the position in the message before that comes next. An element in an
    old page must be a piece of an element of before; the one in the new page is followed by its byte placed0.
    """
    at: u32 = around0.position
    pending: bool = removed + added > 0
    kept: bool = True
    bits: bool = True
    for n in range(MAX_MSG_FRAGS):
        if n >= elements:
            break
        i: u32 = from_anchor(n)
        length: u32 = msg.sg.data[i].length
        if msg.sg.data[i].page == placed0.page:
            byte: bool = new_byte(before, at, length, removed if pending else 0, added if pending else 0)
            kept = kept and byte and msg.sg.data[i].offset == 0
            bits = bits and not msg.sg.copy[i]
            if pending:
                at += removed
                length -= added
                pending = False
        else:
            if pending and at == around0.start:
                at += removed
                pending = added > 0
            locate_around(before, around0.elements_from, at, was0)
            kept = kept and msg.sg.data[i].page == was0.page and msg.sg.data[i].offset == was0.offset
            kept = kept and length <= was0.left and (not pending or at + length <= around0.start)
            bits = bits and msg.sg.copy[i] == was0.shared
        at += length
    if pending and at == around0.start:
        at += removed
    check(kept, "bytes: every byte that stays keeps its content and its order")
    check(at == before.sg.size, "bytes: no byte is lost")
    check(bits, "copy: a copy bit stays with its bytes, and is clear in a private page")


@user
def new_byte(before: Ptr[sk_msg], at: u32, length: u32, removed: u32, added: u32) -> bool:
    """Whether byte placed0 of the new page is right: the page holds the bytes of before from `at` on.

    Of these, `removed` are left out at around0.start, or `added` put there that are nobody else's.
    """
    if placed0.offset >= length:
        return True
    k: u64 = at
    k += placed0.offset
    if removed + added > 0 and k >= around0.start:
        if k - around0.start < added:
            return placed0.writes == 0
        k += removed
        k -= added
    locate_around(before, around0.elements_from, k, was0)
    return placed0.writes == 1 and placed0.from_page == was0.page and placed0.from_offset == was0.offset


@user
def check_ring_around(msg: Ptr[sk_msg], before: Ptr[sk_msg], elements: u32) -> None:
    """Checks R1 to R4, R7 and F for a message that should have `elements` elements from the anchor on."""
    slots: bool = indices_are_slots(msg)
    check(slots, "R1: start, curr and end are slots of the ring")
    end: u32 = from_anchor(elements)
    check(msg.sg.end == end, "R1: the message ends behind its last element")
    check(elements + around0.elements_before <= MAX_MSG_FRAGS, "R2: one slot of the ring stays free")
    frame: bool = msg.sg.start == before.sg.start
    bytes: bool = True
    clear: bool = True
    clean: bool = True
    sum: u64 = around0.position
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = from_anchor(n)
        if n < elements:
            sum += msg.sg.data[i].length
            if msg.sg.data[i].length == 0 or msg.sg.data[i].page == 0 or msg.sg.data[i].is_chain:
                bytes = False
        elif n + around0.elements_before < NR_MSG_FRAG_IDS:
            clear = clear and not msg.sg.copy[i]
            clean = clean and msg.sg.data[i].length == 0
        else:
            same: bool = same_element(msg, before, i)
            frame = frame and same
    check(frame, "frame: elements before the range are not touched")
    check(sum == msg.sg.size, "R3: the size is the sum of the lengths of the elements")
    check(bytes, "R4: every element has bytes and a page")
    check(clear, "R7: the copy bit of a slot outside the message is clear")
    check(clean, "F: a slot outside the message has length 0")


@user
def check_rest_around(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg], elements: u32) -> None:
    """Checks R5, R6, R8, references, the cursor and the new page."""
    if elements + around0.elements_before == 0:
        check(msg.sg.curr == msg.sg.start, "R5: curr is an element of the message or its end")
        check(msg.sg.copybreak == 0, "R6: copybreak lies in the element at curr")
    else:
        last: u32 = from_anchor(elements - 1 if elements else NR_MSG_FRAG_IDS - 1)
        check(msg.sg.curr == last, "R5: curr is the last element")
        check(msg.sg.copybreak == msg.sg.data[last].length, "R6: the next byte from the user goes behind the last byte")
    check_charge(sk, around0.charged, before.sg.size, msg.sg.size)
    held: u32 = references_around(before, around0.elements_from)
    holds: u32 = references_around(msg, elements)
    check(follow0.refs + held == around0.refs + holds, "refs: every element holds one reference of its page")
    fits: bool = True
    for n in range(MAX_MSG_FRAGS):
        i: u32 = from_anchor(n)
        if n < elements and msg.sg.data[i].page == placed0.page:
            end: u64 = msg.sg.data[i].offset
            end += msg.sg.data[i].length
            fits = fits and end <= memory0.page_bytes
    check(fits, "alloc: an element lies inside the page that was allocated for it")
