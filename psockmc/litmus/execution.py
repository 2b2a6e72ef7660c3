"""Candidate executions: what the search makes and the models judge.

A relation over n events is a list of n rows; row i is an int whose bit j says that (i, j) is in the relation. A set of
events is one int. What the threads did is a `Skeleton`, shared by all executions that differ only in who read from whom
(`rf`) and in the order of writes (`co`); a model keeps there what it derives from the skeleton alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, overload

Rows = list[int]
Value = int | str
"""An integer, `&x` for the address of a global, or `S0`, `S1`, ... for a value that only justifies itself."""

INITIAL = -1
"""The thread of initial writes."""

KINDS = ("R", "W", "F", "SRCU")
"""Read, write, fence (RCU markers too), SRCU marker with a location (neither read nor write, in both models)."""

FENCES = (
    *("mb", "rmb", "wmb", "barrier", "before-atomic", "after-atomic", "after-spinlock", "after-unlock-lock"),
    *("after-srcu-read-unlock", "rcu-lock", "rcu-unlock", "sync-rcu"),
)
SRCU = ("srcu-lock", "srcu-unlock", "sync-srcu")
ACCESSES = ("once", "noreturn")
LOCKS = ("LKR", "LKW", "UL", "LF", "RU")

SETS = (
    *("_", "R", "W", "M", "F", "IW", "Plain", "Marked", "RMW", "Acquire", "Release"),
    *LOCKS,
    *FENCES,
    *SRCU,
    *ACCESSES,
)
"""The names of the sets. `_` is everything. Every name is a key of `Skeleton.sets`, empty or not.

R contains LKR, LF, RU; W contains LKW, UL, IW; M = R | W. Marked is everything but
the plain accesses (fences too). RMW: both halves of a read-modify-write and the read of a failed one.
"""

RELATIONS = ("po", "addr", "data", "ctrl", "rmw", "loc", "int", "ext", "rcu-rscs", "srcu-rscs")
"""The names of the relations of a skeleton.

loc: same location, reflexive, accesses and SRCU markers only. int: same thread, reflexive; an initial write is int with
nothing and ext with everything else (ext has no (i, i)). rcu-rscs: each rcu-lock -> its rcu-unlock, by nesting. srcu-
rscs: srcu-lock -> srcu-unlock of the same location, by nesting (6.1; the newest model matches by data flow: there
srcu-lock is a source of data, addr and ctrl, and srcu-unlock a target of data).
"""


class Span(NamedTuple):
    """Where in the litmus file: line from 1, columns from 0 (end exclusive), on one line."""

    line: int
    column: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Event:
    """One event. index: its bit. thread: INITIAL or 0, 1, ... kind: one of KINDS. location: a global, None for fences.

    tags: the names of the sets it is in beside R, W, M and F. span and text: the statement it comes from (None, "" for
    initial writes); primitive: the name of the primitive as written (`smp_store_release`), "" for plain accesses.
    """

    index: int
    thread: int
    kind: str
    tags: frozenset[str]
    location: str | None
    span: Span | None
    text: str = ""
    primitive: str = ""


class LazyEvents(Sequence[Event]):
    """Events that are made when somebody looks at one: most executions are judged and never shown."""

    def __init__(self, n: int, make: Callable[[], tuple[Event, ...]]) -> None:
        self._n = n
        self._make = make
        self._events: tuple[Event, ...] | None = None

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Event, ...]: ...
    def __getitem__(self, index: int | slice) -> Event | tuple[Event, ...]:
        if self._events is None:
            self._events = self._make()
        return self._events[index]


@dataclass(slots=True)
class Skeleton:
    """What the threads did: events, their sets and the relations that do not depend on rf and co.

    threads: the names of the threads, `P0`, ... memo: room for what a model derives from this skeleton, by its own
    keys.
    """

    events: Sequence[Event]
    sets: Mapping[str, int]
    relations: Mapping[str, Rows]
    threads: tuple[str, ...]
    memo: dict[Any, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Execution:
    """One candidate: a skeleton with rf (write -> read) and co (write -> later write of its location, transitive).

    A partial execution (complete False) lacks the rf and co pairs of some locations: completing it only adds pairs.
    values: per event what it read or wrote, None for fences and where rf is still open.
    """

    skeleton: Skeleton
    rf: Rows
    co: Rows
    complete: bool = True
    values: Sequence[Value | None] = ()

    @property
    def events(self) -> Sequence[Event]:
        """The events of the skeleton."""
        return self.skeleton.events

    @property
    def n(self) -> int:
        """The number of events."""
        return len(self.skeleton.events)

    @property
    def sets(self) -> Mapping[str, int]:
        """The sets of the skeleton."""
        return self.skeleton.sets

    @property
    def relations(self) -> Mapping[str, Rows]:
        """All relations: those of the skeleton, rf and co. For reports; the inner loop uses the parts."""
        return {**self.skeleton.relations, "rf": self.rf, "co": self.co}
