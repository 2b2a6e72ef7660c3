"""The end of a run through a thread: its sets, relations and constraints in the form that the search needs."""

from __future__ import annotations

from psockmc.litmus.execution import Rows
from psockmc.litmus.paths import NULL, Constraint, Misuse, Path, PathEvent, transpose
from psockmc.litmus.terms import Term, reads, simplify


def finish(
    events: list[PathEvent],
    po: list[int],
    dependencies: tuple[list[int], list[int], list[int]],
    rmw: list[tuple[int, int]],
    constraints: list[Constraint],
    known: dict[int, Term],
) -> Path:
    """The path of these events. po and dependencies (addr, data, ctrl) are masks of predecessors.

    known: the values that reads must have on this path; they are put into what is written.
    """
    if known:
        events = [e._replace(term=simplify(e.term, known)) if type(e.term) is tuple else e for e in events]
    addr, data, ctrl = (transpose(d) if any(d) else [0] * len(d) for d in dependencies)
    path = Path(
        events=events,
        sets=_sets(events),
        locations=_locations(events),
        before=po,
        po=_program_order(po),
        addr=addr,
        data=data,
        ctrl=ctrl,
        rmw=rmw,
        constraints=constraints,
        filters=_filters(constraints),
        registers={},
        rcu_rscs=[],
        srcu_rscs=[],
        misuse=_misuse(events),
    )
    _match_readers(path)
    return path


def _program_order(before: list[int]) -> Rows:
    n = len(before)
    if all(mask == (1 << i) - 1 for i, mask in enumerate(before)):
        full = (1 << n) - 1
        return [full & -(2 << i) for i in range(n)]
    return transpose(before)


def _sets(events: list[PathEvent]) -> dict[str, int]:
    sets: dict[str, int] = {}
    for index, event in enumerate(events):
        bit = 1 << index
        sets[event.kind] = sets.get(event.kind, 0) | bit
        for name in event.sets:
            sets[name] = sets.get(name, 0) | bit
    return sets


def _locations(events: list[PathEvent]) -> dict[str, int]:
    locations: dict[str, int] = {}
    for index, event in enumerate(events):
        if event.location is not None:
            locations[event.location] = locations.get(event.location, 0) | 1 << index
    return locations


def _filters(constraints: list[Constraint]) -> dict[int, list[Constraint]]:
    """The constraints on a single read, by read."""
    filters: dict[int, list[Constraint]] = {}
    for constraint in constraints:
        of = set(reads(constraint[0]))
        if len(of) == 1:
            filters.setdefault(of.pop(), []).append(constraint)
    return filters


def _match_readers(path: Path) -> None:
    """Match the beginnings and ends of RCU and SRCU readers by nesting, SRCU by location."""
    n = len(path.events)
    path.rcu_rscs, path.srcu_rscs = [0] * n, [0] * n
    readers = path.sets.get("rcu-lock", 0) | path.sets.get("rcu-unlock", 0)
    markers = path.sets.get("SRCU", 0)
    if not readers | markers:
        return
    matched = _match(path, readers, "rcu-lock", "rcu-unlock", path.rcu_rscs)
    for mask in path.locations.values():
        if mask & markers:
            matched &= _match(path, mask, "srcu-lock", "srcu-unlock", path.srcu_rscs)
    path.odd_readers = not matched or bool(readers and path.sets.get("sync-srcu")) or not _own_cookies(path)


def _match(path: Path, mask: int, begin: str, end: str, rows: Rows) -> bool:
    """Fill rows with the matches; whether all markers have one."""
    opened: list[int] = []
    complete = True
    for index in range(len(path.events)):
        if not mask >> index & 1:
            continue
        sets = path.events[index].sets
        if begin in sets:
            opened.append(index)
        elif end in sets:
            if opened:
                rows[opened.pop()] |= 1 << index
            else:
                complete = False
    return complete and not opened


def _own_cookies(path: Path) -> bool:
    """Whether every srcu_read_unlock() is given what its srcu_read_lock() returned."""
    for lock, row in enumerate(path.srcu_rscs):
        if row and path.events[row.bit_length() - 1].term != path.events[lock].term:
            return False
    return True


def _misuse(events: list[PathEvent]) -> tuple[Misuse, ...]:
    """Unlocking a spinlock that this thread does not hold, and NULL pointers that are followed."""
    found: list[Misuse] = []
    held: set[str | None] = set()
    for index, event in enumerate(events):
        if "LKW" in event.sets:
            held.add(event.location)
        elif "UL" in event.sets:
            if event.location not in held:
                found.append(Misuse("lock-misuse", index))
            held.discard(event.location)
        if event.location == NULL:
            found.append(Misuse("null-dereference", index))
    return tuple(found)
