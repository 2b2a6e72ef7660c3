"""The lines of a diagram, before they are laid out: frames, statements, folds, waits and the failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from psockmc.explore.tracedata import Failure, Place, Trace, Wait
from psockmc.render.units import Unit, race_note, result_note, seen_at, units_of
from psockmc.render.wording import Wording, call_text, statement_text

FOLD = "..."
CALLERS = 3
"""So many calls around what fails are always shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one context. kind: frame, statement, fold, wait or caret (the sentence below the failing line); mark
    (where a loop begins or goes back) of no context, -1.
    """

    context: int
    depth: int
    text: str
    kind: str
    notes: tuple[str, ...] = ()


class Detail(IntEnum):
    """How much is told.

    ESSENCE: only what matters to the failure. DECISIONS: everything but what only reads and decides nothing.
    EVERYTHING: nothing is folded.
    """

    ESSENCE = 0
    DECISIONS = 1
    EVERYTHING = 2


def story(trace: Trace, detail: Detail, *, more: int = 0) -> tuple[list[Line], int]:
    """The lines of a trace in order, and how many steps were folded.

    more: how many statements an ESSENCE tells beside what matters, the last ones that change something.
    """
    return _Teller(trace, detail, more).tell()


class _Teller:
    def __init__(self, trace: Trace, detail: Detail, more: int) -> None:
        self.trace, self.detail = trace, detail
        self.wording = Wording(trace)
        self.units = units_of(trace)
        aside = [unit for unit in self.units if unit.changed and unit.private]
        for unit in aside[max(len(aside) - more, 0) :]:
            unit.private = False
        self.lines: list[Line] = []
        self.entered: set[int] = set()
        self.folded: list[Unit] = []
        self.key: tuple[object, ...] = ()  # of the last statement
        self.hidden: set[int] = set()  # numbers of steps that were folded
        self.wrappers = set() if detail is Detail.EVERYTHING else self._wrappers()

    def tell(self) -> tuple[list[Line], int]:
        self._drop_attempts()
        for unit in self.units:
            unit.frames = self._shown(unit.frames)
        for unit in self.units:
            begins_loop = unit.steps[0] == self.trace.loop
            if self.folded and (begins_loop or self.folded[-1].context != unit.context):
                self._flush(())
            if begins_loop:
                self._mark(f"from here on, for ever (steps {self.trace.loop} to {len(self.trace.steps)}) ---->")
            if self._told(unit):
                self._flush(unit.frames)
                self._show(unit)
            else:
                self.folded += [unit] * (not unit.silent)
                self.hidden.update(unit.steps)
        self._flush(())
        if self.trace.loop:
            self._mark(f"<---- and back to step {self.trace.loop}, where everything is as it was")
        self._tell_failure()
        shown = {number for unit in self.units if self._told(unit) for number in unit.steps}
        return self.lines, len(self.hidden - shown)

    def _drop_attempts(self) -> None:
        """What a context has done of the statement in which it waits for ever, if that is nothing to speak of."""
        for wait in self.trace.failure.waits:
            last = next((u for u in reversed(self.units) if u.context == wait.context), None)
            if last is not None and not last.deciding and last.key == seen_at(self.trace, wait.place)[1]:
                self.units.remove(last)
                self.hidden.update(last.steps)

    def _told(self, unit: Unit) -> bool:
        if self.detail is Detail.ESSENCE and unit.private:
            return False
        return unit.deciding or self.detail is Detail.EVERYTHING

    def _wrappers(self) -> set[int]:
        """Calls between a context's first function and the first that does something itself or calls two others.

        They only lead there, and would push everything to the right.
        """
        failure = self.trace.failure
        at_the_end = [*((w.context, w.place) for w in failure.waits), *((s.context, s.place) for s in failure.race)]
        paths: dict[int, list[tuple[int, ...]]] = {}
        for unit in self.units:
            if self._told(unit):
                paths.setdefault(unit.context, []).append(unit.frames)
        for context, place in at_the_end:
            paths.setdefault(context, []).append(seen_at(self.trace, place)[0])
        if self.detail is Detail.ESSENCE:
            blamed = {number for unit in self.units if unit.failing for number in unit.frames[-CALLERS:]}
            return {number for own in paths.values() for number in _passed_through(own)} - blamed
        return {number for own in paths.values() for number in _common_prefix(own)[1:-1]}

    def _shown(self, frames: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(number for number in frames if number not in self.wrappers)

    # ------------------------------------------------------------ steps

    def _show(self, unit: Unit) -> None:
        self._enter(unit.context, unit.frames)
        self._line(unit.context, len(unit.frames), unit.text, "statement", unit.notes)
        self.key = unit.key
        if unit.failing and self.trace.failure.kind != "race":
            self._caret(unit.context, len(unit.frames))

    def _enter(self, context: int, frames: Sequence[int]) -> None:
        """Print the frames that were not printed yet."""
        for depth, number in enumerate(frames):
            if number not in self.entered:
                self.entered.add(number)
                notes = result_note(self.trace, self.units, number)
                self._line(context, depth, call_text(self.trace.calls[number]), "frame", notes)

    def _flush(self, frames: Sequence[int]) -> None:
        """Print a fold for the units passed over; what comes next has these frames."""
        folded, self.folded = self.folded, []
        while folded and self._prepares_call(folded[-1], frames):
            folded.pop()
        if not folded:
            return
        common = _common_prefix([u.frames for u in folded] + ([tuple(frames)] if frames else []))
        if not frames:
            shown = [n for n in common if n in self.entered]
            common = tuple(shown or common[:1])
        self._enter(folded[0].context, common)
        only = folded[0] if len(folded) == 1 and folded[0].frames == common else None
        self._line(folded[0].context, len(common), only.text if only else FOLD, "statement" if only else "fold")

    def _prepares_call(self, unit: Unit, frames: Sequence[int]) -> bool:
        """Whether a unit reads the arguments of a call whose frame comes next and says it all."""
        new = {statement_text(self.trace.calls[n].statement) for n in frames if n not in self.entered}
        return len(unit.frames) < len(frames) and unit.text in new

    def _mark(self, text: str) -> None:
        """Where a loop begins, or goes back. What comes next says anew where it is."""
        self._line(-1, 0, text, "mark")
        self.key = ()

    def _line(self, context: int, depth: int, text: str, kind: str, notes: tuple[str, ...] = ()) -> None:
        self.lines.append(Line(context, depth, text, kind, notes))

    # ------------------------------------------------------------ failure

    def _caret(self, context: int, depth: int) -> None:
        self._line(context, depth, f"^ {self.trace.failure.sentence}", "caret")

    def _tell_failure(self) -> None:
        failure = self.trace.failure
        if failure.kind == "race":
            side = failure.race[1]
            self._at(side.context, side.place, race_note(side.access, self.wording), "statement")
        for wait in waits_in_order(failure):
            self._at(wait.context, wait.place, wait_note(self.trace, wait), "wait")
        if self.lines and (failure.kind in ("race", "deadlock") or failure.waits):
            self._caret(self.lines[-1].context, self.lines[-1].depth)

    def _at(self, context: int, place: Place, note: str, kind: str) -> None:
        """A place at which a context stands."""
        all_frames, key, text, _ = seen_at(self.trace, place)
        frames = self._shown(all_frames)
        last = self.lines[-1] if self.lines else None
        if last is not None and last.context == context and self.key == key:
            notes = (n for n in last.notes if not n.startswith("waits for"))
            self.lines[-1] = replace(last, notes=(*notes, note))
            return
        self._enter(context, frames)
        self._line(context, len(frames), text, kind, (note,))
        self.key = key


def waits_in_order(failure: Failure) -> list[Wait]:
    """The cycle first, then whoever is stuck behind it."""
    cycle = [w for c in failure.cycle for w in failure.waits if w.context == c]
    return cycle + [w for w in failure.waits if w not in cycle]


def wait_note(trace: Trace, wait: Wait) -> str:
    """What a context waits for at the end, and who has it."""
    names = ["itself" if c == wait.context else trace.contexts[c].label for c in wait.holders]
    holders = " and ".join(names)
    if wait.lock:
        return f"waits for {wait.lock}, held by {holders}"
    if wait.status == "asleep":
        return "asleep, and not woken"
    if wait.status == "preempted":
        return f"kept off {wait.what} by {holders}"
    return f"waits for {holders}" if holders else "waits for ever"


def _passed_through(paths: Sequence[tuple[int, ...]]) -> set[int]:
    """The calls, but for first ones, in which no path ends and from which all paths lead to one other call."""
    followers: dict[int, set[int]] = {}
    for path in paths:
        for number, following in zip(path, (*path, -1)[1:], strict=True):
            followers.setdefault(number, set()).add(following)
    first = {path[0] for path in paths if path}
    return {n for n, after in followers.items() if n not in first and len(after) == 1 and -1 not in after}


def _common_prefix(paths: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The calls that all paths begin with."""
    shortest = min(paths, key=len)
    for i, number in enumerate(shortest):
        if any(path[i] != number for path in paths):
            return shortest[:i]
    return shortest
