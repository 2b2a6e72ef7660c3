"""The Informal Trace Format of Apalache and Quint: the states of a run, for tools that know nothing of psockmc.

One variable for each shared cell. State n is the one after step n, and its `#meta` says who took that step where. Of a
run that goes round, `loop` is the state that follows the last one. (The last one is the state before the first step
of the loop once more, so that each step has a state.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from psockmc.explore.tracedata import CellInfo, Step, Trace

DESCRIPTION = "https://apalache-mc.org/docs/adr/015adr-trace.html"
NUMBER = re.compile(r"-?\d+")

Value = Any
Reader = Callable[[str], Value]


def itf(trace: Trace) -> str:
    """The trace as one JSON object in this format."""
    return json.dumps(itf_object(trace), indent=1, ensure_ascii=False) + "\n"


def itf_object(trace: Trace) -> dict[str, Value]:
    """The same as a value."""
    types = {cell.name: _type_of(trace, cell) for cell in trace.cells}
    whole: dict[str, Value] = {
        "#meta": _meta(trace, types),
        "params": [],
        "vars": [cell.name for cell in trace.cells],
        "states": list(_states(trace, {name: READERS[kind] for name, kind in types.items()})),
    }
    return {**whole, "loop": trace.loop} if trace.loop else whole


def _meta(trace: Trace, types: dict[str, str]) -> dict[str, Value]:
    return {
        "format": "ITF",
        "format-description": DESCRIPTION,
        "source": trace.scenario,
        "status": "violation",
        "description": trace.failure.sentence,
        "property": trace.property.id,
        "variant": trace.variant,
        "varTypes": types,
    }


def _states(trace: Trace, readers: dict[str, Reader]) -> Iterator[dict[str, Value]]:
    now = {cell.name: cell.initial for cell in trace.cells}
    yield _state({"index": 0}, now, readers)
    for step in trace.steps:
        now |= {change.cell: change.new for change in step.changes}
        yield _state({"index": step.number, **_who(trace, step)}, now, readers)


def _state(meta: dict[str, Value], now: dict[str, str], readers: dict[str, Reader]) -> dict[str, Value]:
    return {"#meta": meta, **{name: readers[name](text) for name, text in now.items()}}


def _who(trace: Trace, step: Step) -> dict[str, Value]:
    place = step.place
    return {
        "context": trace.contexts[step.context].label,
        "function": place.function,
        "statement": place.statement,
        "file": place.file,
        "line": place.line,
    }


# ---------------------------------------------------------------- values


def _type_of(trace: Trace, cell: CellInfo) -> str:
    """The type of a variable: one that all its values in this run have."""
    values = [cell.initial, *(c.new for step in trace.steps for c in step.changes if c.cell == cell.name)]
    if cell.kind == "list":
        return "Seq(Str)"
    if cell.kind in ("lock", "grace-period") and all(text.startswith("{") for text in values):
        return "Set(Str)"
    return "Int" if all(NUMBER.fullmatch(text) for text in values) else "Str"


def _items(text: str) -> list[str]:
    """The items of `[msg0, msg1]` or `{CPU0, CPU1}`."""
    inside = text[1:-1]
    return inside.split(", ") if inside else []


READERS: dict[str, Reader] = {
    "Int": lambda text: {"#bigint": str(int(text))},
    "Str": lambda text: text,
    "Seq(Str)": _items,
    "Set(Str)": lambda text: {"#set": _items(text)},
}
