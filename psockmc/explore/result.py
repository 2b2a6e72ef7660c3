"""What one exhaustive search found: the common answer of both engines, plain data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Violation:
    """The first (shortest) violation of a property.

    path: state vectors from the initial state to the last one that exists. context, choice: the step from the last
    state that raises the finding (for findings of a step), or -1 when the last state itself violates (invariants, end
    properties, deadlock). message: the finding's sentence, "" for properties (their own sentence serves).
    other_context, other_choice: for a data race, the second context. depth: number of steps including the failing
    one. goal: the goal that is missed, or -1; then `loop` are the steps (context, choice) that lead from the last state
    back to it, none when the run may end there, and depth counts them, too.
    """

    property: int
    path: tuple[tuple[int, ...], ...]
    context: int
    choice: int
    message: str
    depth: int
    other_context: int = -1
    other_choice: int = -1
    goal: int = -1
    loop: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class LockEdge:
    """Lock class `held` was held (write or read) while another instance, of class `taken`, was acquired.

    held is -1 for the mere use of a lock. bh_off, irq_off: masked while `taken` is held. site: the call path in which
    it is taken, as an index into `Context.paths`. path leads to the state before the step. One edge is kept for each
    combination of the other fields: the first that the search meets, so no way to it is shorter.
    """

    held: int
    held_write: bool
    taken: int
    taken_write: bool
    context: int
    bh_off: bool
    irq_off: bool
    site: int
    path: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class SearchResult:
    """states, transitions, depth: counts of the graph; depth is that of the deepest state.

    complete: False when a limit, a signal or memory ended the search early; reason says which. cuts: number of steps
    that left a bound, by sentence. fatal: number of steps that ended in a fatal finding, by property index.
    statements: indices of statements that ran; covers: of cover sentences reached. terminal: number of terminal
    states.
    """

    engine: str
    states: int
    transitions: int
    depth: int
    complete: bool
    reason: str
    seconds: float
    violations: tuple[Violation, ...]
    lock_edges: tuple[LockEdge, ...]
    cuts: dict[str, int]
    fatal: dict[int, int]
    statements: frozenset[int]
    covers: frozenset[int]
    terminal: int
    cached: bool = False
    bytes_per_state: float = 0.0
    notes: tuple[str, ...] = field(default_factory=tuple)
