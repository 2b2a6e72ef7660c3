"""Replay: a violation is believed when the reference interpreter goes the same way and meets the same failure.

`schedule_of` finds who took each step of a violation's path; `run` performs a schedule and records what happens
inside every step; `confirm` insists that the run fails exactly as the violation says. Whatever does not fit is a
`ReplayError`, an error of psockmc itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from psockmc.explore.liveness import lacking, obliged
from psockmc.explore.lockorder import LOCK_ORDER
from psockmc.explore.reference import Interpreter, State, Step, races
from psockmc.explore.result import Violation
from psockmc.ir import system as ir

Move = tuple[int, int]
"""A step of a schedule: (context, choice)."""


class ReplayError(Exception):
    """A violation that the reference interpreter does not confirm: an internal error of psockmc."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One node that was performed: its number, and all cells and the context's locals just before it."""

    node: int
    cells: State
    local: State


@dataclass(frozen=True, slots=True)
class Performed:
    """One step of a run. after: the next state, or `before` when a fatal finding left none. moments: node by node.

    result: what the interpreter says of it. end: cells and locals when the last node was done.
    """

    context: int
    choice: int
    before: State
    after: State
    result: Step
    moments: tuple[Moment, ...]
    end: Moment


class Recorder(Interpreter):
    """The reference interpreter, noting every node that it performs."""

    def __init__(self, ts: ir.TransitionSystem) -> None:
        super().__init__(ts)
        self._moments: list[Moment] = []
        self._last: tuple[list[int], list[int]] = ([], [])

    def _operate(
        self, context: ir.Context, node: ir.Node, cells: list[int], local: list[int], result: Step
    ) -> bool | None:
        self._moments.append(Moment(result.nodes[-1], tuple(cells), tuple(local)))
        self._last = (cells, local)
        return super()._operate(context, node, cells, local, result)

    def perform(self, state: State, context: int, choice: int) -> Performed:
        """One step of a context, whether it may be scheduled or not."""
        self._moments = []
        result = self.step(state, self.ts.contexts[context], choice)
        cells, local = self._last
        after = result.state if result.state is not None else state
        end = Moment(-1, tuple(cells), tuple(local))
        return Performed(context, choice, state, after, result, tuple(self._moments), end)

    def moves(self, state: State) -> list[Move]:
        """Every step instance that contexts which may run have at their stops, in the fixed order."""
        return [
            (context.index, choice)
            for context in self.ts.contexts
            if self.may_move(state, context)
            for choice in range(self.choices(state, context))
        ]

    def may_move(self, state: State, context: ir.Context) -> bool:
        """Whether the context is not done and its CPU is free for it."""
        return not context.stops[state[context.pc]].done and self.runnable(state, context)

    def kept_off_by(self, state: State, context: ir.Context) -> tuple[int, ...]:
        """The contexts of its CPU that do not let this one run now, each asked alone."""
        neighbours = self._neighbours[context.index]
        return tuple(n.index for n in neighbours if not self._runnable_beside(state, context, n))

    def _runnable_beside(self, state: State, context: ir.Context, neighbour: ir.Context) -> bool:
        with self._only_neighbour(context, neighbour):
            return self.runnable(state, context)

    @contextmanager
    def _only_neighbour(self, context: ir.Context, neighbour: ir.Context) -> Iterator[None]:
        everybody = self._neighbours[context.index]
        self._neighbours[context.index] = [neighbour]
        try:
            yield
        finally:
            self._neighbours[context.index] = everybody


# ---------------------------------------------------------------- schedules


def schedule_of(recorder: Recorder, path: Sequence[State]) -> tuple[Move, ...]:
    """The (context, choice) of each step of a path: the first, in the fixed order, that leads to the next state."""
    if not path or tuple(path[0]) != recorder.ts.initial:
        raise ReplayError("the path does not begin in the initial state")
    return tuple(_move_between(recorder, n, tuple(a), tuple(b)) for n, (a, b) in enumerate(pairwise(path), 1))


