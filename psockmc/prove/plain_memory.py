"""Pages, charges and C integers for the plain ring (`plain_ring.py`): what an operation meets outside the message.

A page is a real `bytearray` with a real reference count, so an operation that copies a byte to the wrong place or puts
a page twice shows it by itself. One counter, `Memory.requests`, numbers everything that may fail for want of memory
(`alloc_pages`, `sk_page_frag_refill`, `sk_wmem_schedule`, ...), so `fail_at=3` makes exactly the third one fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psockmc.prove.plain_slots import Slots

NO_PAGE = 0
"""The number of no page: a NULL `struct page *`."""

PAGE_SIZE = 4096
LARGEST_PAGE = 4 << 20
"""The largest compound page `alloc_pages` can give (MAX_ORDER on a machine with 4 KiB pages)."""


class Broken(Exception):
    """A claim does not hold. `claim` is its ID (`R3`, `index`, ...), `sentence` says what is wrong, with numbers."""

    def __init__(self, claim: str, sentence: str) -> None:
        super().__init__(f"{claim}: {sentence}")
        self.claim = claim
        self.sentence = sentence


def u32(value: int) -> int:
    """The value converted to C's `u32`."""
    return value & 0xFFFFFFFF


def s32(value: int) -> int:
    """The value converted to C's 32-bit `int`."""
    return (value + 0x80000000 & 0xFFFFFFFF) - 0x80000000


@dataclass
class Page:
    """A (compound) page: its bytes and how many references there are."""

    content: bytearray
    refs: int = 0


@dataclass(eq=False)
class Sock:
    """What the operations touch of a socket: bytes charged to it, and received bytes (`sk_rmem_alloc`)."""

    charged: int = 0
    rmem_alloc: int = 0


