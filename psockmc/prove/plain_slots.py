"""The slots of a plain ring: indices, elements, the inline functions of include/linux/skmsg.h, and what must hold.

`Slots` is the first layer of the plain ring (see `plain_ring.py`). Its fields are the fields of `struct sk_msg_sg`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from psockmc.prove.plain_memory import NO_PAGE, Broken, Memory, Sock, s32, u32

KNOWN_BUGS = frozenset(
    {
        "chain-after-chain",
        "copy-bit-of-end-kept",
        "copy-bitmap-out-of-sync",
        "helpers-overestimate-bounds",
        "ingress-redirect-double-put-page",
        "ingress-redirect-skips-partial-sge",
        "ingress-rmem-unlimited",
        "last-sg-check-sg-is-last",
        "memcopy-returns-last-chunk",
        "pop-data-bounds-u32-wrap",
        "pop-data-several",
        "pull-data-offset-tests",
        "pull-data-shift-start",
        "pull-data-shift-wrap",
        "push-data-copy-len-wrap",
        "push-data-several",
        "push-data-tail-offset",
        "reset-curr-loses-copybreak",
        "shift-does-not-update-curr",
        "tls13-full-ring-overwrite",
        "wrapped-chain-off-by-one",
        "wrapped-ring-not-chained",
    }
)
"""The historic bugs that the plain ring can have again, by their IDs in the bug corpus.

Four are in no corpus, but in some trees: `copy-bit-of-end-kept`, `memcopy-returns-last-chunk`, `push-data-several`
(appending was refused) and `push-data-tail-offset`.
"""

Element = tuple[int, int, int, bool]
"""What a test writes for an element: its page, offset, length and copy bit."""


@dataclass
class Slot:
    """A `struct scatterlist`: a piece of a page, or (with `link`) a chain entry; `last` is the end mark.

    `link` is the ring slot a chain entry leads to, or the word `content-type` for the TLS 1.3 trailer.
    """

    page: int = NO_PAGE
    offset: int = 0
    length: int = 0
    last: bool = False
    link: int | str | None = None

    def set_page(self, page: int, length: int, offset: int) -> None:
        """`sg_set_page`: keeps the marks."""
        self.page, self.offset, self.length = page, u32(offset), u32(length)

    def copy(self) -> Slot:
        """C's struct assignment."""
        return replace(self)


