"""Messages of which an operation touches one end only: the beginning up to a position, or all from a position on.

What it does not touch is a block: so many elements, which hold so many bytes. That they stay what they are is a claim
(`frame`), and with it R3, R4 and R7 of the whole message follow from those of the part.

The part is compared with what it was before, element by element. An element that is the same (page, offset, length,
copy bit) holds the same bytes, and a stated piece of it holds that piece of them: so what is said of elements is said
of the sequence of bytes.

Slots are counted from the anchor: the start of the message when the part is its beginning, else the slot with the
position.
"""

from psockmc.lang import NULL, Ptr, Struct, arbitrary, assume, check, choose, instance, u32, u64, user

from models.ring.sock import holds
from models.ring.types import (
    CHAIN_NONE,
    CHAIN_SLOT,
    INT_MAX,
    MAX_MSG_FRAGS,
    NR_MSG_FRAG_IDS,
    U32_MAX,
    follow0,
    memory0,
    sk_msg,
    sock,
)
from spec.ring import distance, slot
from spec.ring_helpers import same_element

PAIRS = NR_MSG_FRAG_IDS * NR_MSG_FRAG_IDS


class part(Struct, name="part"):
    """The message before the call.

    anchor: the slot from which slots are counted. beginning: whether the part is the beginning. others: how many
    elements the block has. elements: how many the part has, without the one that the position is inside of. inside:
    whether there is one. position: in bytes from the start. ends: where the part ends, when it is the beginning; else
    where it begins. steps: how many slots behind the start curr is. charged, refs: of the socket, and of the page that
    is followed.

    What a proof asks for: grows: the message is one block, to which so many pages are added, with an outcome. fore:
    there are so many elements before the anchor, of which the operation knows nothing; their bytes are not counted.
    fills: so many bytes of the first element are filled, fewer than it has or all (full). ahead: the element with the
    position is in the part, also when the position is its beginning (edge). more: there is one element more behind
    `ends`. reads: the operation reads up to the position, or asks for more than there is (beyond).
    """

    anchor: u32
    beginning: bool
    others: u32
    elements: u32
    inside: bool
    position: u32
    ends: u32
    steps: u32
    grows: bool
    pages: u32
    outcome: u32
    fore: u32
    fills: bool
    full: bool
    filled: u32
    ahead: bool
    edge: bool
    more: bool
    reads: bool
    beyond: bool
    charged: u64
    refs: u32


part0 = instance(part)


@user
def nth(n: u32) -> u32:
    """The slot that is `n` slots behind the anchor."""
    return slot(part0.anchor, n)


@user
def touched() -> u32:
    """How many elements are not in the block."""
    return part0.elements + (1 if part0.inside else 0) + (1 if part0.more else 0)


@user
def in_message(n: u32) -> bool:
    """Whether the n-th slot holds an element before the call."""
    if part0.beginning:
        return n < touched() + part0.others or n >= NR_MSG_FRAG_IDS - part0.fore
    return n < touched() or n >= NR_MSG_FRAG_IDS - part0.others


# ---------------------------------------------------------------- arbitrary beginnings