def _move_between(recorder: Recorder, number: int, state: State, successor: State) -> Move:
    # Hardly any step leaves its context where it was, so those whose program counter differs are asked first.
    moves = recorder.moves(state)
    counters = [c.pc for c in recorder.ts.contexts]
    moves.sort(key=lambda move: state[counters[move[0]]] == successor[counters[move[0]]])
    for context, choice in moves:
        if recorder.step(state, recorder.ts.contexts[context], choice).state == successor:
            return context, choice
    raise ReplayError(f"no context has a step from state {number - 1} of the path to state {number}")


def states_of(recorder: Recorder, schedule: Sequence[Move]) -> list[State] | None:
    """The states along a schedule, or None when it cannot be performed from the initial state."""
    states = [recorder.ts.initial]
    for context, choice in schedule:
        successor = successor_of(recorder, states[-1], context, choice)
        if successor is None:
            return None
        states.append(successor)
    return states


def successor_of(recorder: Recorder, state: State, context: int, choice: int) -> State | None:
    """The state after one step, or None when the context has no such step, or it has no successor."""
    where = recorder.ts.contexts[context]
    if not recorder.may_move(state, where) or choice >= recorder.choices(state, where):
        return None
    return recorder.step(state, where, choice).state


def run(recorder: Recorder, schedule: Sequence[Move]) -> list[Performed]:
    """Perform a schedule from the initial state. ReplayError when it cannot be performed."""
    state, steps = recorder.ts.initial, []
    for number, (context, choice) in enumerate(schedule, 1):
        if successor_of(recorder, state, context, choice) is None:
            raise ReplayError(f"step {number} of the schedule cannot be performed")
        steps.append(recorder.perform(state, context, choice))
        state = steps[-1].after
    return steps


# ---------------------------------------------------------------- goals


def go_round(recorder: Recorder, state: State, violation: Violation) -> list[Performed]:
    """The steps of a lasso's loop, none when the run ends in the state. ReplayError unless it leads back to the state,
    is fair, and misses the goal all the way.
    """
    steps: list[Performed] = []
    for number, (context, choice) in enumerate(violation.loop, 1):
        before = steps[-1].after if steps else state
        if successor_of(recorder, before, context, choice) is None:
            raise ReplayError(f"step {number} of the loop cannot be performed")
        steps.append(recorder.perform(before, context, choice))
    if steps and steps[-1].after != state:
        raise ReplayError("the loop does not lead back to where it begins")
    _confirm_missed(recorder, state, violation, steps)
    return steps


def _confirm_missed(recorder: Recorder, state: State, violation: Violation, steps: Sequence[Performed]) -> None:
    """Whether the run is fair and stays where its goal is missed."""
    goal = recorder.ts.goals[violation.goal]
    states = [step.after for step in steps] or [state]
    obligations = [obliged(recorder, s, recorder.steps(s)) for s in states]
    movers = 0
    for step in steps:
        movers |= 1 << step.context
    if steps:
        unfair = any(lacking(obligations, movers))
    else:
        unfair = bool(obligations[0].idle | obligations[0].others)
    if unfair:
        raise ReplayError("the run is not fair: somebody who could go on for ever does not")
    if goal.property != violation.property:
        raise ReplayError("the goal that is missed belongs to another property")
    if goal.expr is None:
        stays = movers >> goal.context & 1 and all(o.inside >> goal.context & 1 for o in obligations)
    else:
        stays = not any(recorder.evaluate(goal.expr, s) for s in states)
    if not stays:
        raise ReplayError(f"the run does not violate {recorder.ts.properties[goal.property].id}: its goal is met")


# ---------------------------------------------------------------- confirmation


