"""A trace cut into what a reader sees as one thing: the steps of one statement, or of one call of a kernel primitive.

A unit is *deciding* when it changes something, takes part in the communication between contexts (it reads what another
context writes), fails, or belongs to the failure or to a loop. Other units only read; diagrams fold them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from psockmc.explore.tracedata import Access, Change, Place, Step, Trace
from psockmc.render.relevance import Relevance, is_told, lasting
from psockmc.render.wording import Wording, call_text, marking, statement_text

KERNEL = "psockmc/kernel/"
BEGINS = "() begins"
"""How the place of an interrupt that comes in ends: its frame says it already."""

SECTION_PROPERTIES = ("sleep-in-atomic", "rcu-usage", "lock-usage")


@dataclass(slots=True)
class Unit:
    """Consecutive steps of one context at one statement, or inside one call of a primitive.

    frames: the calls around it that are shown; key: what makes it the same; call: the primitive's call or -1;
    silent: it touches nothing shared (work on locals, an interrupt that comes in, a context that ends); private: no
    other context touches what it changes, and the failure is not about it.
    """

    context: int
    frames: tuple[int, ...]
    key: tuple[object, ...]
    text: str
    call: int
    steps: list[int] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    changed: dict[str, Change] = field(default_factory=dict)
    silent: bool = False
    deciding: bool = False
    failing: bool = False
    private: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of it."""
        return tuple(note for note in self.said.values() if note)


def seen_at(trace: Trace, place: Place) -> tuple[tuple[int, ...], tuple[object, ...], str, int]:
    """How a place is shown: frames, key, text, and the primitive's call or -1.

    Inside a primitive it is the caller's statement. A primitive that calls back into the model is a frame itself.
    The primitive in which a worker begins is no frame.
    """
    inside = len(place.path)
    while inside and trace.calls[place.path[inside - 1]].primitive:
        inside -= 1
    frames = tuple(n for n in place.path[:inside] if not (trace.calls[n].primitive and trace.calls[n].parent < 0))
    if inside < len(place.path) and place.file.startswith(KERNEL):
        call = trace.calls[place.path[inside]]
        text = statement_text(call.statement)
        if call.function in call.statement or not call.call_file:
            return frames, ("call", call.number), text if call.arguments == ("...",) else call_text(call), call.number
        # A statement like wait_event() calls primitives that it does not name.
        return frames, ("statement", place.path[:inside], call.call_file, call.call_line), text, -1
    return frames, ("statement", place.path, place.file, place.line), statement_text(place.statement), -1


def units_of(trace: Trace) -> list[Unit]:
    """The whole run, in order."""
    return _Cutter(trace).cut()