@user
def any_beginning(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> bool:
    """Any message with elements, and any position in it; the elements behind the position are the block.

    `before` becomes a copy of it. False for a combination that there is not.
    """
    part0.beginning = True
    there: bool = choose_part()
    if there:
        msg.sg.start = part0.anchor
        msg.sg.end = nth(touched() + part0.others)
        begins: u32 = 0
        behind: u32 = part0.filled
        for n in range(NR_MSG_FRAG_IDS):
            if n < part0.elements:
                begins = any_element(msg, n, begins, behind)
                behind = begins
        part0.position = behind
        if part0.inside:
            part0.position = behind if part0.edge else further(behind)
            begins = any_element(msg, part0.elements, begins, part0.position)
        part0.ends = begins
        if part0.more:
            begins = any_element(msg, touched() - 1, begins, begins)
        extra: u32 = any_block()
        assume(extra <= INT_MAX - begins)
        msg.sg.size = begins + extra
        any_owner(sk, msg, before)
    return there


@user
def any_ending(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> bool:
    """As any_beginning(), but the elements before the position are the block."""
    part0.beginning = False
    there: bool = choose_part()
    if there:
        msg.sg.start = nth(NR_MSG_FRAG_IDS - part0.others) if part0.others else part0.anchor
        msg.sg.end = nth(touched())
        begins: u32 = any_block()
        part0.ends = begins
        part0.position = begins
        if part0.inside:
            part0.position = further(begins)
            begins = any_element(msg, 0, begins, part0.position)
        for n in range(NR_MSG_FRAG_IDS):
            if n < touched() and (n > 0 or not part0.inside):
                begins = any_element(msg, n, begins, begins)
        msg.sg.size = begins
        any_owner(sk, msg, before)
    return there


@user
def choose_part() -> bool:
    """Any number of elements on both sides of the position.

    The first choose() is the anchor together with the size of the block.
    """
    pair: u32 = choose(PAIRS)
    part0.anchor = pair // NR_MSG_FRAG_IDS
    part0.others = pair % NR_MSG_FRAG_IDS
    if part0.grows:
        part0.pages = choose(NR_MSG_FRAG_IDS)
        part0.outcome = choose(3)
        assume(part0.others + part0.pages <= MAX_MSG_FRAGS)
        if part0.outcome == 2:
            assume(part0.others + part0.pages == MAX_MSG_FRAGS)
        return part0.pages != 0 or part0.outcome != 0
    part0.elements = choose(MAX_MSG_FRAGS + 1)
    if part0.ahead:
        part0.inside = True
        part0.edge = choose()
    else:
        part0.inside = choose()
    if part0.reads:
        part0.beyond = choose()
    if part0.fills:
        part0.full = choose()
        part0.filled = 0 if part0.full else arbitrary(0, INT_MAX)
    if touched() > MAX_MSG_FRAGS or (part0.beyond and part0.inside):
        return False
    assume(part0.others + touched() <= MAX_MSG_FRAGS)
    assume(part0.others + touched() > 0)
    if part0.beyond:
        assume(part0.others == 0)
    return True


@user
def further(than: u32) -> u32:
    """Any position behind this one."""
    at: u32 = arbitrary(1, INT_MAX)
    assume(at > than)
    return at


@user
def any_block() -> u32:
    """How many bytes the block has: none only when it has no elements."""
    bytes: u32 = arbitrary(0, INT_MAX)
    assume((bytes == 0) == (part0.others == 0))
    return bytes


@user
def any_element(msg: Ptr[sk_msg], n: u32, begins: u32, behind: u32) -> u32:
    """The n-th slot holds an element that begins at a position and goes on behind another one; where it ends."""
    i: u32 = nth(n)
    ends: u32 = further(behind)
    msg.sg.data[i].length = ends - begins
    msg.sg.data[i].is_last = False
    any_page(msg, i)
    return ends


@user
def any_page(msg: Ptr[sk_msg], i: u32) -> None:
    """Where the bytes of the element in slot i are, and its copy bit."""
    msg.sg.data[i].offset = arbitrary(0, INT_MAX)
    msg.sg.data[i].page = arbitrary(1, U32_MAX)
    assume(msg.sg.data[i].page < memory0.first_new_page)
    msg.sg.copy[i] = choose()


@user
def any_other(msg: Ptr[sk_msg], i: u32) -> None:
    """What slot i holds, which is in the block or outside of the message."""
    msg.sg.data[i].length = arbitrary(0, U32_MAX)
    msg.sg.data[i].offset = arbitrary(0, U32_MAX)
    msg.sg.data[i].page = arbitrary(0, U32_MAX)
    msg.sg.data[i].is_last = choose()
    msg.sg.copy[i] = choose()


@user
def any_owner(sk: Ptr[sock], msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Slots that are not in the part hold anything, a copy bit in the block only. The message owns its pages.

    Its charge and references come on top of those of others.
    """
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = nth(n)
        msg.sg.data[i].is_chain = False
        msg.sg.data[i].chain = CHAIN_NONE
        if n >= touched():
            any_other(msg, i)
            msg.sg.copy[i] = msg.sg.copy[i] and in_message(n)
    msg.sg.data[CHAIN_SLOT].is_chain = False
    msg.sg.data[CHAIN_SLOT].chain = CHAIN_NONE
    msg.sg.copy[CHAIN_SLOT] = False
    msg.skb = NULL
    msg.sk = NULL
    msg.sk_redir = NULL
    msg.next = NULL
    msg.freed = False
    sk.charged += msg.sg.size
    follow0.refs += references_of(msg, 0, touched())
    part0.charged = sk.charged
    part0.refs = follow0.refs
    any_curr(msg)
    remember(before, msg)


@user
def any_curr(msg: Ptr[sk_msg]) -> None:
    """curr is any element or the end, copybreak any number. Of R6 a proof assumes what it needs."""
    msg.sg.curr = arbitrary(0, MAX_MSG_FRAGS)
    msg.sg.copybreak = arbitrary(0, INT_MAX)
    part0.steps = distance(msg.sg.start, msg.sg.curr)
    assume(part0.steps <= part0.others + touched())


@user
def remember(before: Ptr[sk_msg], msg: Ptr[sk_msg]) -> None:
    """`before` becomes what the message is now."""
    before.sg.start = msg.sg.start
    before.sg.curr = msg.sg.curr
    before.sg.end = msg.sg.end
    before.sg.size = msg.sg.size
    before.sg.copybreak = msg.sg.copybreak
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = nth(n)
        before.sg.data[i].page = msg.sg.data[i].page
        before.sg.data[i].offset = msg.sg.data[i].offset
        before.sg.data[i].length = msg.sg.data[i].length
        before.sg.copy[i] = msg.sg.copy[i]


# ---------------------------------------------------------------- what holds after a call


@user
def references_of(msg: Ptr[sk_msg], first: u32, behind: u32) -> u32:
    """How many of the slots from the n-th `first` on, up to `behind`, refer to the page that is followed."""
    count: u32 = 0
    for n in range(NR_MSG_FRAG_IDS):
        if n >= first and n < behind and msg.sg.data[nth(n)].page == follow0.page:
            count += 1
    return count


@user
def check_frame(msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Checks that no slot outside of the part was touched."""
    same: bool = same_slots(msg, before, touched(), NR_MSG_FRAG_IDS)
    check(same, "frame: elements on the other side of the cut are not touched, nor are slots outside of the message")


@user
def same_slots(msg: Ptr[sk_msg], before: Ptr[sk_msg], first: u32, behind: u32) -> bool:
    """Whether the slots from the n-th `first` on, up to `behind`, hold what they held."""
    same: bool = True
    for n in range(NR_MSG_FRAG_IDS):
        if n >= first and n < behind:
            i: u32 = nth(n)
            element: bool = same_element(msg, before, i)
            same = same and element
    return same


@user
def check_freed(msg: Ptr[sk_msg], first: u32, behind: u32) -> None:
    """Checks R7 for the slots from the n-th `first` on, up to `behind`, which have left the message."""
    clear: bool = True
    for n in range(NR_MSG_FRAG_IDS):
        if n >= first and n < behind:
            clear = clear and not msg.sg.copy[nth(n)]
    check(clear, "R7: the copy bit of a slot outside the message is clear")


@user
def check_references_left(msg: Ptr[sk_msg], before: Ptr[sk_msg], first: u32, behind: u32) -> None:
    """Checks that the page lost the references of the elements that have left: of the part these slots are left."""
    held: u32 = references_of(before, 0, touched())
    left: u32 = references_of(msg, first, behind)
    check(follow0.refs + held == part0.refs + left, "refs: every element holds one reference of its page")


@user
def check_unchanged(msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Checks that nothing of the message has changed."""
    slots: bool = same_slots(msg, before, 0, NR_MSG_FRAG_IDS)
    ends: bool = msg.sg.start == before.sg.start and msg.sg.end == before.sg.end and msg.sg.size == before.sg.size
    check(slots and ends, "content: the message does not change")
    check(msg.sg.curr == before.sg.curr and msg.sg.copybreak == before.sg.copybreak, "cursor: it stays where it was")


@user
def check_first_part(msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Checks that the message ends at the position: of the part, only the piece before it is left."""
    left: u32 = 1 if part0.inside else 0
    end: u32 = nth(left)
    check(msg.sg.start == before.sg.start, "R1: the message starts where it started")
    check(msg.sg.end == end, "R1: the message ends behind the last element that is left")
    check_frame(msg, before)
    check_freed(msg, left, touched())
    check_references_left(msg, before, 0, left)
    if part0.inside:
        i: u32 = part0.anchor
        check(msg.sg.data[i].length == part0.position - part0.ends, "R3: the lengths are those of the bytes left")
        same: bool = msg.sg.data[i].page == before.sg.data[i].page and not msg.sg.data[i].is_chain
        check(same and msg.sg.data[i].length != 0, "R4: every element has bytes and a page")
        check(msg.sg.data[i].offset == before.sg.data[i].offset, "content: what is left of an element is its beginning")
        check(msg.sg.copy[i] == before.sg.copy[i], "copy: what is left of an element keeps its copy bit")


@user
def check_last_part(msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Checks that the message starts at the position: of the part, only the piece behind it is left."""
    start: u32 = nth(part0.elements)
    check(msg.sg.start == start, "R1: the message starts at the first element that is left")
    check(msg.sg.end == before.sg.end, "R1: the message ends where it ended")
    check_frame(msg, before)
    if part0.inside:
        i: u32 = start
        moved: u32 = before.sg.data[i].offset + (before.sg.data[i].length - msg.sg.data[i].length)
        check(msg.sg.data[i].length == part0.ends - part0.position, "R3: the lengths are those of the bytes left")
        same: bool = msg.sg.data[i].page == before.sg.data[i].page and not msg.sg.data[i].is_chain
        check(same and msg.sg.data[i].length != 0, "R4: every element has bytes and a page")
        check(msg.sg.data[i].offset == moved, "content: what is left of an element is its end")
        check(msg.sg.copy[i] == before.sg.copy[i], "copy: what is left of an element keeps its copy bit")


@user
def check_handed_over(before: Ptr[sk_msg], bytes: u32) -> None:
    """Checks that the reader got the first bytes: any one of them, once, and no other."""
    k: u64 = follow0.sent_byte
    right: bool = True
    begins: u64 = 0
    for n in range(NR_MSG_FRAG_IDS):
        if n < touched():
            i: u32 = nth(n)
            ends: u64 = part0.position if n == part0.elements else begins + before.sg.data[i].length
            if k >= begins and k < ends:
                same: bool = follow0.sent_page == before.sg.data[i].page
                right = same and follow0.sent_offset == before.sg.data[i].offset + (k - begins)
            begins = ends
    check(right, "content: the reader gets the bytes in their order")
    check(follow0.sent == (1 if k < bytes else 0), "content: every byte is handed over once, and no other")


@user
def check_filled(before: Ptr[sk_msg]) -> None:
    """Checks that the user's bytes are between `filled` and the position, and that nothing else is written.

    Any one of them is followed, and any byte of any page.
    """
    filled: u32 = part0.filled
    k: u64 = filled
    k += follow0.user_byte
    right: bool = True
    written: bool = False
    begins: u64 = filled
    for n in range(NR_MSG_FRAG_IDS):
        if n < touched():
            i: u32 = nth(n)
            at: u32 = before.sg.data[i].offset + (filled if n == 0 else 0)
            behind: u64 = begins + before.sg.data[i].length - (filled if n == 0 else 0)
            ends: u64 = part0.position if n == part0.elements else behind
            if k >= begins and k < ends:
                right = follow0.user_page == before.sg.data[i].page and follow0.user_offset == at + (k - begins)
            here: bool = holds(before.sg.data[i].page, at, ends - begins, follow0.page, follow0.byte)
            written = written or here
            begins = ends
    check(right, "content: the user's bytes follow what was there")
    check(follow0.user_copies == (1 if k < part0.position else 0), "content: each of them is copied once, and no other")
    check(not follow0.overwritten or written, "content: no other byte is written")


@user
def wish() -> u32:
    """How many bytes a reader asks for: up to the position, or beyond the end of the message."""
    return further(part0.position) if part0.beyond else part0.position
