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

from psockmc.explore.native.errors import EngineError
from psockmc.ir import system as ir

WORD = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell is: `bits` bits of word `word` from bit `shift` hold value - lo. With 0 bits its value is always
    lo.
    """

    word: int
    shift: int
    bits: int
    lo: int

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
            if not 0 <= value - place.lo < 1 << place.bits:
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


def lay_out(ts: ir.TransitionSystem) -> Layout:
    """Find a place for every cell: groups of cells that belong together, the largest first, each where it fits first.

    Raises EngineError for a cell whose values do not fit into one word.
    """
    constant = constant_cells(ts)
    places: list[Place | None] = [None] * len(ts.cells)
    for cell in constant:
        places[cell] = Place(0, 0, 0, ts.initial[cell])
    groups = [chunk for group in _groups(ts, constant) for chunk in _chunks(ts, group)]
    used: list[int] = []
    for chunk in sorted(groups, key=lambda cells: -sum(_bits(ts, c) for c in cells)):
        size = sum(_bits(ts, cell) for cell in chunk)
        word = next((i for i, bits in enumerate(used) if bits + size <= WORD), len(used))
        if word == len(used):
            used.append(0)
        for cell in chunk:
            places[cell] = Place(word, used[word], _bits(ts, cell), ts.cells[cell].lo)
            used[word] += _bits(ts, cell)
    return _finish([place for place in places if place is not None], used)


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


def field_cells(field: ir.Field) -> range:
    """The cells of a field."""
    return range(field.base, field.base + field.count)


def _reset_cells(ts: ir.TransitionSystem, pool: ir.Pool) -> Iterable[int]:
    """Cells to which freeing an object of the pool may give another value than they have at the beginning."""
    for number, _, value in pool.fields:
        cells = field_cells(ts.fields[number])
        if any(ts.initial[cell] != value for cell in cells):
            yield from cells


def _groups(ts: ir.TransitionSystem, constant: frozenset[int]) -> Iterable[list[int]]:
    """Cells that should lie together: those of a context, those of a field, and each that belongs to neither."""
    seen = set(constant)
    for context in ts.contexts:
        yield [context.pc, *context.slots]
        seen.update((context.pc, *context.slots))
    for field in ts.fields:
        cells = [cell for cell in field_cells(field) if cell not in seen]
        yield cells
        seen.update(cells)
    yield from ([cell] for cell in range(len(ts.cells)) if cell not in seen)


def _chunks(ts: ir.TransitionSystem, cells: list[int]) -> Iterable[list[int]]:
    """Split a group into runs that fit into one word."""
    chunk: list[int] = []
    size = 0
    for cell in cells:
        bits = _bits(ts, cell)
        if chunk and size + bits > WORD:
            yield chunk
            chunk, size = [], 0
        chunk.append(cell)
        size += bits
    if chunk:
        yield chunk


def _bits(ts: ir.TransitionSystem, number: int) -> int:
    cell = ts.cells[number]
    bits = width(cell.lo, cell.hi)
    if bits > WORD:
        raise EngineError(
            f"the native engine stores cells of up to {WORD} bits and {cell.name} needs {bits}: give it a smaller "
            "range, or use --engine reference"
        )
    return bits


def _finish(places: list[Place], used: list[int]) -> Layout:
    """Move the emptiest word to the end, where only half of it is stored if that is enough."""
    order = sorted(range(len(used)), key=lambda word: -used[word])
    rank = {word: i for i, word in enumerate(order)}
    moved = tuple(Place(rank.get(p.word, 0), p.shift, p.bits, p.lo) for p in places)
    words = max(1, len(used))
    last = used[order[-1]] if used else 0
    return Layout(moved, words, 8 * words - (4 if last <= WORD // 2 else 0))
