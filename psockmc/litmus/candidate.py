"""One path per thread, put together: events with their final indices, the skeleton, and where values come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from psockmc.litmus.coherence import Access
from psockmc.litmus.execution import INITIAL, LOCKS, SETS, Event, LazyEvents, Rows, Skeleton, Value
from psockmc.litmus.paths import Path
from psockmc.litmus.problems import Source
from psockmc.litmus.terms import READ, NoMeaning, Term, apply

_LOCK_SETS = frozenset(LOCKS)


class Unsolvable(Exception):
    """The values read justify each other through arithmetic: there is no such execution."""


class Unknown(Exception):
    """A value is not known yet: some read on the way to it has no write so far."""


class Candidate:
    """A choice of paths. Initial writes come first (one per location), then the threads in order."""

    def __init__(
        self, paths: Sequence[Path], initial: Mapping[str, Value], extra: Sequence[str], source: Source
    ) -> None:
        """extra: locations that nobody may access, but whose final value is asked for."""
        self.paths = paths
        self.source = source
        self.locations = list(dict.fromkeys([*(loc for p in paths for loc in p.locations), *extra]))
        self.initial = {loc: index for index, loc in enumerate(self.locations)}
        self.offsets: list[int] = []
        n = len(self.locations)
        for path in paths:
            self.offsets.append(n)
            n += len(path.events)
        self.n = n
        self.terms: list[Term] = [initial.get(loc, 0) for loc in self.locations]
        self.owners = [0] * len(self.locations)
        for path, offset in zip(paths, self.offsets, strict=True):
            self.terms.extend(e.term for e in path.events)
            self.owners.extend([offset] * len(path.events))

    # ------------------------------------------------------------ accesses and values

    def accesses(self) -> dict[str, list[Access]]:
        """The reads and writes of every location by threads, in program order; locations without any are left out."""
        found: dict[str, list[Access]] = {}
        for thread, (path, offset) in enumerate(zip(self.paths, self.offsets, strict=True)):
            partner = dict(path.rmw)
            for index, event in enumerate(path.events):
                if event.kind not in ("R", "W") or event.location is None:
                    continue
                write = partner.get(index)
                lock = event.sets[0] if event.sets[0] in _LOCK_SETS else ""
                access = Access(
                    offset + index,
                    thread,
                    event.kind == "W",
                    path.before[index] << offset,
                    None if write is None else offset + write,
                    lock,
                )
                found.setdefault(event.location, []).append(access)
        return found

    def values(self, sources: Sequence[int]) -> list[Value | None]:
        """What every event read or wrote, None for fences. sources[read]: the write that it reads from; else -1.

        Values that only copy each other in a circle are some value S0, S1, ... Raises Unsolvable, NoMeaning.
        """
        found = Valuation(self, sources)
        values: list[Value | None] = []
        for index, source in enumerate(sources):
            term = self.terms[index]
            values.append(found.of_read(index) if source >= 0 else found.of_term(term, self.owners[index]))
        return values

    # ------------------------------------------------------------ for the models

    @cached_property
    def skeleton(self) -> Skeleton:
        """What the models judge."""
        events = LazyEvents(self.n, self.events)
        return Skeleton(events, self.sets(), self.relations(), tuple(f"P{i}" for i in range(len(self.paths))))

    def sets(self) -> dict[str, int]:
        """The sets of events, by all names of SETS."""
        sets = dict.fromkeys(SETS, 0)
        for path, offset in zip(self.paths, self.offsets, strict=True):
            for name, mask in path.sets.items():
                sets[name] = sets.get(name, 0) | mask << offset
        initial = (1 << len(self.locations)) - 1
        everything = (1 << self.n) - 1
        sets["_"] = everything
        sets["IW"] = initial
        sets["W"] |= initial
        sets["M"] = sets["R"] | sets["W"]
        sets["Marked"] = everything & ~sets["Plain"]
        return sets

    def relations(self) -> dict[str, Rows]:
        """The relations of the skeleton."""
        empty = [0] * len(self.locations)
        rows: dict[str, Rows] = {
            name: list(empty) for name in ("po", "addr", "data", "ctrl", "int", "rcu-rscs", "srcu-rscs")
        }
        rmw = [0] * self.n
        for path, offset in zip(self.paths, self.offsets, strict=True):
            parts = (path.po, path.addr, path.data, path.ctrl, None, path.rcu_rscs, path.srcu_rscs)
            for target, part in zip(rows.values(), parts, strict=True):
                if part is None:
                    target.extend([((1 << len(path.events)) - 1) << offset] * len(path.events))
                else:
                    target.extend([row << offset for row in part])
            for read, write in path.rmw:
                rmw[offset + read] |= 1 << offset + write
        everything = (1 << self.n) - 1
        rows["ext"] = [everything & ~(row | 1 << i) for i, row in enumerate(rows["int"])]
        rows["rmw"] = rmw
        rows["loc"] = self._same_location()
        return rows

    def _same_location(self) -> Rows:
        masks = {loc: 1 << index for loc, index in self.initial.items()}
        for path, offset in zip(self.paths, self.offsets, strict=True):
            for loc, mask in path.locations.items():
                masks[loc] |= mask << offset
        rows = [masks[loc] for loc in self.locations]
        for path in self.paths:
            rows.extend(0 if e.location is None else masks[e.location] for e in path.events)
        return rows

    def events(self) -> tuple[Event, ...]:
        """The events, for reports."""
        made = [Event(i, INITIAL, "W", frozenset(("IW", "W")), loc, None) for i, loc in enumerate(self.locations)]
        for thread, (path, offset) in enumerate(zip(self.paths, self.offsets, strict=True)):
            for index, event in enumerate(path.events, offset):
                span = self.source.span(event.start, event.end)
                text = " ".join(self.source.text[event.start : event.end].split())
                tags = frozenset((event.kind, *event.sets))
                made.append(Event(index, thread, event.kind, tags, event.location, span, text, event.primitive))
        return tuple(made)


def _is_thin_air(value: Value) -> bool:
    return type(value) is str and value[0] == "S"


class Valuation:
    """Values of reads and writes, found by following rf from each read to what its write was computed from.

    sources[read] < 0: not chosen yet; asking for what depends on it raises Unknown.
    """

    def __init__(self, candidate: Candidate, sources: Sequence[int]) -> None:
        self._terms = candidate.terms
        self._owners = candidate.owners
        self._sources = sources
        self._known: dict[int, Value] = {}
        self._open: set[int] = set()

    def of_read(self, read: int) -> Value:
        """What a read returned."""
        chain: list[int] = []
        at = read
        while at not in self._known:
            if at in chain:
                self._known[at] = f"S{min(chain[chain.index(at) :])}"  # copies in a circle
                break
            if at in self._open:
                raise Unsolvable
            chain.append(at)
            write = self._sources[at]
            if write < 0:
                raise Unknown
            term = self._terms[write]
            if type(term) is tuple and term[0] == READ:
                at = term[1] + self._owners[write]
                continue
            self._open.update(chain)
            try:
                self._known[at] = self.of_term(term, self._owners[write])
            finally:
                self._open.difference_update(chain)
            break
        value = self._known[at]
        for link in chain:
            self._known[link] = value
        return value

    def of_term(self, term: Term, owner: int) -> Value:
        """The value of a term of the thread whose events begin at owner."""
        if type(term) is not tuple:
            return term  # type: ignore[no-any-return]
        if term[0] == READ:
            return self.of_read(term[1] + owner)
        left, right = self.of_term(term[1], owner), self.of_term(term[2], owner)
        try:
            return apply(term[0], left, right)  # type: ignore[no-any-return]
        except NoMeaning:
            if _is_thin_air(left) or _is_thin_air(right):
                raise Unsolvable from None  # a value out of thin air is no number to calculate with
            raise
