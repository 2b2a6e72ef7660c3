"""What the script of a page knows: of each step, what it changed and read, where everybody is after it, a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psockmc.explore.places import where
from psockmc.explore.tracedata import Access, Intent, Step, Trace
from psockmc.render.relevance import lasting
from psockmc.render.units import KERNEL, seen_at
from psockmc.render.wording import marking, statement_text


@dataclass(frozen=True, slots=True)
class Field:
    """A cell in the state table. whole: it is the object's own status, and has no name of its own."""

    index: int
    name: str
    value: str
    whole: bool
    ghost: bool


@dataclass(frozen=True, slots=True)
class FinalState:
    """Objects with their fields: what the run touches, and the rest, of which there are `untouched` fields."""

    touched: list[tuple[str, list[Field]]]
    rest: list[tuple[str, list[Field]]]
    untouched: int


def page_data(trace: Trace) -> dict[str, Any]:
    """Plain data for the page. Texts that repeat stand once in `texts` and are named by their index."""
    return _Collector(trace).collect()


def final_state(data: Mapping[str, Any]) -> FinalState:
    """The state after the last step: what a page shows when no script runs."""
    values = [cell["initial"] for cell in data["cells"]]
    for step in data["steps"]:
        for cell, text in step["changes"]:
            values[cell] = data["texts"][text]
    touched: dict[str, list[Field]] = {}
    rest: dict[str, list[Field]] = {}
    for index, cell in enumerate(data["cells"]):
        owner, _, path = cell["name"].partition(".")
        field = Field(index, path, values[index], not path, cell["kind"] == "ghost")
        (touched if cell["touched"] else rest).setdefault(owner, []).append(field)
    return FinalState(
        [(name, sorted(fields, key=lambda f: not f.whole)) for name, fields in touched.items()],
        [(name, sorted(fields, key=lambda f: not f.whole)) for name, fields in rest.items()],
        sum(map(len, rest.values())),
    )


def last_whereabouts(data: Mapping[str, Any]) -> list[tuple[int, str, str, str]]:
    """Of each context at the end: its number, its status, its call path, its statement."""
    if not data["steps"]:
        return []
    texts = data["texts"]
    return [(c, texts[status], texts[path], texts[at]) for c, status, path, at in data["steps"][-1]["where"]]


class _Collector:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.texts: dict[str, int] = {}
        names = [cell.name for cell in trace.cells]
        names += [change.cell for step in trace.steps for change in step.changes]
        names += [access.cell for step in trace.steps for access in step.accesses]
        self.cells = {name: i for i, name in enumerate(dict.fromkeys(names))}

    def collect(self) -> dict[str, Any]:
        steps = [self._step(step) for step in self.trace.steps]
        return {
            "cells": self._cells(),
            "contexts": [context.label for context in self.trace.contexts],
            "loop": self.trace.loop,
            "steps": steps,
            "texts": list(self.texts),
        }

    def _cells(self) -> list[dict[str, Any]]:
        """Name, kind, first value, and whether the run does anything with it; in groups, one for each object."""
        known = {cell.name: cell for cell in self.trace.cells}
        touched = {a.cell for step in self.trace.steps for a in step.accesses}
        touched |= {c.cell for step in self.trace.steps for c in step.changes if c.kind != "ghost"}
        touched |= set(self.trace.failure.cells)
        return [
            {
                "name": name,
                "kind": known[name].kind if name in known else "value",
                "initial": known[name].initial if name in known else "",
                "touched": name in touched,
            }
            for name in self.cells
        ]

    def _step(self, step: Step) -> dict[str, Any]:
        return {
            "changes": [[self.cells[c.cell], self._text(c.new)] for c in step.changes],
            "reads": sorted({self.cells[a.cell] for a in step.accesses if not a.write}),
            "writes": sorted({self.cells[a.cell] for a in step.accesses if a.write}),
            "context": step.context,
            "say": self._sentence(step),
            "details": [self._text(text) for text in self._details(step)],
            "where": self._whereabouts(step),
        }

    def _text(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))

    # ------------------------------------------------------------ words

    def _sentence(self, step: Step) -> str:
        """What is read aloud at a step."""
        frames, _, text, _ = seen_at(self.trace, step.place)
        function = self.trace.calls[frames[-1]].function if frames else step.place.function
        changes = [f"{c.cell} {c.old} becomes {c.new}" for c in lasting(step.changes) if c.kind != "ghost"]
        who = self.trace.contexts[step.context].label
        lead = f"Step {step.number} of {len(self.trace.steps)}, {who} in {function}: {text}"
        failed = [self.trace.failure.sentence] if step.number == len(self.trace.steps) else []
        return ". ".join([lead, *changes, *failed])

    def _details(self, step: Step) -> list[str]:
        """The step in full: where in model and kernel, what it touched, what is off."""
        at = where(self.trace.calls, step.place)
        lines = [f"{at.file}:{at.line}" if at.line else at.file]
        lines += [f"{at.kernel_file}: {at.kernel_function}()"] if at.kernel_file else []
        lines += [_access(access) for access in step.accesses]
        lines += [f"{c.cell} {c.old} → {c.new}{' (ghost)' if c.kind == 'ghost' else ''}" for c in lasting(step.changes)]
        lines += [f"local {c.cell} = {c.new}" for c in step.locals if not self._in_primitive(step, c.at)]
        lines += [f"now inside: {', '.join(step.sections)}"] if step.sections else []
        lines += [
            f"{event.kind}: {event.text}" for event in step.events if event.kind in ("finding", "cover", "choice")
        ]
        return list(dict.fromkeys(lines))

    @staticmethod
    def _in_primitive(step: Step, at: int) -> bool:
        return (step.place, *step.then)[at].file.startswith(KERNEL)

    # ------------------------------------------------------------ where everybody is

    def _whereabouts(self, step: Step) -> list[list[int]]:
        """Of each context after the step: its number, its status, its call path, its statement (as texts)."""
        return [
            [
                intent.context,
                self._text(self._status(step, intent)),
                self._text(self._path(intent)),
                self._text(statement),
            ]
            for intent in step.intents
            for statement in [self._statement(intent)]
        ]

    def _status(self, step: Step, intent: Intent) -> str:
        names = ["itself" if c == intent.context else self.trace.contexts[c].label for c in intent.holders]
        holders = " and ".join(names)
        if intent.status == "preempted":
            return f"preempted by {holders}"
        if intent.status != "blocked":
            return intent.status
        if any(held.lock == intent.what for held in step.held):
            return f"waits for {intent.what}, held by {holders}"
        return f"waits for {holders}" if holders else "waits"

    def _path(self, intent: Intent) -> str:
        if intent.place is None:
            return ""
        frames = seen_at(self.trace, intent.place)[0]
        return " › ".join(f"{self.trace.calls[number].function}()" for number in frames)

    def _statement(self, intent: Intent) -> str:
        if intent.place is None:
            return ""
        return seen_at(self.trace, intent.place)[2] or statement_text(intent.place.statement)


def _access(access: Access) -> str:
    return f"{marking(access)} of {access.cell}, {'was' if access.write else 'is'} {access.value}"
