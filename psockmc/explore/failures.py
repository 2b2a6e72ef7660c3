"""How a run fails, told for a reader: a sentence, the blamed object's life, the sides of a race, the wait-for cycle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psockmc.explore.callpaths import CallTree
from psockmc.explore.lockorder import LOCK_ORDER
from psockmc.explore.naming import Names
from psockmc.explore.recording import History
from psockmc.explore.reference import State
from psockmc.explore.replay import Performed, Recorder, ReplayError, race_cells, run, schedule_of
from psockmc.explore.result import LockEdge, Violation
from psockmc.explore.tracedata import (
    Access,
    Call,
    Failure,
    FailureKind,
    ObjectEvent,
    Order,
    Place,
    RaceSide,
    Step,
    Wait,
)
from psockmc.explore.waits import cycle_of, loads, obstacle
from psockmc.ir import system as ir

SAID_AS = {"assert": "check fails"}
MISUSED_OBJECT = ("use-after-free", "double-free", "bad-free")


def describe_failure(
    history: History, violation: Violation, state: State, endings: Sequence[Performed], edges: Sequence[LockEdge]
) -> Failure:
    """The failure of a confirmed violation.

    history: all steps, the failing one included. state: the last state. endings: the steps that `confirm` gave.
    edges: for a lock order, its acquisitions.
    """
    prop = history.ts.properties[violation.property]
    message = violation.message or prop.sentence
    if violation.goal >= 0:
        return _goal(history, prop, violation, state)
    if violation.other_context >= 0:
        return _race(history, prop, message, endings)
    if prop.id == LOCK_ORDER:
        return _order(history, message, edges)
    if endings:
        return _finding(history, prop, message, endings[0])
    if prop.id == "deadlock":
        return _deadlock(history, state)
    return _state(history, prop, message, state)


def _failure(
    kind: FailureKind,
    message: str,
    sentence: str,
    place: Place | None = None,
    blamed: str = "",
    life: tuple[ObjectEvent, ...] = (),
    race: tuple[RaceSide, ...] = (),
    waits: tuple[Wait, ...] = (),
    cycle: tuple[int, ...] = (),
    orders: tuple[Order, ...] = (),
    cells: tuple[str, ...] = (),
) -> Failure:
    return Failure(kind, message, sentence, place, blamed, life, race, waits, cycle, orders, cells)


# ---------------------------------------------------------------- findings of a step


def _finding(history: History, prop: ir.Property, message: str, ending: Performed) -> Failure:
    step = history.steps[-1]
    place = _place_of_finding(history, step, ending, message)
    blamed = _blamed(history, ending) if prop.id in MISUSED_OBJECT else ""
    life = _life(history, blamed, step.number)
    return _failure("step", message, _sentence(history, prop, message, step, blamed, life), place, blamed, life)


def _place_of_finding(history: History, step: Step, ending: Performed, message: str) -> Place:
    """The place at which the finding was raised. A fatal one ends the step; others have a node of their own."""
    nodes = history.ts.contexts[step.context].nodes
    places = (step.place, *step.then)
    for number in ending.moments:
        node = nodes[number.node]
        if isinstance(node.op, ir.Finding) and node.op.message == message and node.statement >= 0:
            s = history.ts.statements[node.statement]
            return next((p for p in places if (p.file, p.line) == (s.file, s.line)), places[-1])
    return places[-1]


def _blamed(history: History, ending: Performed) -> str:
    """The object that a use after free or a double free is about: what the last pointer of the step points to."""
    nodes = history.ts.contexts[ending.context].nodes
    for moment in reversed(ending.moments):
        match nodes[moment.node].op:
            case ir.Deref(pointer, pool, _):
                value = history.recorder.evaluate(pointer, moment.cells, moment.local)
                return history.names.object(pool, value)
            case ir.Branch(cond):
                if found := _tested_object(history, cond, moment.cells, moment.local):
                    return found
    return ""


def _tested_object(history: History, cond: ir.Expr, cells: State, local: State) -> str:
    """The object whose status a branch tests, as kfree() does."""
    match cond:
        case ir.Op("==", (ir.Load(field, index), ir.Const(ir.LIVE))):
            for pool in history.ts.pools:
                if pool.status == field:
                    return pool.objects[history.recorder.evaluate(index, cells, local)]
    return ""


def _life(history: History, blamed: str, before: int) -> tuple[ObjectEvent, ...]:
    """The last allocation and the last free of an object before a step."""
    events = [e for e in history.lives.get(blamed, ()) if e.step <= before]
    return tuple(events[-2:] if len(events) > 1 and events[-2].what == "allocated" else events[-1:])


def _sentence(
    history: History, prop: ir.Property, message: str, step: Step, blamed: str, life: Sequence[ObjectEvent]
) -> str:
    freed = [e for e in life if e.what == "freed"]
    if prop.id == "use-after-free" and blamed and freed:
        by = "itself" if freed[-1].context == step.context else history.names.label(freed[-1].context)
        return f"use of {blamed} after it was freed by {by}"
    if prop.id == "double-free" and blamed and freed:
        return f"{blamed} was freed already, by {history.names.label(freed[-1].context)}"
    if prop.id == "null-deref":
        return "a NULL pointer is dereferenced"
    words = message
    for place in (step.place, *step.then):
        words = words.removeprefix(f"{place.function}: {place.statement.removesuffix(':')}").lstrip(": ")
    return f"{SAID_AS.get(prop.id, prop.id)}: {words}"


# ---------------------------------------------------------------- states


def _state(history: History, prop: ir.Property, message: str, state: State) -> Failure:
    sentence, cells = f"{prop.id} is violated: {message}", _cells_read(history, prop.expr, state)
    if prop.kind == "invariant":
        return _failure("state", message, sentence, cells=cells)
    if prop.id == "leak":
        leaked = history.recorder.leaked(state)
        pool, number = leaked[0]
        blamed = history.ts.pools[pool].objects[number]
        life = _life(history, blamed, len(history.steps))
        born = next((f", allocated by {history.names.label(e.context)}," for e in life if e.what == "allocated"), "")
        return _failure("end", message, f"{blamed}{born} is never freed: nothing refers to it", None, blamed, life)
    if prop.id == "lost-wakeup":
        context = history.ts.contexts[history.recorder.lost_wakeups(state)[0]]
        place = history.at[context.index]
        sentence = (
            f"{history.names.label(context.index)} sleeps for ever: what it waits for is true, and nobody wakes it"
        )
        wait = Wait(context.index, "asleep", place, place.statement, "", (), (), ())
        return _failure("end", message, sentence, place, waits=(wait,))
    return _failure("end", message, sentence, cells=cells)


def _at_rest(history: History, state: State) -> str:
    """Why those who are not done need not go on."""
    reasons = []
    for context in history.ts.contexts:
        status = obstacle(history.recorder, history.names, state, context).status
        outside = "is in user space" if context.kind == "process" else "need not come"
        said = {"asleep": "sleeps", "blocked": "waits for ever", "preempted": "waits for its CPU", "ready": outside}
        if status in said:
            reasons.append(f"{history.names.label(context.index)} {said[status]}")
    return f" ({', '.join(reasons)})" if reasons else ""


def _cells_read(history: History, expr: ir.Expr | None, state: State) -> tuple[str, ...]:
    """The cells that make a property false in a state and that changed in the run."""
    changed = {change.cell for step in history.steps for change in step.changes}
    found: dict[str, None] = {}
    for load in loads(tuple(_false_parts(history, expr, state))):
        where, index = history.ts.fields[load.field], history.recorder.evaluate(load.index, state)
        if 0 <= index < where.count:
            found[history.names.thing(where.base + index).name] = None
    return tuple(name for name in found if name in changed)


def _false_parts(history: History, expr: ir.Expr | None, state: State) -> Iterator[ir.Expr]:
    """The parts of a false expression that make it so: of a property of all objects, what is false of some object."""
    if isinstance(expr, ir.Op) and expr.name in ("and", "or"):
        for arg in expr.args:
            if not history.recorder.evaluate(arg, state):
                yield from _false_parts(history, arg, state)
    elif expr is not None:
        yield expr


def _goal(history: History, prop: ir.Property, violation: Violation, state: State) -> Failure:
    """A run that never comes to what it should. The contexts that do not go on in the end say why."""
    goal = history.ts.goals[violation.goal]
    about = f" for {goal.about}" if goal.about and goal.expr is not None else ""
    if goal.expr is None:
        name = history.names.label(goal.context)
        return _failure("goal", violation.message, f"{prop.id}: {name} goes round in the kernel for ever")
    until = "this goes on for ever" if violation.loop else f"nothing more need happen{_at_rest(history, state)}"
    sentence = f"{prop.id} is violated{about}, as {until}: {prop.sentence}"
    return _failure("goal", prop.sentence, sentence, cells=_cells_read(history, goal.expr, state))


# ---------------------------------------------------------------- races


def _race(history: History, prop: ir.Property, message: str, endings: Sequence[Performed]) -> Failure:
    one, other = endings
    first = history.steps[-1]
    second = _second_side(history, other)
    names = {history.names.thing(cell).name for cell in race_cells(history.ts, prop)}
    pair = _conflict([a for a in first.accesses if a.cell in names], second.accesses)
    if pair is None:
        raise ReplayError("the two racing steps do not touch the same cell")
    sides = (
        _side(history, first, pair[0], one),
        _side(history, second, pair[1], other),
    )
    verbs = [f"{'writes' if s.access.write else 'reads'} ({'marked' if s.access.marked else 'plain'})" for s in sides]
    who = [f"{history.names.label(s.context)} {verb}" for s, verb in zip(sides, verbs, strict=True)]
    sentence = f"data race on {pair[0].cell}: {who[0]} while {who[1]}"
    return _failure("race", message, sentence, sides[0].place, race=sides)


def _second_side(history: History, other: Performed) -> Step:
    """The second access as a step of its own, from the same state, without adding it to the run."""
    kept = list(history.steps), list(history.at), dict(history.taken)
    step = history.add(other)
    history.steps, history.at, history.taken = kept
    return step


def _conflict(one: Sequence[Access], other: Sequence[Access]) -> tuple[Access, Access] | None:
    for a in one:
        for b in other:
            if a.cell == b.cell and (a.write or b.write) and not (a.marked and b.marked):
                return a, b
    return None


def _side(history: History, step: Step, access: Access, performed: Performed) -> RaceSide:
    place = (step.place, *step.then)[access.at]
    new = next((c.new for c in step.changes if c.cell == access.cell), access.value)
    held = tuple(f"{h.lock} ({h.mode})" for h in history.held(performed.before, performed.context))
    return RaceSide(performed.context, place, access, held, new)


# ---------------------------------------------------------------- deadlocks


def _deadlock(history: History, state: State) -> Failure:
    stuck = history.recorder.stuck(state)
    waits = tuple(_wait(history, state, context) for context in stuck)
    cycle = cycle_of({w.context: w.holders for w in waits})
    told = [next(w for w in waits if w.context == c) for c in cycle] or list(waits)
    sentence = "deadlock: " + "; ".join(_wait_sentence(history, w) for w in told)
    return _failure("deadlock", sentence, sentence, told[0].place, waits=waits, cycle=cycle)


def _wait(history: History, state: State, context: int) -> Wait:
    found = obstacle(history.recorder, history.names, state, history.ts.contexts[context])
    return Wait(
        context=context,
        status="preempted" if found.status == "preempted" else "blocked",
        place=history.at[context],
        what=found.what,
        lock=found.lock,
        holders=found.holders,
        held=history.held(state, context),
        taken=history.taken_at(state, context),
    )


def _wait_sentence(history: History, wait: Wait) -> str:
    name = history.names.label
    holders = " and ".join("itself" if c == wait.context else name(c) for c in wait.holders)
    if wait.lock:
        return f"{name(wait.context)} waits for {wait.lock}, held by {holders}"
    what = called(history.calls.calls, wait.place)
    if wait.status == "preempted":
        return f"{name(wait.context)} is kept off {wait.what} by {holders}"
    return f"{name(wait.context)} waits in {what}" + (f" for {holders}" if holders else ", and nobody will end this")


def called(calls: Sequence[Call], place: Place) -> str:
    """The outermost kernel primitive that a place is in, else its function."""
    for number in place.path:
        if calls[number].primitive and calls[number].parent >= 0:
            return f"{calls[number].function}({', '.join(calls[number].arguments)})"
    return f"{place.function}()"


# ---------------------------------------------------------------- lock order


def _order(history: History, message: str, edges: Sequence[LockEdge]) -> Failure:
    orders = tuple(_witness(history, edge) for edge in edges)
    return _failure("order", message, message, _taken_last(history), orders=orders)


def _taken_last(history: History) -> Place:
    """The place at which the last step takes its lock; a recursive read, which changes no owner, is the step's."""
    last = history.steps[-1]
    taken = [
        place for (context, _), (step, place) in history.taken.items() if (context, step) == (last.context, last.number)
    ]
    return next((place for place in taken if place is not None), last.place)


