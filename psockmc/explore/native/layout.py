"""How a state vector is packed into 64-bit words.

Every cell gets just the bits its values need (`value - lo` is stored) and no cell straddles a word. Cells that are
used together lie together: the cells of one field follow each other, so that `field[index]` is one shift by `index *
bits`, and so do the program counter and the slots of one context. A field that nothing ever writes takes no bits: its
values are constants of the program.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from psockmc.explore.native.bounds import Interval, hull
from psockmc.explore.native.errors import EngineError
from psockmc.explore.native.reach import Reach, field_cells
from psockmc.ir import system as ir

WORD = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell is: `bits` bits of word `word` from bit `shift` hold value - lo, for the values lo..hi.

    With 0 bits the value is always lo.
    """

    word: int
    shift: int
    bits: int
    lo: int
    hi: int

    @property
    def mask(self) -> int:
        """The cell's bits within its word."""
        return ((1 << self.bits) - 1) << self.shift


@dataclass(frozen=True)
class Layout:
    """The packed form of the states of one transition system.

    places: one per cell. words: 64-bit words per state. stride: bytes per stored state, a multiple of 4.
    """

    places: tuple[Place, ...]
    words: int
    stride: int

    @cached_property
    def bits(self) -> int:
        """Bits in use."""
        return sum(place.bits for place in self.places)

    def pack(self, state: Sequence[int]) -> tuple[int, ...]:
        """The words of a state. Every value must be one of its cell's."""
        words = [0] * self.words
        for place, value in zip(self.places, state, strict=True):
            if not place.lo <= value <= place.hi:
                raise EngineError(
                    f"internal error: the value {value} does not fit into {place}; please report this model"
                )
            words[place.word] |= (value - place.lo) << place.shift
        return tuple(words)

    def unpack(self, words: Sequence[int]) -> tuple[int, ...]:
        """The state whose words these are."""
        return tuple((words[place.word] >> place.shift & (1 << place.bits) - 1) + place.lo for place in self.places)


def width(lo: int, hi: int) -> int:
    """Bits that tell the values lo..hi apart."""
    return (hi - lo).bit_length()


def lay_out(ts: ir.TransitionSystem, reach: Reach) -> Layout:
    """Find a place for every cell: groups of cells that belong together, the largest first, each where it fits first.

    Cells have room for the values that they can reach. Raises EngineError for a cell that does not fit into a word.
    """
    ranges = _ranges(ts, reach)
    bits = [_bits(ts, cell, *ranges[cell]) for cell in range(len(ts.cells))]
    chunks = [chunk for group in _groups(ts) for chunk in _chunks(bits, group)]
    places: list[Place | None] = [None] * len(ts.cells)
    used: list[int] = []
    for chunk in sorted(chunks, key=lambda cells: -sum(bits[cell] for cell in cells)):
        size = sum(bits[cell] for cell in chunk)
        word = next((i for i, filled in enumerate(used) if filled + size <= WORD), len(used))
        if word == len(used):
            used.append(0)
        for cell in chunk:
            places[cell] = Place(word, used[word] if bits[cell] else 0, bits[cell], *ranges[cell])
            used[word] += bits[cell]
    return _finish([place for place in places if place is not None], used)


def _ranges(ts: ir.TransitionSystem, reach: Reach) -> list[Interval]:
    """The least and the greatest value of each cell."""
    constant = constant_cells(ts)
    ranges = [(cell.lo, cell.hi) for cell in ts.cells]
    for number, field in enumerate(ts.fields):
        for cell in field_cells(field):
            ranges[cell] = (ts.initial[cell], ts.initial[cell]) if cell in constant else reach.field(number).bounds
    for context in ts.contexts:
        for slot in context.slots:
            ranges[slot] = hull((0, 0), (ts.initial[slot], ts.initial[slot]))
        for stop in context.stops:
            if stop.node in reach.nodes[context.index]:
                for local, slot in stop.live:
                    held = reach.local(context.index, local)
                    ranges[slot] = hull(ranges[slot], held.bounds) if held else ranges[slot]
    return ranges


def constant_cells(ts: ir.TransitionSystem) -> frozenset[int]:
    """Shared cells that keep their initial value: no node stores to them and no free resets them to another value."""
    own = {cell for context in ts.contexts for cell in (context.pc, *context.slots)}
    written = own | set(ts.gp_cells)
    for op in (node.op for context in ts.contexts for node in context.nodes):
        if isinstance(op, ir.Store):
            written.update(field_cells(ts.fields[op.field]))
        elif isinstance(op, ir.Alloc | ir.Free):
            written.update(field_cells(ts.fields[ts.pools[op.pool].status]))
        if isinstance(op, ir.Free):
            written.update(_reset_cells(ts, ts.pools[op.pool]))
    for field in ts.fields:
        if not written.isdisjoint(field_cells(field)):
            written.update(field_cells(field))
    return frozenset(range(len(ts.cells))) - written


def _reset_cells(ts: ir.TransitionSystem, pool: ir.Pool) -> Iterable[int]:
    """Cells to which freeing an object of the pool may give another value than they have at the beginning."""
    for number, _, value in pool.fields:
        cells = field_cells(ts.fields[number])
        if any(ts.initial[cell] != value for cell in cells):
            yield from cells


def _groups(ts: ir.TransitionSystem) -> Iterable[list[int]]:
    """Cells that should lie together: those of a context, those of a field, and each that belongs to neither."""
    seen: set[int] = set()
    for context in ts.contexts:
        yield [context.pc, *context.slots]
        seen.update((context.pc, *context.slots))
    for field in ts.fields:
        cells = [cell for cell in field_cells(field) if cell not in seen]
        yield cells
        seen.update(cells)
    yield from ([cell] for cell in range(len(ts.cells)) if cell not in seen)


def _chunks(bits: list[int], cells: list[int]) -> Iterable[list[int]]:
    """Split a group into runs that fit into one word."""
    chunk: list[int] = []
    size = 0
    for cell in cells:
        if chunk and size + bits[cell] > WORD:
            yield chunk
            chunk, size = [], 0
        chunk.append(cell)
        size += bits[cell]
    if chunk:
        yield chunk


def _bits(ts: ir.TransitionSystem, number: int, lo: int, hi: int) -> int:
    bits = width(lo, hi)
    if bits > WORD:
        raise EngineError(
            f"the native engine stores cells of up to {WORD} bits and {ts.cells[number].name} needs {bits}: give it a "
            "smaller range, or use --engine reference"
        )
    return bits


def _finish(places: list[Place], used: list[int]) -> Layout:
    """Move the emptiest word to the end, where only half of it is stored if that is enough."""
    order = sorted(range(len(used)), key=lambda word: -used[word])
    rank = {word: i for i, word in enumerate(order)}
    moved = tuple(Place(rank.get(p.word, 0), p.shift, p.bits, p.lo, p.hi) for p in places)
    words = max(1, len(used))
    last = used[order[-1]] if used else 0
    return Layout(moved, words, 8 * words - (4 if last <= WORD // 2 else 0))
