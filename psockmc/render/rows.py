"""The rows of a trace for pages and pictures: one for each step, and frames, loops and the failure between them.

The words are those of the diagram (psockmc/render/story.py). Nothing is left out here: a row that the diagram would
fold is `quiet`, and whoever shows it decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from psockmc.explore.tracedata import Change, Place, Trace
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
        seen: set[int] = set()
        for unit in self.units:
            if self.trace.loop and unit.steps[0] == self.trace.loop and self.trace.loop not in seen:
                yield self._mark(f"from here on, for ever: steps {self.trace.loop} to {len(self.trace.steps)}")
            yield from self._frames(unit.context, unit.frames, unit.steps[0] - 1)
            yield from self._unit(unit, seen)
            self.last = (unit.context, len(unit.frames))
        if self.trace.loop:
            yield self._mark(f"and back to step {self.trace.loop}, where everything is as it was")
        yield from self._failure()

    def _told(self, unit: Unit) -> bool:
        """Whether a diagram would show it: in a long run, only what matters to the failure."""
        return unit.deciding and not (self.essence and unit.private)

    def _unit(self, unit: Unit, seen: set[int]) -> Iterator[Row]:
        """The steps of a unit. Of those that only lead to what it does, the last one speaks for all."""
        speaks = {n for n in unit.steps if self._changes(n)} or {unit.steps[-1]}
        for index, number in enumerate(unit.steps):
            notes = self._notes(unit) if number == max(speaks) else ()
            row = Row(
                number=number,
                context=unit.context,
                kind="more" if number in seen else "step",
                depth=len(unit.frames),
                text=unit.text,
                notes=notes,
                quiet=not (self._told(unit) and number in speaks),
                again=index > 0 and number not in speaks,
                changes=() if number in seen else self._changes(number),
            )
            seen.add(number)
            yield row

    def _changes(self, number: int) -> tuple[Change, ...]:
        """The changes that are worth a column: locks have lanes, and ghosts exist only for properties."""
        about = set(self.trace.failure.cells)
        changes = self.trace.steps[number - 1].changes
        return tuple(c for c in changes if c.kind not in ("lock", "ghost") or (c.kind == "ghost" and c.cell in about))

    @staticmethod
    def _notes(unit: Unit) -> tuple[str, ...]:
        """What was found and decided; the changes have a column of their own."""
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