def _witness(history: History, edge: LockEdge) -> Order:
    """One acquisition of a forbidden order, replayed on its own path."""
    recorder, names = history.recorder, history.names
    steps = run(recorder, schedule_of(recorder, edge.path))
    side = History(recorder, names, CallTree(history.ts, names, history.calls.calls))
    for step in steps:
        side.add(step)
    state = steps[-1].after if steps else history.ts.initial
    acquiring = _acquiring(recorder, state, edge)
    held_at = _held_at(side, names, state, edge)
    side.add(acquiring)
    mode = {True: "write", False: "read"}
    held = history.ts.locks[edge.held].name if edge.held >= 0 else ""
    taken = history.ts.locks[edge.taken].name
    return Order(edge.context, held, mode[edge.held_write], held_at, taken, mode[edge.taken_write], _taken_last(side))


def _acquiring(recorder: Recorder, state: State, edge: LockEdge) -> Performed:
    """The step after a path that makes the edge."""
    wanted = (edge.held, edge.held_write, edge.taken, edge.taken_write, edge.bh_off, edge.irq_off, edge.site)
    for context, choice in recorder.moves(state):
        if context == edge.context:
            step = recorder.perform(state, context, choice)
            if step.result.exists and wanted in step.result.acquired:
                return step
    raise ReplayError(f"{recorder.ts.contexts[edge.context].name} does not take the lock at the end of the edge's path")


def _held_at(side: History, names: Names, state: State, edge: LockEdge) -> Place | None:
    if edge.held < 0:
        return None
    wanted = side.ts.locks[edge.held]
    for context, _, mode, cell in names.locks_held(state):
        if context == edge.context and mode == ("write" if edge.held_write else "read"):
            for field in (wanted.owner, wanted.readers):
                where = side.ts.fields[field] if field >= 0 else None
                if where and where.base <= cell < where.base + where.count:
                    return side.taken[context, cell][1]
    return None
