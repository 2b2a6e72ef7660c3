"""Would the run be legal if two neighbouring steps came the other way round? Asked of the reference interpreter.

A run with two steps swapped goes on as the trace does, as far as these steps exist, and then to its end. It is legal
when it gets there, no fatal finding, deadlock or bound ends it, and the trace's property is not violated in any of its
steps and states. Where no two steps will do, neighbouring bursts (steps of one context in a row) are swapped whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from psockmc.explore.callpaths import CallTree
from psockmc.explore.naming import Names
from psockmc.explore.recording import History
from psockmc.explore.reference import State, races
from psockmc.explore.reference import Step as Attempt
from psockmc.explore.replay import Move, Recorder, race_cells
from psockmc.explore.tracedata import Trace
from psockmc.ir import system as ir

MOST_STEPS = 5_000
"""A swapped run that is longer is not followed to its end, and nothing is said of it."""


class OtherModel(Exception):
    """The trace is none of this transition system; the text is one sentence that says what to do."""


class Outcome(Enum):
    """What came of a run."""

    LEGAL = "legal"
    NOT_LEGAL = "not legal"
    UNKNOWN = "unknown"  # nobody followed it to its end


@dataclass(frozen=True, slots=True)
class Swapped:
    """What came of the swaps. begin, middle, end: steps middle..end-1 before steps begin..middle-1 make the run legal.

    begin is 0 when no swap does. pairs: how many pairs of steps were tried, and unknown: of how many swaps it is not
    known what comes of them. steps: of the legal run, to its end.
    """

    begin: int = 0
    middle: int = 0
    end: int = 0
    pairs: int = 0
    unknown: int = 0
    steps: int = 0


def first_legal_swap(ts: ir.TransitionSystem, trace: Trace) -> Swapped | None:
    """The first two neighbouring steps of different contexts whose swap makes the run legal, else bursts.

    None for what has no such answer: runs that go round, orders of locks, goals. Raises OtherModel for a trace that
    this system does not have.
    """
    recorder = Recorder(ts)
    moves = _moves(recorder, trace)
    if trace.failure.kind in ("goal", "order") or trace.loop:
        return None
    judge = _Judge(recorder, _property(ts, trace))
    pairs = [at for at in range(len(moves) - 1) if moves[at][0] != moves[at + 1][0]]
    cuts = [0, *(at + 1 for at in pairs), len(moves)]
    pieces = [(at, at + 1, at + 2) for at in pairs] + list(zip(cuts, cuts[1:], cuts[2:], strict=False))
    unknown = 0
    for begin, middle, end in pieces:
        swapped = [*moves[:begin], *moves[middle:end], *moves[begin:middle], *moves[end:]]
        outcome, steps = judge.judge(swapped, end)
        if outcome is Outcome.LEGAL:
            return Swapped(begin + 1, middle + 1, end + 1, len(pairs), unknown, steps)
        unknown += outcome is Outcome.UNKNOWN
    return Swapped(pairs=len(pairs), unknown=unknown)


def _moves(recorder: Recorder, trace: Trace) -> list[Move]:
    """The schedule of a trace, after seeing that it is one of this system and tells the same."""
    ts = recorder.ts
    history = History(recorder, Names(ts), CallTree(ts, Names(ts)))
    moves = [(step.context, max(step.choice, 0)) for step in trace.steps]
    state = ts.initial
    for told, (context, choice) in zip(trace.steps, moves, strict=True):
        if context >= len(ts.contexts) or (context, choice) not in recorder.moves(state):
            raise OtherModel(_changed(trace))
        performed = recorder.perform(state, context, choice)
        again = history.add(performed)
        if (again.place.statement, again.changes) != (told.place.statement, told.changes):
            raise OtherModel(_changed(trace))
        state = performed.after
    return moves


def _property(ts: ir.TransitionSystem, trace: Trace) -> int:
    try:
        return ts.property_index(trace.property.id)
    except KeyError:
        raise OtherModel(_changed(trace)) from None


def _changed(trace: Trace) -> str:
    return f"the models tell {trace.scenario} otherwise than this trace: write it anew with psockmc check --traces"


class _Judge:
    """Runs schedules and says whether they violate a property."""

    def __init__(self, recorder: Recorder, number: int) -> None:
        self.recorder, self.ts, self.number = recorder, recorder.ts, number
        self.property = self.ts.properties[number]
        self.raced = race_cells(self.ts, self.property)

    def judge(self, moves: Sequence[Move], must: int) -> tuple[Outcome, int]:
        """What comes of a run along these moves, and how many steps it has.

        must: so many of the moves, the first, must exist. Of the others those that do not are left out.
        """
        state, taken = self.ts.initial, 0
        for number, (context, choice) in enumerate(moves):
            step = self._existing(state, context, choice)
            if step is None and number < must:
                return Outcome.NOT_LEGAL, taken
            if step is None:
                continue
            if step.state is None or self._bad(step, step.state):
                return Outcome.NOT_LEGAL, taken
            state, taken = step.state, taken + 1
        return self._to_the_end(state, taken)

    def _to_the_end(self, state: State, taken: int) -> tuple[Outcome, int]:
        """What comes of it when each context, in their order, then runs as far as it can."""
        while taken < MOST_STEPS:
            attempts = (self._existing(state, *move) for move in self.recorder.moves(state))
            step = next((attempt for attempt in attempts if attempt is not None), None)
            if step is None:
                return self._end(state), taken
            if step.state is None or self._bad(step, step.state):
                return Outcome.NOT_LEGAL, taken
            state, taken = step.state, taken + 1
        return Outcome.UNKNOWN, taken

    def _existing(self, state: State, context: int, choice: int) -> Attempt | None:
        """The step of a context, None when it has none."""
        where = self.ts.contexts[context]
        if not self.recorder.may_move(state, where) or choice >= self.recorder.choices(state, where):
            return None
        step = self.recorder.step(state, where, choice)
        return step if step.exists else None

    def _bad(self, step: Attempt, state: State) -> bool:
        """Whether the property is violated by a step or in the state after it, or by a race that may happen there."""
        if any(found == self.number for found, _, _ in step.findings):
            return True
        if self.property.kind == "invariant" and self.property.expr is not None:
            return not self.recorder.evaluate(self.property.expr, state)
        if not self.raced:
            return False
        existing = [other for other in self.recorder.steps(state) if other.exists]
        return any(cell in self.raced for _, _, cell in races(existing))

    def _end(self, state: State) -> Outcome:
        """What comes of a run that ends in a state in which nobody has a step."""
        if any(s.assumed_away or s.cut for s in self.recorder.steps(state)):
            return Outcome.UNKNOWN
        bad = bool(self.recorder.stuck(state)) or any(self._violated_at_end(state))
        return Outcome.NOT_LEGAL if bad else Outcome.LEGAL

    def _violated_at_end(self, state: State) -> Iterator[bool]:
        if self.property.id == "lost-wakeup":
            yield bool(self.recorder.lost_wakeups(state))
        if self.property.id == "leak":
            yield bool(self.recorder.leaked(state))
        if self.property.kind == "end" and self.property.expr is not None:
            yield not self.recorder.evaluate(self.property.expr, state)
