"""What a search may spend, and how it tells what it is doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from psockmc.explore.result import SearchResult

# The beginnings of `SearchResult.reason` of a search that ended early.
REASON_STATES = "the limit of states was reached"
REASON_DEPTH = "the limit of depth was reached"
REASON_TIMEOUT = "the time limit was reached"
REASON_INTERRUPTED = "interrupted"
REASON_MEMORY = "out of memory"


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a search gives up; None is no limit. A search that gives up is not complete and says why.

    max_states: stored states. max_depth: steps from the initial state; states at that depth are stored and not
    expanded. timeout: seconds of searching (compilation not counted).
    """

    max_states: int | None = None
    max_depth: int | None = None
    timeout: float | None = None

    @property
    def reason_states(self) -> str:
        """`SearchResult.reason` of a search that stored more states than it may."""
        return f"{REASON_STATES} ({self.max_states})"

    @property
    def reason_depth(self) -> str:
        """The same of one that met a state which it may not expand."""
        return f"{REASON_DEPTH} ({self.max_depth})"

    @property
    def reason_timeout(self) -> str:
        """The same of one that took too long."""
        return f"{REASON_TIMEOUT} ({self.timeout:g} s)"


class Reporter(Protocol):
    """Hears how a search goes. Both methods return quickly; an exception in them ends the search."""

    def progress(self, states: int, transitions: int, depth: int, frontier: int, rate: float, bytes: int) -> None:
        """Called a few times per second. frontier: states not expanded yet; rate: states per second; bytes: memory."""
        ...

    def done(self, result: SearchResult) -> None:
        """Called once at the end, with the answer (partial when not complete)."""
        ...