def confirm(recorder: Recorder, state: State, violation: Violation) -> tuple[Performed, ...]:
    """The steps from the last state that make the violation: one for a finding, two for a race, none for a bad state.

    ReplayError unless the violation really happens there.
    """
    ts = recorder.ts
    if not 0 <= violation.property < len(ts.properties):
        raise ReplayError(f"there is no property {violation.property}")
    prop = ts.properties[violation.property]
    if violation.other_context >= 0:
        return _confirm_race(recorder, state, violation, prop)
    if prop.id == LOCK_ORDER:
        return (_confirm_acquisition(recorder, state, violation),)
    if violation.context >= 0:
        return (_confirm_finding(recorder, state, violation),)
    if prop.kind == "invariant":
        _confirm_false(recorder, state, prop)
    else:
        _confirm_end(recorder, state, prop)
    return ()


def _existing(recorder: Recorder, state: State, context: int, choice: int) -> Performed:
    """The step of a context that exists in this state; ReplayError when it has none."""
    if not 0 <= context < len(recorder.ts.contexts):
        raise ReplayError(f"there is no context {context}")
    where = recorder.ts.contexts[context]
    if recorder.may_move(state, where) and 0 <= choice < recorder.choices(state, where):
        step = recorder.perform(state, context, choice)
        if step.result.exists and not step.result.cut:
            return step
    raise ReplayError(f"{where.name} has no step with choice {choice} in the last state of the path")


def _confirm_finding(recorder: Recorder, state: State, violation: Violation) -> Performed:
    step = _existing(recorder, state, violation.context, violation.choice)
    if not any(p == violation.property and m == violation.message for p, m, _ in step.result.findings):
        wanted = recorder.ts.properties[violation.property].id
        raise ReplayError(f"the last step does not raise {wanted} ({violation.message})")
    return step


def race_cells(ts: ir.TransitionSystem, prop: ir.Property) -> frozenset[int]:
    """The cells on which a race violates this property."""
    number = ts.property_index(prop.id)
    mine = [where for f, where in enumerate(ts.fields) if ts.race_property(f) == number]
    return frozenset(cell for where in mine for cell in range(where.base, where.base + where.count))


def _confirm_race(recorder: Recorder, state: State, violation: Violation, prop: ir.Property) -> tuple[Performed, ...]:
    one = _existing(recorder, state, violation.context, violation.choice)
    other = _existing(recorder, state, violation.other_context, violation.other_choice)
    if not any(cell in race_cells(recorder.ts, prop) for _, _, cell in races([one.result, other.result])):
        raise ReplayError(f"the two last steps do not violate {prop.id}")
    return one, other


def _confirm_acquisition(recorder: Recorder, state: State, violation: Violation) -> Performed:
    """The step that completes an order of locks; a violation that does not name it means the first that takes one."""
    candidates = recorder.moves(state)
    if violation.context >= 0:
        candidates = [(violation.context, violation.choice)]
    steps = [recorder.perform(state, context, choice) for context, choice in candidates]
    taking = [s for s in steps if s.result.exists and not s.result.cut and s.result.acquired]
    # A step inside another lock makes an order; one outside of all makes at most an irq inversion.
    taking.sort(key=lambda s: not any(edge[0] >= 0 for edge in s.result.acquired))
    if not taking:
        raise ReplayError("no lock is taken in the last state of the path")
    return taking[0]


def _confirm_false(recorder: Recorder, state: State, prop: ir.Property) -> None:
    if prop.expr is None or recorder.evaluate(prop.expr, state):
        raise ReplayError(f"the last state of the path does not violate {prop.id}")


def _confirm_end(recorder: Recorder, state: State, prop: ir.Property) -> None:
    steps = recorder.steps(state)
    if any(s.exists or s.assumed_away or s.cut for s in steps):
        raise ReplayError(f"{prop.id} is violated at the end, but the last state of the path is not the end")
    if prop.id == "lost-wakeup":
        true = bool(recorder.lost_wakeups(state))
    elif prop.id == "deadlock":
        true = bool(recorder.stuck(state))
    elif prop.id == "leak":
        true = not recorder.stuck(state) and bool(recorder.leaked(state))
    else:
        true = prop.expr is not None and not recorder.stuck(state) and not recorder.evaluate(prop.expr, state)
    if not true:
        raise ReplayError(f"the last state of the path does not violate {prop.id}")
