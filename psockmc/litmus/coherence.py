"""The ways in which the accesses to one location can be ordered: all coherent and atomic choices of rf and co.

Coherence and atomicity concern one location at a time, so the search lists per location what satisfies them and never
asks a model about them. With the writes in a line (position 0 is the initial write) and every read placed at the write
it reads from, an execution is coherent iff positions never go back along program order, a read stays before the writes
behind it, and it is atomic iff no write of another thread lies between a read-modify-write's read and write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from psockmc.litmus.limits import patient


@dataclass(slots=True)
class Access:
    """A read or write of the location. event: its index. earlier: mask of what is po-before it in its thread.

    partner: the write of the read-modify-write whose read this is. lock: its lock set (LKR, LKW, UL, LF, RU), or "".
    """

    event: int
    thread: int
    is_write: bool
    earlier: int
    partner: int | None = None
    lock: str = ""


class Option(NamedTuple):
    """One choice for a location. rf: (write, read) pairs; order: all writes, the initial one first."""

    rf: tuple[tuple[int, int], ...]
    order: tuple[int, ...]


Readable = Callable[[int, int], bool]
"""(write, read): whether the write's value is one that the read's thread can have seen, as far as it is known."""


def options(
    initial: int,
    accesses: Sequence[Access],
    readable: Readable,
    last: Callable[[int], bool],
    tick: Callable[[], None] = patient,
) -> Iterator[Option]:
    """All coherent and atomic choices. last(write): whether this write may be the last of the location.

    tick is called now and then, and may end the listing with an exception.
    """
    reads = [Read(a, accesses, initial, readable) for a in accesses if not a.is_write]
    if any(not r.candidates for r in reads):
        return
    for order in _sections(accesses) if has_locks(accesses) else _lines(accesses):
        line = (initial, *order)
        tick()
        if last(line[-1]):
            for rf in _placements(reads, line):
                tick()
                yield Option(rf, line)


def has_locks(accesses: Sequence[Access]) -> bool:
    """Whether the location is a spinlock."""
    return any(a.lock for a in accesses)


class Read:
    """A read with what bounds its position: earlier and later accesses of its thread, its partner, what it can read."""

    def __init__(self, access: Access, accesses: Sequence[Access], initial: int, readable: Readable) -> None:
        bit = 1 << access.event
        own = [a for a in accesses if a.thread == access.thread]
        self.event = access.event
        self.earlier_writes = [a.event for a in own if a.is_write and access.earlier >> a.event & 1]
        self.earlier_reads = [a.event for a in own if not a.is_write and access.earlier >> a.event & 1]
        self.later_writes = [a.event for a in own if a.is_write and a.earlier & bit]
        self.partner = access.partner
        self.foreign = {a.event for a in accesses if a.is_write and a.thread != access.thread} | {initial}
        writes = [initial, *(a.event for a in accesses if a.is_write and _lockwise(a.lock, access.lock))]
        if access.lock == "LF":
            writes.remove(initial)
        later = set(self.later_writes)
        self.candidates = {w for w in writes if w not in later and readable(w, access.event)}


def _lockwise(write: str, read: str) -> bool:
    """Whether a read of this lock set reads from writes of that: a failed trylock from locks, all else from unlocks."""
    if not read:
        return True
    return write == ("LKW" if read == "LF" else "UL")


def needs(accesses: Sequence[Access]) -> dict[int, int]:
    """For every write the mask of the writes that must stand before it."""
    mask = sum(1 << a.event for a in accesses if a.is_write)
    return {a.event: a.earlier & mask for a in accesses if a.is_write}


def following(needed: dict[int, int], done: int) -> Iterator[int]:
    """The writes that can be next in the line when those of the mask stand in it."""
    for event, earlier in needed.items():
        if not done >> event & 1 and earlier & ~done == 0:
            yield event


def _lines(accesses: Sequence[Access]) -> Iterator[tuple[int, ...]]:
    """All orders of the writes that agree with program order."""
    needed = needs(accesses)

    def extend(line: tuple[int, ...], done: int) -> Iterator[tuple[int, ...]]:
        if len(line) == len(needed):
            yield line
            return
        for event in following(needed, done):
            yield from extend((*line, event), done | 1 << event)

    return extend((), 0)


def _sections(accesses: Sequence[Access]) -> Iterator[tuple[int, ...]]:
    """All orders of the critical sections of a spinlock; none when it is never released but taken again."""
    threads: dict[int, list[tuple[int, ...]]] = {}
    for access in accesses:
        if access.lock == "LKW":
            sections = threads.setdefault(access.thread, [])
            if sections and _is_open(sections[-1], accesses):
                return  # taken again by who holds it: nobody goes on
            sections.append((access.event,))
        elif access.lock == "UL":
            sections = threads.setdefault(access.thread, [])
            if sections and _is_open(sections[-1], accesses):
                sections[-1] = (*sections[-1], access.event)
            else:
                sections.append((access.event,))
    yield from _interleavings(tuple(map(tuple, threads.values())), accesses)


def _is_open(section: tuple[int, ...], accesses: Sequence[Access]) -> bool:
    return len(section) == 1 and any(a.event == section[0] and a.lock == "LKW" for a in accesses)


def _interleavings(
    threads: tuple[tuple[tuple[int, ...], ...], ...], accesses: Sequence[Access]
) -> Iterator[tuple[int, ...]]:
    left = [t for t in threads if t]
    if not left:
        yield ()
        return
    for index, thread in enumerate(left):
        if _is_open(thread[0], accesses) and (len(left) > 1 or len(thread) > 1):
            continue  # never released: only the very last section can be
        rest = (*left[:index], thread[1:], *left[index + 1 :])
        for line in _interleavings(rest, accesses):
            yield (*thread[0], *line)


def bounds(reads: Sequence[Read], line: Sequence[int]) -> list[tuple[int, int]]:
    """For each read the first and last position that writes allow; earlier reads of its thread may raise the first."""
    position = {write: index for index, write in enumerate(line)}
    found = []
    for read in reads:
        low = max((position[w] for w in read.earlier_writes), default=0)
        high = min((position[w] for w in read.later_writes), default=len(line)) - 1
        if read.partner is not None:
            low = max(low, max(i for i in range(position[read.partner]) if line[i] in read.foreign))
        found.append((low, high))
    return found


def _placements(reads: Sequence[Read], line: tuple[int, ...]) -> Iterator[tuple[tuple[int, int], ...]]:
    """All ways to place the reads at writes of this line."""
    if not reads:
        yield ()
        return
    limits = bounds(reads, line)
    placed: dict[int, int] = {}

    def place(index: int, rf: tuple[tuple[int, int], ...]) -> Iterator[tuple[tuple[int, int], ...]]:
        if index == len(reads):
            yield rf
            return
        read = reads[index]
        low, high = limits[index]
        for earlier in read.earlier_reads:
            low = max(low, placed[earlier])
        for at in range(low, high + 1):
            if line[at] in read.candidates:
                placed[read.event] = at
                yield from place(index + 1, (*rf, (line[at], read.event)))

    yield from place(0, ())
