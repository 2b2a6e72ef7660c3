"""The trace object: one counterexample, step by step, as plain data that outlives its transition system.

A `Trace` is one JSON object (`psockmc/schemas/trace.schema.json`); names and values are texts already, so that
renderers and other programs need nothing else. `psockmc.explore.trace.build_trace` makes one.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal

FORMAT = "psockmc-trace-1"

Section = Literal["rcu", "preempt", "bh", "irq"]
WaitStatus = Literal["blocked", "preempted", "asleep"]
FailureKind = Literal["step", "state", "end", "race", "deadlock", "order", "goal"]


class TraceFormatError(Exception):
    """A JSON value is not a trace; the text is one sentence that says where it fails."""


@dataclass(frozen=True, slots=True)
class PropertyInfo:
    """The violated property. kind: invariant, end, eventually or builtin."""

    id: str
    sentence: str
    kind: str


@dataclass(frozen=True, slots=True)
class ContextInfo:
    """A context. kind: process, kworker, softirq, hardirq or rcu_callback; function: the one it starts in.

    label: how sentences and columns call it: its CPU, with more when contexts share that CPU.
    """

    name: str
    label: str
    kind: str
    cpu: int
    function: str


@dataclass(frozen=True, slots=True)
class CellInfo:
    """A shared cell (`psock0.refcnt.refs`) and its first value.

    struct: that of its object. kind: value, context (the value is one), status, ghost, list, lock or grace-period.
    """

    name: str
    struct: str
    kind: str
    initial: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made in the run: a frame of call paths.

    parent: number of the calling call, -1 for the function in which the context starts. call_file, call_line,
    statement: the place of the call in the model. primitive: a kernel primitive of psockmc/kernel/. arguments: as
    the caller wrote them, objects in place of locals where they are known. result: what a pointer or number that
    the call gave to a local of its caller was, "" when it gave none.
    """

    number: int
    parent: int
    context: int
    function: str
    kernel_file: str
    call_file: str
    call_line: int
    statement: str
    arguments: tuple[str, ...]
    primitive: bool
    result: str


