"""A message beside its copy from before the call: what happened to it, element by element.

An element that is the same (page, offset, length, copy bit) holds the same bytes, and a stated piece of it holds that
piece of them. So what these claims say of elements they say of the sequence of bytes, without following one.
"""

from psockmc.lang import Ptr, arbitrary, assume, check, u32, user

from models.ring.types import INT_MAX, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, sk_msg
from spec.ring import cut0, distance, slot, used
from spec.ring_helpers import same_element


@user
def remember(before: Ptr[sk_msg], msg: Ptr[sk_msg]) -> None:
    """`before` becomes what the message is now, slot by slot from its start on."""
    before.sg.start = msg.sg.start
    before.sg.curr = msg.sg.curr
    before.sg.end = msg.sg.end
    before.sg.size = msg.sg.size
    before.sg.copybreak = msg.sg.copybreak
    for n in range(NR_MSG_FRAG_IDS):
        i: u32 = slot(msg.sg.start, n)
        before.sg.data[i].page = msg.sg.data[i].page
        before.sg.data[i].offset = msg.sg.data[i].offset
        before.sg.data[i].length = msg.sg.data[i].length
        before.sg.copy[i] = msg.sg.copy[i]


@user
def same_between(msg: Ptr[sk_msg], before: Ptr[sk_msg], first: u32, behind: u32) -> bool:
    """Whether elements `first` to `behind` - 1, counted from where the message started before, are what they were."""
    same: bool = True
    for n in range(NR_MSG_FRAG_IDS):
        if n >= first and n < behind:
            i: u32 = slot(before.sg.start, n)
            element: bool = same_element(msg, before, i)
            same = same and element
    return same


@user
def same_cursor(msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> bool:
    """Whether curr and copybreak are what they were."""
    return msg.sg.curr == before.sg.curr and msg.sg.copybreak == before.sg.copybreak


@user
def check_unchanged(msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Checks that nothing of the message has changed, in the ring or outside."""
    slots: bool = same_between(msg, before, 0, NR_MSG_FRAG_IDS)
    same: bool = msg.sg.start == before.sg.start and msg.sg.end == before.sg.end and msg.sg.size == before.sg.size
    check(slots and same, "content: the message does not change")
    cursor: bool = same_cursor(msg, before)
    check(cursor, "cursor: curr and copybreak do not change")


# ---------------------------------------------------------------- the cursor


@user
def free_cursor(msg: Ptr[sk_msg]) -> u32:
    """curr is any element or the end, copybreak any number: returns how many slots behind the start curr is.

    R6 is not assumed of it: a proof assumes it where it needs it.
    """
    steps: u32 = arbitrary(0, MAX_MSG_FRAGS)
    assume(steps <= used(msg))
    msg.sg.curr = slot(msg.sg.start, steps)
    msg.sg.copybreak = arbitrary(0, INT_MAX)
    return steps


@user
def check_is_prefix(msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Checks that the message has the elements up to the position cut0, the last of them as far as that."""
    whole: bool = same_between(msg, before, 0, cut0.element)
    check(whole, "content: the elements before the cut do not change")
    check(msg.sg.start == before.sg.start, "content: the first element stays the first")
    if cut0.inside:
        i: u32 = slot(before.sg.start, cut0.element)
        part: bool = msg.sg.data[i].page == before.sg.data[i].page and msg.sg.data[i].offset == before.sg.data[i].offset
        check(part, "content: the element that is cut keeps its beginning")
        check(msg.sg.copy[i] == before.sg.copy[i], "copy: the element that is cut keeps its copy bit")


@user
def check_is_suffix(msg: Ptr[sk_msg], before: Ptr[sk_msg]) -> None:
    """Checks that the message has the elements from the position cut0 on, the first of them from there on."""
    elements: u32 = distance(before.sg.start, before.sg.end)
    whole: bool = same_between(msg, before, cut0.element + (1 if cut0.inside else 0), elements)
    check(whole, "content: the elements behind the cut do not change")
    check(msg.sg.end == before.sg.end, "content: the last element stays the last")
    if cut0.inside:
        i: u32 = slot(before.sg.start, cut0.element)
        part: bool = msg.sg.data[i].page == before.sg.data[i].page
        ends: bool = (
            msg.sg.data[i].offset + msg.sg.data[i].length == before.sg.data[i].offset + before.sg.data[i].length
        )
        check(part and ends, "content: the element that is cut keeps its end")
        check(msg.sg.copy[i] == before.sg.copy[i], "copy: the element that is cut keeps its copy bit")
