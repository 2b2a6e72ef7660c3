"""Pages of the user that become elements."""

from psockmc.lang import Ptr, arbitrary, assume, check, u32, user

from models.ring.types import INT_MAX, MAX_MSG_FRAGS, NR_MSG_FRAG_IDS, PAGE_SIZE, follow0, iov_iter, sk_msg
from spec.ring_part import nth, part0

MAX_USER_PAGES = 1000000
MAX_PAGE_OFFSET = 4095


@user
def any_pages(iter: Ptr[iov_iter]) -> u32:
    """A user's buffer of which so many pages fit or are there, and how many bytes are wanted of it.

    Outcome 0: all bytes are in these pages; 1: the user's memory faults behind them; 2: no more elements fit.
    """
    pages: u32 = part0.pages
    outcome: u32 = part0.outcome
    iter.done = 0
    iter.chunk = 0
    iter.page = arbitrary(1, MAX_USER_PAGES)
    iter.offset = arbitrary(0, MAX_PAGE_OFFSET)
    there: u32 = 0
    if outcome == 2 and pages != 0:
        there = pages * PAGE_SIZE - iter.offset
    elif pages != 0:
        there = arbitrary(1, INT_MAX)
        assume(there + iter.offset > (pages - 1) * PAGE_SIZE and there + iter.offset <= pages * PAGE_SIZE)
    bytes: u32 = there
    if outcome != 0:
        bytes = arbitrary(1, INT_MAX)
        assume(bytes > there)
    iter.count = bytes
    iter.fault_at = there if outcome == 1 else bytes
    return bytes


@user
def check_pages(msg: Ptr[sk_msg], before: Ptr[sk_msg], page: u32, offset: u32, bytes: u32, pages: u32) -> None:
    """Checks that the new elements are these bytes, which begin in a page at an offset, page by page."""
    end: u32 = nth(pages)
    check(msg.sg.end == end, "R1: the message ends behind the last page")
    right: bool = True
    hidden: bool = True
    left: u32 = bytes
    for n in range(MAX_MSG_FRAGS):
        if n < pages:
            i: u32 = nth(n)
            at: u32 = offset if n == 0 else 0
            length: u32 = left if n + 1 == pages else PAGE_SIZE - at
            same: bool = msg.sg.data[i].page == page + n and msg.sg.data[i].offset == at
            right = right and same and msg.sg.data[i].length == length and not msg.sg.data[i].is_last
            hidden = hidden and msg.sg.copy[i]
            left -= length
    check(right, "content: the user's bytes follow, page by page")
    check(hidden, "copy: a program may not write to the user's pages")
    taken: u32 = 1 if follow0.page >= page and follow0.page - page < pages else 0
    check(follow0.refs == part0.refs + taken, "refs: every element holds one reference of its page")
    check(msg.sg.curr == msg.sg.end, "R5: curr is the end: there is no room to copy to")
    check(msg.sg.copybreak == 0, "R6: at the end copybreak is 0")


@user
def check_cursor_undone(msg: Ptr[sk_msg], before: Ptr[sk_msg], pages: u32) -> None:
    """Checks R5 and R6 when the pages have left again."""
    last: u32 = nth(NR_MSG_FRAG_IDS - 1)
    if pages == 0:
        stays: bool = msg.sg.curr == before.sg.curr and msg.sg.copybreak == before.sg.copybreak
        check(stays, "cursor: it stays where it was")
    elif part0.others == 0:
        check(msg.sg.curr == msg.sg.start and msg.sg.copybreak == 0, "R5: in an empty message curr is its end")
    else:
        check(msg.sg.curr == last, "R5: curr is the last element")
        check(msg.sg.copybreak == msg.sg.data[last].length, "R6: copybreak is behind its last byte")