@dataclass(frozen=True, slots=True)
class Place:
    """A statement of the model and how control came there. path: numbers of calls, outermost first."""

    statement: str
    file: str
    line: int
    function: str
    kernel_file: str
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """A shared access. value: before the access. at: 0 for the step's place, n for its `then[n - 1]`."""

    cell: str
    write: bool
    marked: bool
    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Change:
    """A cell or local that holds another value after the step. kind: as in CellInfo, or local. at: as in Access."""

    cell: str
    old: str
    new: str
    kind: str
    at: int


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that a context holds. mode: write or read. since: number of the step that took it, 0 for the beginning."""

    context: int
    lock: str
    mode: str
    since: int


@dataclass(frozen=True, slots=True)
class GracePeriod:
    """A grace period that is not over. waits_for: the readers it still waits for."""

    cell: str
    waits_for: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a context is about to do.

    status: ready, blocked (what: for what; holders: who has it), preempted (holders: by whom on its CPU), asleep,
    idle or done. place is None for contexts that are idle or done.
    """

    context: int
    status: str
    place: Place | None
    what: str
    holders: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth a word: kind acquire, release, alloc, free, finding, cover or choice."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step. number counts from 1. choice: the value of its `choose`, -1 without one.

    sections: what the context has off or is inside of after it: `rcu`, `preempt`, `bh`, `irq`. place: where it
    begins; then: statements that ran in the same step without touching anything shared, or inside the same atomic
    block. changes: shared cells; locals: those of this context. held, readers, grace_periods, intents: after it. A
    step that ends in a fatal finding has no state after it: what is given is the state before.
    """

    number: int
    context: int
    choice: int
    place: Place
    then: tuple[Place, ...]
    accesses: tuple[Access, ...]
    changes: tuple[Change, ...]
    locals: tuple[Change, ...]
    held: tuple[Held, ...]
    sections: tuple[Section, ...]
    readers: tuple[int, ...]
    grace_periods: tuple[GracePeriod, ...]
    intents: tuple[Intent, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class RaceSide:
    """One of the two accesses of a data race, both about to happen in the last state."""

    context: int
    place: Place
    access: Access
    held: tuple[str, ...]
    new: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A context that can never go on.

    status: blocked, asleep, or preempted (kept off its CPU by the holders). what: what it waits for; holders: who has
    it, () when nobody will give it. lock: the lock waited for, "" when it is no lock. held: its own locks. taken: for
    each of `held`, where it was taken (None: held from the beginning).
    """

    context: int
    status: WaitStatus
    place: Place
    what: str
    lock: str
    holders: tuple[int, ...]
    held: tuple[Held, ...]
    taken: tuple[Place | None, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A lock is taken while another is held: classes, with modes write or read. held: "" for the mere use of a lock.

    held_at, taken_at: where each was taken (held_at None: held from the beginning).
    """

    context: int
    held: str
    held_mode: str
    held_at: Place | None
    taken: str
    taken_mode: str
    taken_at: Place


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """A station in the life of the blamed object. what: allocated or freed; step: its number."""

    what: str
    step: int
    context: int
    place: Place


@dataclass(frozen=True, slots=True)
class Failure:
    """How the run fails.

    kind: `step` (the last step raises a finding), `state` (the state after the last step violates an invariant),
    `end` (it is the end and violates an end property), `race`, `deadlock`, `order` (locks taken in a forbidden
    order; the last step is the acquisition that completes it) or `goal` (the run goes round for ever, or may end here,
    and never comes to what it should). message: the finding's own words or the property's;
    sentence: the same for a reader who sees the steps. place: where it happened (None: a state). object: the blamed
    object or "". life: where that object was allocated and freed last. race: both sides. waits: everybody who is
    stuck; cycle: contexts, each waiting for the next and the last for the first, () when none. orders: the
    acquisitions that make a forbidden order. cells: those that make the violated property false in the last state and
    that changed in the run.
    """

    kind: FailureKind
    message: str
    sentence: str
    place: Place | None
    object: str
    life: tuple[ObjectEvent, ...]
    race: tuple[RaceSide, ...]
    waits: tuple[Wait, ...]
    cycle: tuple[int, ...]
    orders: tuple[Order, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A counterexample of a scenario. variant: the name of a composed variant or "". basis: that of the verdict.

    loop: number of the step from which on the run repeats itself for ever: the last step leads back to the state before
    that one. 0: it does not.
    """

    format: str
    scenario: str
    sentence: str
    property: PropertyInfo
    basis: str
    bounds: tuple[str, ...]
    assumptions: tuple[str, ...]
    omissions: tuple[str, ...]
    variant: str
    contexts: tuple[ContextInfo, ...]
    cells: tuple[CellInfo, ...]
    calls: tuple[Call, ...]
    steps: tuple[Step, ...]
    failure: Failure
    loop: int = 0

    def to_json(self) -> dict[str, Any]:
        """The trace as one JSON object (dicts, lists, strings, numbers)."""
        return typing.cast("dict[str, Any]", _encode(self))

    @staticmethod
    def from_json(value: object) -> Trace:
        """The trace of a JSON object. TraceFormatError: it is none, or its references lead nowhere."""
        if isinstance(value, dict) and value.get("format") != FORMAT:
            found = value.get("format")
            raise TraceFormatError(f"format: {found!r} is not {FORMAT}; write the trace with this psockmc")
        trace = typing.cast("Trace", _decode(Trace, value, "trace"))
        _check_references(trace)
        return trace


# ---------------------------------------------------------------- JSON

_NAMES = {str: "a string", int: "a whole number", bool: "true or false"}


def _encode(value: object) -> object:
    if dataclasses.is_dataclass(value):
        given = {
            f.name: getattr(value, f.name) for f in dataclasses.fields(value) if getattr(value, f.name) != f.default
        }
        return {name: _encode(item) for name, item in given.items()}
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    return value


def _decode(kind: Any, value: object, where: str) -> object:
    """`value` as a type: a dataclass of this module, tuple[X, ...], X | None, a Literal, str, int or bool."""
    if typing.get_origin(kind) is Literal:
        known = typing.get_args(kind)
        if not isinstance(value, str) or value not in known:
            raise TraceFormatError(f"{where}: one of {', '.join(known)} was expected")
        return value
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise TraceFormatError(f"{where}: a list was expected")
        item = typing.get_args(kind)[0]
        return tuple(_decode(item, v, f"{where}[{i}]") for i, v in enumerate(value))
    if isinstance(kind, types.UnionType):
        return None if value is None else _decode(typing.get_args(kind)[0], value, where)
    if dataclasses.is_dataclass(kind):
        return _decode_object(kind, value, where)
    if type(value) is not kind:
        raise TraceFormatError(f"{where}: {_NAMES[kind]} was expected")
    return value


def _decode_object(kind: Any, value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise TraceFormatError(f"{where}: an object was expected")
    hints = typing.get_type_hints(kind)
    needed = {f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING}
    if missing := sorted(needed - value.keys()):
        raise TraceFormatError(f"{where}: {missing[0]!r} is missing")
    if unknown := sorted(value.keys() - hints.keys()):
        raise TraceFormatError(f"{where}: {unknown[0]!r} is unknown")
    return kind(**{name: _decode(hints[name], item, f"{where}.{name}") for name, item in value.items()})


def _check_references(trace: Trace) -> None:
    """Numbers of contexts, calls and steps lead somewhere, so that renderers need not ask."""
    for number, call in enumerate(trace.calls):
        _require(call.number == number, f"calls[{number}].number", "the calls are not numbered 0, 1, ...")
        _require(-1 <= call.parent < number, f"calls[{number}].parent", "there is no such earlier call")
    cells = {cell.name for cell in trace.cells}
    for number, step in enumerate(trace.steps, 1):
        where = f"steps[{number - 1}]"
        for i, change in enumerate(step.changes):
            _require(change.cell in cells, f"trace.{where}.changes[{i}].cell", "there is no such cell")
        _require(step.number == number, f"{where}.number", "the steps are not numbered 1, 2, ...")
        for name in ("accesses", "changes", "locals"):
            for i, one in enumerate(getattr(step, name)):
                known = 0 <= one.at <= len(step.then)
                _require(known, f"trace.{where}.{name}[{i}].at", "there is no such place in the step")
    _walk(trace, trace, "trace")
    _check_failure(trace)


def _check_failure(trace: Trace) -> None:
    """A failure has what its kind promises."""
    failure = trace.failure
    _require(
        failure.kind in ("state", "end", "deadlock", "goal") or bool(trace.steps),
        "trace.failure.kind",
        f"a failure of kind {failure.kind!r} needs a last step",
    )
    _require(0 <= trace.loop <= len(trace.steps), "trace.loop", "there is no such step")
    sides = 2 if failure.kind == "race" else 0
    _require(len(failure.race) == sides, "trace.failure.race", f"{sides} sides were expected")
    for i, event in enumerate(failure.life):
        _require(1 <= event.step <= len(trace.steps), f"trace.failure.life[{i}].step", "there is no such step")
    for i, wait in enumerate(failure.waits):
        same = len(wait.held) == len(wait.taken)
        _require(same, f"trace.failure.waits[{i}].taken", "a place for each lock held was expected")
    waiting = {wait.context for wait in failure.waits}
    _require(waiting >= set(failure.cycle), "trace.failure.cycle", "a context in it does not wait")


def _walk(trace: Trace, value: object, where: str) -> None:
    if isinstance(value, tuple):
        for i, item in enumerate(value):
            _walk(trace, item, f"{where}[{i}]")
    if not dataclasses.is_dataclass(value):
        return
    for f in dataclasses.fields(value):
        item = getattr(value, f.name)
        if f.name == "since":
            _require(0 <= item <= len(trace.steps), f"{where}.since", "there is no such step")
        elif f.name in ("context", "holders", "readers", "waits_for", "cycle"):
            numbers = item if isinstance(item, tuple) else (item,)
            known = all(0 <= n < len(trace.contexts) for n in numbers)
            _require(known, f"{where}.{f.name}", "there is no such context")
        elif f.name == "path":
            _require(all(0 <= n < len(trace.calls) for n in item), f"{where}.path", "there is no such call")
        else:
            _walk(trace, item, f"{where}.{f.name}")


def _require(true: bool, where: str, sentence: str) -> None:
    if not true:
        raise TraceFormatError(f"{where}: {sentence}")
