"""A message's ring before and after an operation, as text that can be pasted into a commit message.

Input: `RingChange`, an operation with its arguments and the rings it works on; output: `ring_text`, or `ring_svg` of
the neighbouring module. What changed is marked with `*`, what breaks an invariant with `!` and a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from psockmc.prove.plain_slots import Slots
from psockmc.render.layout import wrap

NARROWEST_CELL = 6


@dataclass(frozen=True)
class SlotPicture:
    """A slot: page number (0: none), offset and length, copy bit, and where a chain link leads (empty: no link)."""

    page: int = 0
    offset: int = 0
    length: int = 0
    copy: bool = False
    chain: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self == SlotPicture()


@dataclass(frozen=True)
class RingPicture:
    """A ring: MAX_MSG_FRAGS, its indices, and all entries of the array, the one for a chain link included."""

    frags: int
    start: int
    end: int
    curr: int
    copybreak: int
    size: int
    slots: tuple[SlotPicture, ...]

    @property
    def ids(self) -> int:
        """The number of ring slots, NR_MSG_FRAG_IDS."""
        return self.frags + 1

    def live(self) -> tuple[int, ...]:
        """The slots from start to end, in order."""
        used = (self.end - self.start) % self.ids
        return tuple((self.start + step) % self.ids for step in range(used))


@dataclass(frozen=True)
class Panel:
    """One ring of a change; `after` is None when the operation did not come to its end."""

    name: str
    before: RingPicture
    after: RingPicture | None


@dataclass(frozen=True)
class RingChange:
    """An operation on rings.

    `claim`: the sentence of the claim that breaks, with its ID and a colon; empty for a mere illustration.
    `result`: what the operation returned, None if nothing.
    """

    operation: str
    arguments: Mapping[str, int]
    panels: tuple[Panel, ...]
    claim: str = ""
    result: int | None = None

    @property
    def call(self) -> str:
        """The operation as it is called."""
        return f"{self.operation}({', '.join(f'{name}={value}' for name, value in self.arguments.items())})"


@dataclass(frozen=True)
class Faults:
    """What is broken: sentences, and the slots and fields (`size`, `curr`, ...) to mark."""

    sentences: tuple[str, ...] = ()
    slots: frozenset[int] = frozenset()
    fields: frozenset[str] = frozenset()


@dataclass
class _Collected:
    sentences: list[str] = field(default_factory=list)
    slots: set[int] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)

    def add(self, sentence: str, *, slots: tuple[int, ...] = (), fields: tuple[str, ...] = ()) -> None:
        self.sentences.append(sentence)
        self.slots.update(slots)
        self.fields.update(fields)


def picture_of(ring: Slots) -> RingPicture:
    """The picture of a plain ring as it is now."""
    slots = tuple(
        SlotPicture(slot.page, slot.offset, slot.length, copy, "" if slot.link is None else str(slot.link))
        for slot, copy in zip(ring.data, ring.copy, strict=True)
    )
    return RingPicture(ring.ids - 1, ring.start, ring.end, ring.curr, ring.copybreak, ring.size, slots)


def faults(ring: RingPicture) -> Faults:
    """What a picture shows of R1 to R7 (the rest, references and charges, is not in a picture)."""
    found = _Collected()
    for name in ("start", "curr", "end"):
        if not 0 <= getattr(ring, name) < ring.ids:
            found.add(f"{name} is {getattr(ring, name)}, no slot of the ring", fields=(name,))
    if found.sentences:
        return Faults(tuple(found.sentences), frozenset(), frozenset(found.fields))
    _faults_of_elements(ring, found)
    _faults_of_cursor(ring, found)
    stray = tuple(i for i, slot in enumerate(ring.slots) if slot.copy and i not in ring.live())
    if stray:
        found.add(f"the copy bit of {_slots(stray)} outside the message is set", slots=stray)
    return Faults(tuple(found.sentences), frozenset(found.slots), frozenset(found.fields))


def broken_in(change: RingChange, panel: Panel) -> Faults:
    """What to mark in the ring afterwards: nothing in an illustration, and nothing that was so before."""
    if not change.claim or panel.after is None or faults(panel.before).sentences:
        return Faults()
    return faults(panel.after)


def _faults_of_elements(ring: RingPicture, found: _Collected) -> None:
    total = sum(ring.slots[i].length for i in ring.live())
    if total != ring.size:
        found.add(f"size is {ring.size}, the elements have {total} bytes", fields=("size",))
    hollow = tuple(i for i in ring.live() if not ring.slots[i].length or not ring.slots[i].page)
    if hollow:
        found.add(f"{_slots(hollow)} in the message without bytes", slots=hollow)


def _faults_of_cursor(ring: RingPicture, found: _Collected) -> None:
    if (ring.curr - ring.start) % ring.ids > len(ring.live()):
        found.add("curr is outside the message", fields=("curr",))
    elif ring.copybreak > (0 if ring.curr == ring.end else ring.slots[ring.curr].length):
        found.add(f"copybreak is {ring.copybreak}, beyond slot {ring.curr}", fields=("copybreak",))


def _slots(numbers: tuple[int, ...]) -> str:
    word = "slot" if len(numbers) == 1 else "slots"
    return f"{word} {', '.join(map(str, numbers))}"


# Text


def ring_text(change: RingChange, width: int = 100) -> str:
    """The change as text of at most `width` columns where a slot is not wider."""
    result = "" if change.result is None else f" = {change.result}"
    lines = wrap(f"{change.call}{result}", width)
    if change.claim:
        lines += wrap(f"broken: {change.claim}", width)
    for panel in change.panels:
        lines += ["", f"{panel.name}, before", *_ring_lines(panel.before, None, width, Faults())]
        if panel.after is None:
            lines += ["", f"{panel.name}: the operation does not come to its end"]
        else:
            marked = broken_in(change, panel)
            lines += ["", f"{panel.name}, after", *_ring_lines(panel.after, panel.before, width, marked)]
    return "\n".join(lines) + "\n"


def _ring_lines(ring: RingPicture, before: RingPicture | None, width: int, marked: Faults) -> list[str]:
    cells = [_Cell(ring, i, before, i in marked.slots) for i in range(len(ring.slots))]
    lines = [line for row in _rows(cells, width) for line in _row(row)]
    lines += wrap(_fields_line(ring, before, marked.fields), width, 4, 2)
    for sentence in marked.sentences:
        lines += wrap(f"! {sentence}", width, 4, 2)
    return [line.rstrip() for line in lines]


def _rows(cells: list[_Cell], width: int) -> list[list[_Cell]]:
    """The cells in rows that are not wider than `width`, if a cell is not."""
    rows: list[list[_Cell]] = [[]]
    left = width - 5
    for cell in cells:
        if rows[-1] and cell.room + 1 > left:
            rows.append([])
            left = width - 5
        rows[-1].append(cell)
        left -= cell.room + 1
    return rows


@dataclass(frozen=True)
class _Cell:
    """One slot as lines of text."""

    ring: RingPicture
    i: int
    before: RingPicture | None
    broken: bool

    @property
    def slot(self) -> SlotPicture:
        return self.ring.slots[self.i]

    @property
    def live(self) -> bool:
        return self.i in self.ring.live()

    def pointers(self) -> list[str]:
        """The names of the indices that are here."""
        return [name for name in ("start", "curr", "end") if getattr(self.ring, name) == self.i]

    def title(self) -> str:
        """The number of the slot; the one that is no ring slot in parentheses."""
        return str(self.i) if self.i < self.ring.ids else f"({self.i})"

    def body(self) -> tuple[str, str]:
        """Page and copy bit; offset and length."""
        slot = self.slot
        if slot.chain:
            return "link", f"to {slot.chain}"
        page = f"p{slot.page}" if slot.page else ("-" if slot.length or slot.offset else "")
        place = f"{slot.offset}+{slot.length}" if slot.page or slot.length or slot.offset else ""
        return f"{page} c".strip() if slot.copy else page, place

    def mark(self) -> str:
        """`!` where something breaks, `*` where something changed."""
        changed = self.before is not None and self.before.slots[self.i] != self.slot
        return ("!" if self.broken else "") + ("*" if changed else "")

    @property
    def room(self) -> int:
        """Columns of the cell between its borders."""
        return max(NARROWEST_CELL, *(len(text) + 2 for text in (*self.body(), self.title(), *self.pointers())))


def _row(cells: list[_Cell]) -> list[str]:
    stacks = [cell.pointers() for cell in cells]
    height = max(len(stack) for stack in stacks)
    lines = []
    for level in range(height):
        names = [stack[level - height] if level >= height - len(stack) else "" for stack in stacks]
        lines.append("     " + " ".join(name.center(cell.room) for name, cell in zip(names, cells, strict=True)))
    lines.append("    +" + "+".join(cell.title().center(cell.room, "-") for cell in cells) + "+")
    for line in (0, 1):
        lines.append("    |" + "|".join(f" {cell.body()[line]}".ljust(cell.room) for cell in cells) + "|")
    lines.append("    +" + "+".join(("=" if cell.live else "-") * cell.room for cell in cells) + "+")
    marks = "     " + " ".join(cell.mark().center(cell.room) for cell in cells)
    return [*lines, marks] if marks.strip() else lines


def _fields_line(ring: RingPicture, before: RingPicture | None, broken: frozenset[str]) -> str:
    """size, copybreak and the indices that changed, with what they were."""
    return ", ".join(_field(ring, before, name, name in broken) for name in _shown_fields(ring, before, broken))


def _shown_fields(ring: RingPicture, before: RingPicture | None, broken: frozenset[str]) -> Iterator[str]:
    for name in ("size", "copybreak", "start", "curr", "end"):
        changed = before is not None and getattr(before, name) != getattr(ring, name)
        if name in ("size", "copybreak") or changed or name in broken:
            yield name


def _field(ring: RingPicture, before: RingPicture | None, name: str, broken: bool) -> str:
    value, mark = getattr(ring, name), "!" if broken else ""
    if before is None or getattr(before, name) == value:
        return f"{name} {value}{mark}"
    return f"{name} {getattr(before, name)} -> {value}{mark}"
