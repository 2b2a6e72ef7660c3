"""A message that starts in slot 0 and gets references to pieces of another one."""

from psockmc.lang import NULL, Ptr, arbitrary, assume, check, u32, user

from models.ring.types import CHAIN_NONE, INT_MAX, NR_MSG_FRAG_IDS, sk_msg
from spec.ring_helpers import same_element
from spec.ring_part import any_other


@user
def any_clone(dst: Ptr[sk_msg], before: Ptr[sk_msg], elements: u32) -> None:
    """Any message with so many elements, and its copy. Only the last element is looked at."""
    dst.sg.start = 0
    dst.sg.end = elements
    dst.sg.curr = 0
    dst.sg.copybreak = 0
    dst.skb = NULL
    dst.sg.size = arbitrary(0, INT_MAX)
    for n in range(NR_MSG_FRAG_IDS):
        any_other(dst, n)
        dst.sg.data[n].is_chain = False
        dst.sg.data[n].chain = CHAIN_NONE
        dst.sg.copy[n] = dst.sg.copy[n] and n < elements
        if n + 1 == elements:
            assume(dst.sg.data[n].length >= 1 and dst.sg.data[n].length <= dst.sg.size)
            assume(dst.sg.data[n].offset <= INT_MAX)
        before.sg.data[n].page = dst.sg.data[n].page
        before.sg.data[n].offset = dst.sg.data[n].offset
        before.sg.data[n].length = dst.sg.data[n].length
        before.sg.copy[n] = dst.sg.copy[n]
    before.sg.size = dst.sg.size


@user
def adjoins(dst: Ptr[sk_msg], n: u32, page: u32, offset: u32) -> bool:
    """Whether the bytes at (page, offset) follow those of element n."""
    behind: u32 = dst.sg.data[n].offset + dst.sg.data[n].length
    return dst.sg.data[n].page == page and behind == offset


@user
def check_clone(
    dst: Ptr[sk_msg], before: Ptr[sk_msg], elements: u32, page: u32, offset: u32, bytes: u32, joins: bool
) -> None:
    """Checks that the piece comes behind all other bytes: in the last element if it joins it, else in a new one."""
    kept: bool = True
    grown: bool = True
    fresh: bool = True
    for n in range(NR_MSG_FRAG_IDS):
        if joins and n + 1 == elements:
            place: bool = dst.sg.data[n].page == page and dst.sg.data[n].offset == before.sg.data[n].offset
            grown = place and dst.sg.data[n].length == before.sg.data[n].length + bytes
            grown = grown and dst.sg.copy[n] == before.sg.copy[n]
        elif not joins and bytes != 0 and n == elements:
            fresh = dst.sg.data[n].page == page and dst.sg.data[n].offset == offset
            fresh = fresh and dst.sg.data[n].length == bytes and not dst.sg.data[n].is_chain and dst.sg.copy[n]
        else:
            same: bool = same_element(dst, before, n)
            kept = kept and same
    check(kept, "content: the elements before stay")
    check(grown, "content: a piece that follows the last element in its page lengthens it")
    check(fresh, "content: another piece becomes an element, to which a program may not write")