class Memory:
    """All pages, by number, and the requests for more; shared by all rings that may refer to the same pages.

    `fail_at`: which request for memory fails (the first is 1); 0: none. `fails`: the same for requests of one kind
    only, counted by themselves: `pages`, `frag`, `wmem`, `rmem` or `message`. `frag_size`: bytes of a page that
    `sk_page_frag_refill` takes to allocate from.
    """

    def __init__(self, *, fail_at: int = 0, fails: Mapping[str, int] | None = None, frag_size: int = PAGE_SIZE) -> None:
        self.pages: dict[int, Page] = {}
        self.messages: list[Slots] = []
        self.warnings: list[str] = []
        self.requests = 0
        self.fail_at = fail_at
        self.fails = dict(fails or {})
        self.asked: Counter[str] = Counter()
        self.frag_size = frag_size
        self.frag_page = NO_PAGE
        self.frag_offset = 0
        self.held: list[int] = []

    def granted(self, kind: str) -> bool:
        """Whether the next request for memory, which is of this kind, succeeds."""
        self.requests += 1
        self.asked[kind] += 1
        return self.requests != self.fail_at and self.asked[kind] != self.fails.get(kind)

    def short(self) -> bool:
        """Whether a request is still to fail."""
        return self.fail_at > self.requests or any(at > self.asked[kind] for kind, at in self.fails.items())

    def warn(self, sentence: str) -> None:
        """The kernel's WARN_ON: remembered, and broken as soon as somebody checks."""
        self.warnings.append(sentence)

    # Pages

    def initial_page(self, number: int, size: int) -> None:
        """A page that exists from the beginning, at least `size` bytes long, without references so far.

        Its bytes differ from place to place and from page to page, so that a byte tells where it came from.
        """
        if number == NO_PAGE:
            raise ValueError("page 0 is no page: number pages from 1")
        if size > LARGEST_PAGE:
            raise ValueError(f"page {number} would have {size} bytes: the plain ring holds real bytes, at most 4 MiB")
        page = self.pages.setdefault(number, Page(bytearray()))
        page.content.extend(_pattern(number, at) for at in range(len(page.content), size))

    def alloc_pages(self, size: int) -> int:
        """A new page for `size` bytes, rounded up to a power of two pages; NO_PAGE when there is none.

        There is none for 0 bytes either: `get_order(0)` is 52.
        """
        if not self.granted("pages") or not 0 < size <= LARGEST_PAGE:
            return NO_PAGE
        number = max(self.pages, default=0) + 1
        self.pages[number] = Page(bytearray(_rounded_up(size)), refs=1)
        return number

    def hold(self, number: int) -> None:
        """Somebody else (the page cache, the user) has a reference to the page, too."""
        self.pages[number].refs += 1
        self.held.append(number)

    def get_page(self, number: int) -> None:
        """Take one more reference. Raises Broken for NULL and for a page that is free already."""
        self._live(number).refs += 1

    def put_page(self, number: int) -> None:
        """Give a reference back. Raises Broken for NULL and for a page that is free already."""
        self._live(number).refs -= 1

    def read(self, number: int, offset: int, length: int) -> bytes:
        """The bytes of a page, as memcpy reads them."""
        return bytes(self._place(number, offset, length).content[offset : offset + length]) if length else b""

    def write(self, number: int, offset: int, data: bytes) -> None:
        """Write into a page as memcpy does."""
        if data:
            self._place(number, offset, len(data)).content[offset : offset + len(data)] = data

    def _live(self, number: int) -> Page:
        if number == NO_PAGE:
            raise Broken("pointer", "a reference to a page is taken or put through NULL")
        page = self.pages[number]
        if page.refs <= 0:
            raise Broken("refs", f"page {number} is used although all its references were put")
        return page

    def _place(self, number: int, offset: int, length: int) -> Page:
        if number == NO_PAGE:
            raise Broken("pointer", "bytes of a page are accessed through NULL")
        page = self._live(number)
        if offset < 0 or length < 0 or offset + length > len(page.content):
            raise Broken(
                "memory",
                f"bytes {offset} to {offset + length} of page {number} are accessed, it has {len(page.content)}",
            )
        return page

    # The page that sk_msg_alloc cuts its pieces from

    def page_frag_refill(self) -> bool:
        """`sk_page_frag_refill`: make sure that the fragment page has at least one byte of room."""
        if self.frag_page and self.frag_offset < self.frag_size:
            return True
        if not self.granted("frag"):
            return False
        if self.frag_page:
            self.put_page(self.frag_page)
        self.frag_page = max(self.pages, default=0) + 1
        self.frag_offset = 0
        self.pages[self.frag_page] = Page(bytearray(self.frag_size), refs=1)
        return True


def _pattern(number: int, at: int) -> int:
    return (number * 73 + at * 31 + (at >> 8) * 17 + 5) & 0xFF


def _rounded_up(size: int) -> int:
    rounded = PAGE_SIZE
    while rounded < size:
        rounded *= 2
    return rounded


@dataclass
class Iter:
    """A `struct iov_iter` to copy from: bytes, and optionally the byte at which the user's memory faults.

    `pages`: the pages of `Memory` in which the bytes lie, one after the other, from `offset` of the first one on; only
    zero copy needs them.
    """

    data: bytes
    fault_at: int | None = None
    pages: list[int] = field(default_factory=list)
    offset: int = 0
    done: int = 0

    def copy(self, length: int) -> bytes:
        """`copy_from_iter`: the next bytes, fewer than asked for when the copy faults or the data ends."""
        data = self.data[self.done : max(self.done, min(self.done + length, self._stop()))]
        self.done += len(data)
        return data

    def within(self, pages: int) -> int:
        """`iov_iter_get_pages2`: how many of the next bytes lie in that many pages."""
        return max(0, min(self._stop() - self.done, pages * PAGE_SIZE - (self.offset + self.done) % PAGE_SIZE))

    def place(self) -> tuple[int, int]:
        """The page and offset of the next byte."""
        page, offset = divmod(self.offset + self.done, PAGE_SIZE)
        return self.pages[page], offset

    def _stop(self) -> int:
        return len(self.data) if self.fault_at is None else min(self.fault_at, len(self.data))
