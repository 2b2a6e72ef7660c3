"""Messages around one element, and what a helper did to them: how pull, push and pop are proved for rings of any size.

The helpers find the element with the first byte of their range (find_element(), proved by itself), and from there on touch
only that element and those behind it. So a proof begins at that element, its anchor: the anchor's slot is one of all
slots, and `elements_before` and `elements_from` say how many elements lie before it and from it on; both are unknown.
Slots are counted from the anchor: with the anchor known, each of them is a known slot of the ring.

What is before the anchor appears as its sum of bytes only. That these elements stay is a claim (`frame`), and R2 to R4, R7
and F speak of the rest. The lengths from the anchor on are unknown and positive, nothing else is known of them; the range
ends in element `last`, or behind the message.
"""

from psockmc.lang import Array, Ptr, Struct, arbitrary, assume, check, choose, instance, u32, u64, user

from models.ring.helpers import found0, placed0
from models.ring.types import INT_MAX, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, follow0, memory0, sk_msg, sock
from spec.ring import MAX_CHARGE, MAX_PAGES, any_memory, check_charge, indices_are_slots
from spec.ring_helpers import UINT_MAX, is0, place, same_content, same_copy_bit, same_element, was0


class around(Struct, name="around"):
    """The message before the call, from its anchor on. position: bytes before the anchor; bytes: bytes from it on.

    inside: bytes of the anchor before the range; until: bytes from the anchor to the end of the range. refs: references
    of the page that is followed.
    """

    anchor: u32
    elements_before: u32
    elements_from: u32
    position: u32
    bytes: u32
    inside: u32
    until: u32
    refs: u32
    charged: u64
    lengths: Array[u32, NR_MSG_FRAG_IDS]


around0 = instance(around)


@user
def from_anchor(n: u32) -> u32:
    """The slot that is `n` slots behind the anchor."""
    gap: u32 = NR_MSG_FRAG_IDS - around0.anchor
    return around0.anchor + n if n < gap else n - gap


# ---------------------------------------------------------------- beginnings


@user
def any_message_around(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Any message with bytes, whose lengths from the anchor on are in around0.lengths; `before` becomes its copy.

    curr and copybreak are any numbers: the helpers do not read them.
    """
    any_memory()
    assume(around0.elements_before + around0.elements_from <= MAX_MSG_FRAGS)
    assume((around0.position == 0) == (around0.elements_before == 0))
    msg.sg.start = from_anchor(NR_MSG_FRAG_IDS - around0.elements_before) if around0.elements_before else around0.anchor
    msg.sg.end = from_anchor(around0.elements_from)
    msg.sk = sk
    any_slots_around(msg)
    msg.sg.size = around0.position + around0.bytes
    assume(msg.sg.size <= INT_MAX)
    assume(sk.charged >= msg.sg.size and sk.charged <= MAX_CHARGE)
    around0.charged = sk.charged
    around0.refs = follow0.refs
    held: u32 = references_around(msg, around0.elements_from)
    assume(follow0.refs >= held)
    found0.i = around0.anchor
    found0.offset = around0.position
    found0.length = around0.lengths[0]
    placed0.page = memory0.first_new_page
    placed0.offset = arbitrary(0, INT_MAX)
    placed0.writes = 0
    copy_around(before, msg)


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
    around0.bytes = 0
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = from_anchor(n)
        msg.sg.data[i].is_chain = False
        msg.sg.data[i].offset = arbitrary(0, INT_MAX)
        msg.sg.data[i].page = arbitrary(1, MAX_PAGES)
        assume(msg.sg.data[i].page < memory0.first_new_page)
        if n < around0.elements_from:
            msg.sg.data[i].length = around0.lengths[n]
            around0.bytes += around0.lengths[n]
        elif n + around0.elements_before < NR_MSG_FRAG_IDS:
            msg.sg.data[i].length = 0
            msg.sg.copy[i] = False
        else:
            msg.sg.data[i].length = arbitrary(1, INT_MAX)


@user
def any_lengths() -> None:
    """Any position of the anchor, and any lengths from it on."""
    around0.position = arbitrary(0, INT_MAX)
    for n in range(NR_MSG_FRAG_IDS):
        around0.lengths[n] = arbitrary(1, INT_MAX)


@user
def any_start() -> None:
    """A place in the anchor, at its first byte or behind it; until: the same place."""
    around0.inside = arbitrary(0, INT_MAX)
    around0.until = around0.inside
    around0.lengths[0] = around0.inside + arbitrary(1, INT_MAX)


@user
def any_range(last: u32) -> None:
    """A range that begins in the anchor and ends in element `last`, counted from the anchor.

    When the message has fewer elements the range ends behind it. Lengths are sums of unknowns so that comparisons along the
    way are decided by the signs of these.
    """
    around0.inside = arbitrary(0, INT_MAX)
    part: u32 = arbitrary(1, UINT_MAX)
    rest: u32 = arbitrary(0, INT_MAX)
    until: u64 = part
    length: u64 = part
    length += rest
    if last == 0:
        until += around0.inside
        length += around0.inside
    else:
        around0.lengths[0] = around0.inside + arbitrary(1, INT_MAX)
        for n in range(MAX_MSG_FRAGS):
            if n < last:
                until += around0.lengths[n]
    assume(until + around0.position <= UINT_MAX and length <= UINT_MAX)
    around0.until = until
    around0.lengths[last] = length


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
    """Where the byte is that is `k` bytes behind the first byte of the anchor; page 0 when there is no such byte."""
    at.page = 0
    at.offset = 0
    at.element = msg.sg.end
    at.shared = False
    at.left = 0
    sum: u64 = 0
    for n in range(MAX_MSG_FRAGS):
        if n < elements:
            i: u32 = from_anchor(n)
            if k >= sum and k - sum < msg.sg.data[i].length:
                at.page = msg.sg.data[i].page
                at.offset = msg.sg.data[i].offset + (k - sum)
                at.element = i
                at.shared = msg.sg.copy[i]
                at.left = msg.sg.data[i].length - (k - sum)
            sum += msg.sg.data[i].length


@user
def check_byte_around(before: Ptr[sk_msg], k: u32, msg: Ptr[sk_msg], elements: u32, now: u32) -> None:
    """Checks that byte `now` behind the anchor is what byte `k` behind it was before."""
    locate_around(before, around0.elements_from, k, was0)
    locate_around(msg, elements, now, is0)
    content: bool = same_content()
    check(is0.page == 0 or content, "bytes: every byte that stays keeps its content and its position")
    check(is0.page != 0 or was0.page == 0, "bytes: no byte is lost")
    bit: bool = same_copy_bit()
    check(is0.page == 0 or bit, "copy: a byte's copy bit stays with it, and is clear in a private page")


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