class _Cutter:
    def __init__(self, trace: Trace) -> None:
        self.trace, self.wording, self.relevance = trace, Wording(trace), Relevance(trace)
        self.units: list[Unit] = []
        self.first: dict[int, Unit] = {}  # by the number of a step
        self.writers: dict[str, list[tuple[int, int]]] = {}
        for step in trace.steps:
            for change in step.changes:
                self.writers.setdefault(change.cell, []).append((step.number, step.context))
        self.waited_for = {c for step in trace.steps for g in step.grace_periods for c in g.waits_for}

    def cut(self) -> list[Unit]:
        before: Sequence[int] = ()
        for step in self.trace.steps:
            for place, at in self._beats(step):
                self._add(step, place, at)
            self._note_section(step, before)
            before = step.readers
        for unit in self.units:
            self._note_result(unit)
        self._note_failure()
        for unit in self.units:
            unit.deciding |= self._goes_round(unit)
            unit.private = (
                not self._goes_round(unit)
                and not unit.failing
                and not self.relevance.of([self.trace.steps[n - 1] for n in unit.steps])
            )
        return self.units

    def _goes_round(self, unit: Unit) -> bool:
        """Whether a unit belongs to what happens again and again: all of that is told."""
        return bool(self.trace.loop) and unit.steps[-1] >= self.trace.loop and not unit.silent

    def _beats(self, step: Step) -> Iterator[tuple[Place, int]]:
        """The places of a step that do something; at least one."""
        places = (step.place, *step.then)
        doing = {0} if step.sections != self._sections_before(step) else set()
        doing |= {a.at for a in step.accesses} | {c.at for c in step.changes if is_told(c, self.trace)}
        failing = {i for i, p in enumerate(places) if p == self.trace.failure.place} if self._fails(step) else set()
        for at in sorted(doing | failing) or [0]:
            yield places[at], at
            if at in failing:
                return  # what the step does after that is not what it is about

    def _sections_before(self, step: Step) -> tuple[str, ...]:
        """What the context had off before a step."""
        earlier = (s.sections for s in reversed(self.trace.steps[: step.number - 1]) if s.context == step.context)
        return next(earlier, ())

    def _fails(self, step: Step) -> bool:
        return step.number == len(self.trace.steps) and self.trace.failure.kind in ("step", "race", "order")

    def _add(self, step: Step, place: Place, at: int) -> None:
        frames, key, text, call = seen_at(self.trace, place)
        last = self.units[-1] if self.units else None
        if last is not None and step.number == self.trace.loop and step.number not in last.steps:
            last = None  # what goes round begins on a line of its own
        if last is None or last.context != step.context or last.key != key:
            last = Unit(step.context, frames, key, text, call, silent=True)
            self.units.append(last)
        if step.number not in last.steps:
            last.steps.append(step.number)
            self.first.setdefault(step.number, last)
        last.silent &= call < 0 and not self._touches(step, at)
        last.failing |= self._fails(step) and place == self.trace.failure.place
        self._note(last, step, at)

    def _touches(self, step: Step, at: int) -> bool:
        changes = (c for c in step.changes if is_told(c, self.trace))
        return any(a.at == at for a in step.accesses) or any(c.at == at for c in changes)

    # ------------------------------------------------------------ notes

    def _note(self, unit: Unit, step: Step, at: int) -> None:
        changes = [c for c in lasting(step.changes) if c.at == at and is_told(c, self.trace)]
        for change in changes:
            first = unit.changed.setdefault(change.cell, change)
            whole = replace(change, old=first.old)
            unit.said[change.cell] = self.wording.change(whole) if whole.old != whole.new else ""
        unit.deciding |= bool(changes)
        changed = {c.cell for c in step.changes}
        for access in step.accesses:
            # Inside a primitive that changes something, what it read on the way says nothing more.
            if access.at == at and access.cell not in changed and not (changed and unit.call >= 0):
                self._note_access(unit, step, access)
        for event in step.events:
            if event.kind == "choice":
                unit.deciding = True
                unit.said[event.text] = event.text

    def _note_access(self, unit: Unit, step: Step, access: Access) -> None:
        if access.write:
            unit.deciding = True
            unit.said.setdefault(access.cell, f"{self.wording.short(access.cell)} stays {access.value}")
        elif self._communicates(step, access) or step.number in self.relevance.sources:
            unit.deciding = True
            unit.said.setdefault(access.cell, self.wording.value(access))

    def _communicates(self, step: Step, access: Access) -> bool:
        """Whether another context wrote what is read, or will write there."""
        writers = self.writers.get(access.cell, [])
        earlier = [c for n, c in writers if n < step.number]
        later = [c for n, c in writers if n > step.number]
        return (bool(earlier) and earlier[-1] != step.context) or any(c != step.context for c in later)

    def _note_section(self, step: Step, before: Sequence[int]) -> None:
        """Entering and leaving an RCU reader matters when somebody waits for it, or when the failure is about it."""
        changed = (step.context in step.readers) != (step.context in before)
        about = self.trace.property.id in SECTION_PROPERTIES and step.context == self.trace.steps[-1].context
        unit = self.first[step.number]
        if changed and not unit.text.endswith(BEGINS):
            unit.silent = False
            unit.deciding |= about or step.context in self.waited_for

    def _note_result(self, unit: Unit) -> None:
        """A primitive that changed nothing and returned false says why."""
        if unit.call < 0 or self.trace.calls[unit.call].result != "false":
            return
        steps = [self.trace.steps[number - 1] for number in unit.steps]
        if not any(step.changes for step in steps):
            read = [access for step in steps for access in step.accesses]
            unit.deciding = True
            unit.said = {"": ", ".join(["false", *(self.wording.value(access) for access in read[-1:])])}

    def _note_failure(self) -> None:
        failure = self.trace.failure
        if failure.kind == "state" and self.units:
            self.units[-1].failing = True
        if failure.kind in ("step", "race", "order") and self.units and not any(u.failing for u in self.units):
            self.units[-1].failing = True
        for unit in self.units:
            unit.deciding |= unit.failing
        if failure.kind == "race" and self.units:
            side = failure.race[0]
            self.units[-1].said = {"": race_note(side.access, self.wording)}


def race_note(access: Access, wording: Wording) -> str:
    """`plain write of sk_data_ready`."""
    return f"{marking(access)} of {wording.short(access.cell)}"


def result_note(trace: Trace, units: Sequence[Unit], number: int) -> tuple[str, ...]:
    """What to say of a call at its beginning: that it gives NULL, which decides what its caller does."""
    if trace.calls[number].result != "NULL":
        return ()
    failed = any(note.startswith("false") for u in units if number in u.frames for note in u.notes)
    return ("fails: NULL",) if failed else ("returns NULL",)
