"""The rows of a trace for pages and pictures: one for each step, and frames, loops and the failure between them.

The words are those of the diagram (psockmc/render/story.py). Nothing is left out here: a row that the diagram would
fold is `quiet`, and whoever shows it decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from psockmc.explore.tracedata import Change, Place, Trace
from psockmc.render.relevance import is_told, lasting
from psockmc.render.story import wait_note, waits_in_order
from psockmc.render.units import Unit, race_note, result_note, seen_at, units_of
from psockmc.render.wording import Wording, call_text

SCREEN = 40
"""A run in which more than that decides something is told like a diagram that is longer than a screen."""

Kind = Literal["frame", "step", "more", "mark", "wait", "fail"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row. number: its step; of a row that is no step, the step before it.

    kind: frame (a function is entered), step, more (the same step goes on at another statement), mark (about a loop,
    no context: -1), wait (where a context stands at the end) or fail (the sentence of the failure, -1: of no context).
    quiet: it decides nothing. again: on the way through the statement of the step before. changes: what it changed.
    """

    number: int
    context: int
    kind: Kind
    depth: int
    text: str
    notes: tuple[str, ...] = ()
    quiet: bool = False
    again: bool = False
    changes: tuple[Change, ...] = ()


def rows_of(trace: Trace) -> list[Row]:
    """All rows of a trace, in order."""
    return list(_Rower(trace).rows())


class _Rower:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.wording = Wording(trace)
        self.units = units_of(trace)
        decided = [unit for unit in self.units if unit.deciding]
        self.essence = len(decided) > SCREEN
        self.telling = {number for unit in decided if self._told(unit) for number in unit.frames}
        self.entered: set[int] = set()
        self.last = (-1, -1)  # context and depth of the last statement

    def rows(self) -> Iterator[Row]:
        speaking = self._speaking()
        for index, unit in enumerate(self.units):
            begins = not index or self.units[index - 1].steps[-1] < self.trace.loop
            if self.trace.loop and unit.steps[0] == self.trace.loop and begins:
                yield self._mark(f"from here on, for ever: steps {self.trace.loop} to {len(self.trace.steps)}")
            yield from self._frames(unit.context, unit.frames, unit.steps[0] - 1)
            yield from self._unit(unit, {n for n in unit.steps if speaking[n] == index})
            self.last = (unit.context, len(unit.frames))
        if self.trace.loop:
            yield self._mark(f"and back to step {self.trace.loop}, where everything is as it was")
        yield from self._failure()

    def _told(self, unit: Unit) -> bool:
        """Whether a diagram would show it: in a long run, only what matters to the failure."""
        return unit.deciding and not (self.essence and unit.private)

    def _speaking(self) -> dict[int, int]:
        """For each step, which unit gives it its row: the first one that is told, else the first."""
        chosen: dict[int, int] = {}
        for index, unit in enumerate(self.units):
            for number in self._deciding(unit) if self._told(unit) else ():
                chosen.setdefault(number, index)
        for index, unit in enumerate(self.units):
            for number in unit.steps:
                chosen.setdefault(number, index)
        return chosen

    def _deciding(self, unit: Unit) -> set[int]:
        """The steps that do what a unit does, and not only lead there: without any, the last one."""
        changing = {n for n in unit.steps if self._changes(n)}
        return changing | {unit.steps[-1]} if unit.failing or not changing else changing

    def _unit(self, unit: Unit, own: set[int]) -> Iterator[Row]:
        """The steps of a unit. own: those of which it is the row; of others it is a part."""
        deciding = self._deciding(unit)
        for index, number in enumerate(unit.steps):
            yield Row(
                number=number,
                context=unit.context,
                kind="step" if number in own else "more",
                depth=len(unit.frames),
                text=unit.text,
                notes=self._notes(unit) if number == max(deciding) else (),
                quiet=not (self._told(unit) and number in deciding),
                again=index > 0 and number not in deciding,
                changes=self._changes(number) if number in own else (),
            )

    def _changes(self, number: int) -> tuple[Change, ...]:
        """The changes worth showing: locks have lanes, ghosts exist only for properties, and what is freed is gone."""
        changes = lasting(self.trace.steps[number - 1].changes)
        return tuple(c for c in changes if c.kind != "lock" and is_told(c, self.trace))

    @staticmethod
    def _notes(unit: Unit) -> tuple[str, ...]:
        """What was found and decided; the changes are told beside it."""
        return tuple(note for cell, note in unit.said.items() if note and cell not in unit.changed)

    def _frames(self, context: int, frames: tuple[int, ...], number: int) -> Iterator[Row]:
        for depth, call in enumerate(frames):
            if call not in self.entered:
                self.entered.add(call)
                notes = result_note(self.trace, self.units, call)
                text = call_text(self.trace.calls[call])
                yield Row(number, context, "frame", depth, text, notes, quiet=call not in self.telling)

    def _mark(self, text: str) -> Row:
        return Row(len(self.trace.steps), -1, "mark", 0, text)

    # ------------------------------------------------------------ failure

    def _failure(self) -> Iterator[Row]:
        failure = self.trace.failure
        if failure.kind == "race":
            side = failure.race[1]
            yield from self._at(side.context, side.place, race_note(side.access, self.wording))
        for wait in waits_in_order(failure):
            yield from self._at(wait.context, wait.place, wait_note(self.trace, wait))
        context, depth = self.last if failure.kind not in ("end", "goal", "state") or failure.waits else (-1, 0)
        lead = "at the end: " if failure.kind == "end" and not failure.waits else ""
        yield Row(len(self.trace.steps), context, "fail", depth, lead + failure.sentence)

    def _at(self, context: int, place: Place, note: str) -> Iterator[Row]:
        """A place at which a context stands."""
        frames, _, text, _ = seen_at(self.trace, place)
        for row in self._frames(context, frames, len(self.trace.steps)):
            yield replace(row, quiet=False)
        self.last = (context, len(frames))
        yield Row(len(self.trace.steps), context, "wait", len(frames), text, (note,))


def columns_of(trace: Trace, rows: Sequence[Row]) -> list[int]:
    """The contexts that do something or stand somewhere at the end."""
    return sorted({row.context for row in rows} - {-1}) or list(range(min(len(trace.contexts), 1)))


class Presence:
    """Where a context is at a row: `on` while it runs, `in` while it has begun and others run, else nothing."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        steps: dict[int, list[int]] = {}
        for step in trace.steps:
            steps.setdefault(step.context, []).append(step.number)
        self.first = {context: numbers[0] for context, numbers in steps.items()}
        self.last = {context: numbers[-1] for context, numbers in steps.items() if self._is_over(context, numbers[-1])}

    def __call__(self, row: Row, context: int) -> str:
        """The word for one context at one row."""
        if row.context == context:
            return "on"
        moment = row.number + (row.kind == "frame")  # a frame belongs to the step after it
        begun = context in self.first and self.first[context] <= moment
        return "in" if begun and moment <= self.last.get(context, moment) else ""

    def _is_over(self, context: int, number: int) -> bool:
        """Whether a context ended, or rests, with a step."""
        intents = self.trace.steps[number - 1].intents
        return any(i.context == context and i.status in ("idle", "done") for i in intents)
