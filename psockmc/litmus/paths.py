"""What one run through a thread leaves behind: events, how they depend on each other, and under which conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from psockmc.litmus.execution import Rows
from psockmc.litmus.terms import Term

CALLBACK = "start of "
"""Prefix of the hidden location through which `call_rcu(..., P2)` hands over to the thread P2."""


NULL = "NULL"
"""The location that a NULL pointer points to."""


class Value(NamedTuple):
    """A value while a thread runs: a term, the reads it was computed from, and the reads it is control-tainted by.

    Both are masks over the events of the thread.
    """

    term: Term
    sources: int
    taint: int


class PathEvent(NamedTuple):
    """An event of a path. kind: R, W, F or SRCU; sets: names of the sets it is in beside R, W, F, M; term: what it
    writes.

    start, end: the statement in the source; primitive: its name, "" for plain accesses.
    """

    kind: str
    sets: tuple[str, ...]
    location: str | None
    term: Term
    start: int
    end: int
    primitive: str


class Misuse(NamedTuple):
    """A mistake of one thread. flag: its name; event: where."""

    flag: str
    event: int


Constraint = tuple[Term, bool]
"""A term and whether it is true."""


@dataclass(slots=True)
class Path:
    """One way through a thread. All indices and masks are over its own events; rows go from an event to its successors.

    before: per event what is po-before it. constraints: what must hold of the values read for the thread to go this
    way; filters: those on a single read, by read. registers: the final values, as terms. starts: the threads it
    starts. idle: a callback that nobody started. cut: the loop bound ended this path, which therefore is only a
    beginning. misuse: what is wrong with it whatever others do. odd_readers: markers of RCU or SRCU do not match, or an
    SRCU grace period is waited for in a reader of RCU: the models have flags for that.
    """

    events: list[PathEvent]
    sets: dict[str, int]
    locations: dict[str, int]
    before: list[int]
    po: Rows
    addr: Rows
    data: Rows
    ctrl: Rows
    rmw: list[tuple[int, int]]
    constraints: list[Constraint]
    filters: dict[int, list[Constraint]]
    registers: dict[str, Term]
    rcu_rscs: Rows
    srcu_rscs: Rows
    starts: frozenset[str] = frozenset()
    idle: bool = False
    cut: bool = False
    misuse: tuple[Misuse, ...] = ()
    odd_readers: bool = False

    @property
    def may_wait_for_itself(self) -> bool:
        """Whether the thread might wait for a grace period that cannot end while it waits."""
        sets = self.sets
        inside = ("rcu-lock" in sets and "sync-rcu" in sets) or ("srcu-lock" in sets and "sync-srcu" in sets)
        return inside or self.odd_readers


def callbacks_run(paths: Sequence[Path]) -> bool:
    """Whether every callback that one of these paths starts also runs: a test ends when nothing is left to do."""
    started = {name for path in paths for name in path.starts}
    return not started or not any(path.idle and f"P{i}" in started for i, path in enumerate(paths))


def transpose(predecessors: list[int]) -> Rows:
    """Rows of successors from masks of predecessors."""
    rows = [0] * len(predecessors)
    for index, mask in enumerate(predecessors):
        bit = 1 << index
        while mask:
            low = mask & -mask
            rows[low.bit_length() - 1] |= bit
            mask ^= low
    return rows