class SlotArray:
    """The array of slots; an index that is none of it raises Broken("index")."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        self.slots = list(slots)

    def __len__(self) -> int:
        return len(self.slots)

    def __iter__(self) -> Iterator[Slot]:
        return iter(self.slots)

    def __getitem__(self, i: int) -> Slot:
        return self.slots[self._checked(i)]

    def __setitem__(self, i: int, slot: Slot) -> None:
        self.slots[self._checked(i)] = slot

    def _checked(self, i: int) -> int:
        if not 0 <= i < len(self.slots):
            raise Broken("index", f"slot {i} is accessed, the array has slots 0 to {len(self.slots) - 1}")
        return i


class Slots:
    """A message's ring: `frags` is MAX_MSG_FRAGS; there are frags + 1 ring slots and one more for a chain link.

    `elements` are put into the slots from `start` on. Their pages get one reference each and the socket is charged for
    their bytes, except for a message backed by an skb (`skb=True`), which owns nothing itself. Without `curr` the copy
    cursor stands behind the last byte. `bugs` are IDs of the bug corpus: the historic code with exactly these bugs.
    """

    def __init__(
        self,
        frags: int = 17,
        start: int = 0,
        elements: Collection[Element] = (),
        *,
        curr: int | None = None,
        copybreak: int | None = None,
        memory: Memory | None = None,
        sk: Sock | None = None,
        skb: bool = False,
        bugs: Collection[str] = (),
    ) -> None:
        self.frags = frags
        self.bugs = frozenset(bugs)
        self.ids = frags + 1
        unknown = self.bugs - KNOWN_BUGS
        if unknown:
            raise ValueError(f"the plain ring does not know {', '.join(sorted(unknown))}: see KNOWN_BUGS")
        if not 0 <= start < self.ids:
            raise ValueError(f"start is {start}: a ring of {frags} fragments has slots 0 to {self.ids - 1}")
        if len(elements) > frags + (skb or "tls13-full-ring-overwrite" in self.bugs):
            raise ValueError(f"{len(elements)} elements do not fit into a ring of {frags} fragments")
        self.memory = memory or Memory()
        self.sk = sk or Sock()
        self.init()
        self.skb = skb
        self.memory.messages.append(self)
        self.start = self.end = start
        for element in elements:
            self._put_in(element)
        if skb and elements:
            self.data[self.end - 1].last = True
        self._set_cursor(curr, copybreak)

    def init(self) -> None:
        """`sk_msg_init`: everything zero, the end mark at the last ring slot."""
        self.start = self.curr = self.end = self.size = self.copybreak = 0
        self.apply_bytes = self.cork_bytes = 0
        self.skb = False
        self.data = SlotArray(Slot() for _ in range(self.ids + 1))
        self.copy = [False] * (self.ids + 1)
        self.data[self.ids - 1].last = True
        self.exposed: tuple[int, int, int] | None = None

    def _put_in(self, element: Element) -> None:
        page, offset, length, copy = element
        self.memory.initial_page(page, offset + length)
        self.data[self.end] = Slot(page, offset, length)
        self.copy[self.end] = copy
        self.size += length
        self.end = self.end + 1 if self.skb else self.next(self.end)
        if not self.skb:
            self.memory.pages[page].refs += 1
            self.sk.charged += length

    def _set_cursor(self, curr: int | None, copybreak: int | None) -> None:
        last = self.prev(self.end) if self.size else self.start
        self.curr = last if curr is None else curr
        self.copybreak = copybreak or 0
        if curr is None and copybreak is None and self.size:
            self.copybreak = self.data[last].length

    # Indices

    def has(self, bug: str) -> bool:
        """Whether the code has this historic bug."""
        return bug in self.bugs

    def next(self, i: int) -> int:
        """`sk_msg_iter_var_next`: only the index that equals NR_MSG_FRAG_IDS wraps, as in C."""
        return 0 if i + 1 == self.ids else i + 1

    def prev(self, i: int) -> int:
        """`sk_msg_iter_var_prev`."""
        return self.ids - 1 if i == 0 else i - 1

    def dist(self, start: int, end: int) -> int:
        """`sk_msg_iter_dist`: how many steps from `start` to `end`."""
        return end - start if end >= start else end + (self.ids - start)

    def used(self) -> int:
        """`sk_msg_elem_used`."""
        if self.has("tls13-full-ring-overwrite") and self.full():
            return self.ids
        return self.dist(self.start, self.end)

    def full(self) -> bool:
        """`sk_msg_full`."""
        if self.has("tls13-full-ring-overwrite"):
            return self.start == self.end and self.size != 0
        return self.dist(self.start, self.end) == self.frags

    def elem(self, i: int) -> Slot:
        """`sk_msg_elem`. Raises Broken("index") outside the array."""
        return self.data[i]

    def set_copy(self, i: int, state: bool) -> None:
        """`__assign_bit` in the copy bitmap."""
        self.elem(i)
        self.copy[i] = state

    def turns(self) -> Iterator[None]:
        """The rounds of a loop over the ring. A loop that needs more than the ring has slots, and three, never ends."""
        yield from (None for _ in range(self.ids + 3))
        raise Broken("termination", f"a loop over a ring of {self.ids} slots is in round {self.ids + 4}")

    def live(self) -> list[int]:
        """The slots that are in the message, in order."""
        if self.skb:
            return list(range(self.start, self.end))
        return [(self.start + step) % self.ids for step in range(self.used())]

    # What the message says, and what must hold

    def __bytes__(self) -> bytes:
        """The byte string that the message is."""
        return b"".join(self.bytes_of(self.elem(i)) for i in self.live())

    def elements(self) -> list[tuple[int, int, int]]:
        """Page, offset and length of the elements, in order."""
        return [(self.data[i].page, self.data[i].offset, self.data[i].length) for i in self.live()]

    def bytes_of(self, slot: Slot) -> bytes:
        """The bytes that an element refers to."""
        return self.memory.read(slot.page, slot.offset, slot.length) if slot.length else b""

    def check(self, *, without: Collection[str] = ()) -> None:
        """Raise `Broken` for the first claim that does not hold, leaving out those in `without`: see `violations`."""
        for broken in self.violations(without=without):
            raise broken

    def violations(self, *, without: Collection[str] = ()) -> Iterator[Broken]:
        """What does not hold: R1 to R8, and `refs`, one reference for each element; at most one sentence for each.

        References and charges are counted over all messages that share this one's memory. Where the indices are no
        slots (R1) or alias (R2), nothing else is looked at.
        """
        checks = [self._check_indices, self._check_elements, self._check_cursor, self._check_copy_bits]
        for check in (*checks, self._check_references, self._check_charge, self._check_warnings):
            try:
                check()
            except Broken as broken:
                if broken.claim not in without:
                    yield broken
                if broken.claim in ("R1", "R2"):
                    return

    def _check_indices(self) -> None:
        for name in ("start", "curr", "end"):
            if not 0 <= getattr(self, name) < self.ids + self.skb:
                raise Broken("R1", f"{name} is {getattr(self, name)}, the ring has slots 0 to {self.ids - 1}")
        if not self.skb and self.used() > self.frags:
            raise Broken("R2", f"{self.used()} slots are used, {self.frags} are allowed")

    def _check_elements(self) -> None:
        lengths = [self.data[i].length for i in self.live()]
        if sum(lengths) != self.size:
            raise Broken("R3", f"size is {self.size}, the lengths {lengths} sum up to {sum(lengths)}")
        for i in self.live():
            if not self.data[i].length or not self.data[i].page:
                raise Broken("R4", f"slot {i} is in the message, but empty")

    def _check_cursor(self) -> None:
        if self.dist(self.start, self.curr) > self.used():
            raise Broken("R5", f"curr is {self.curr}, outside of the message, {self.start} to {self.end}")
        if self.curr == self.end and self.copybreak:
            raise Broken("R6", f"copybreak is {self.copybreak} although curr is the end of the message")
        length = self.data[self.curr].length
        if self.copybreak > length:
            raise Broken("R6", f"copybreak is {self.copybreak}, slot {self.curr} has {length} bytes")

    def _check_copy_bits(self) -> None:
        for i in sorted(set(range(len(self.copy))) - set(self.live())):
            if self.copy[i]:
                raise Broken("R7", f"the copy bit of slot {i}, which is not in the message, is set")

    def _check_references(self) -> None:
        owners = [msg.data[i].page for msg in self.memory.messages if not msg.skb for i in msg.live()]
        owners += [self.memory.frag_page, *self.memory.held]
        for number, page in self.memory.pages.items():
            if page.refs != owners.count(number):
                raise Broken("refs", f"page {number} has {page.refs} references, {owners.count(number)} owners")

    def _check_charge(self) -> None:
        owned = sum(msg.size for msg in self.memory.messages if msg.sk is self.sk and not msg.skb)
        if self.sk.charged != owned:
            raise Broken("R8", f"{self.sk.charged} bytes are charged to the socket, its messages have {owned}")

    def _check_warnings(self) -> None:
        if self.memory.warnings:
            raise Broken("warning", self.memory.warnings[0])

    # Charges

    def charge(self, length: int) -> None:
        """`sk_mem_charge`, whose argument is an int; the sum is exact."""
        self.sk.charged += s32(length)

    def uncharge(self, length: int) -> None:
        """`sk_mem_uncharge`, whose argument is an int; the sum is exact."""
        self.sk.charged -= s32(length)

    # The other inline functions of include/linux/skmsg.h

    def sk_msg_page_add(self, page: int, length: int, offset: int) -> None:
        """Append a piece of somebody else's page. The caller has made sure that there is room."""
        self.memory.get_page(page)
        slot = self.elem(self.end)
        slot.set_page(page, length, offset)
        slot.last = False
        self.copy[self.end] = True
        self.size = u32(self.size + length)
        self.end = self.next(self.end)

    def sk_msg_sg_copy(self, i: int, state: bool) -> None:
        """Give the copy bits of slot `i` and all after it a value. From `end` it walks around the whole ring."""
        for _ in self.turns():
            self.set_copy(i, state)
            i = self.next(i)
            if i == self.end:
                break

    def sk_msg_xfer(self, src: Slots, which: int, size: int) -> None:
        """Move the first `size` bytes of a slot of `src` to the same slot of this message."""
        taken = src.elem(which)
        self.data[which] = taken.copy()
        if not self.has("copy-bitmap-out-of-sync"):
            self.copy[which] = src.copy[which]
        self.data[which].length = size
        self.size = u32(self.size + size)
        src.size = u32(src.size - size)
        taken.length = u32(taken.length - size)
        taken.offset = u32(taken.offset + size)
        if not taken.length and not self.has("copy-bitmap-out-of-sync"):
            src.copy[which] = False

    def sk_msg_xfer_full(self, src: Slots) -> None:
        """Become `src`, which becomes an empty message."""
        for name in ("start", "curr", "end", "size", "copybreak", "apply_bytes", "cork_bytes", "exposed", "skb"):
            setattr(self, name, getattr(src, name))
        self.data = SlotArray(slot.copy() for slot in src.data)
        self.copy = list(src.copy)
        src.init()

    def sk_msg_compute_data_pointers(self) -> None:
        """What the program sees as data..data_end: the first element, or nothing while it is shared."""
        first = self.data[self.start]
        self.exposed = None if self.copy[self.start] else (first.page, first.offset, first.length)


def sk_msg_apply_bytes(apply_bytes: int, sent: int) -> int:
    """Count `sent` bytes off the bytes that a verdict still applies to (0: no limit); never below zero."""
    return max(0, apply_bytes - sent)
