"""A counterexample as one HTML page that needs nothing else: no network, no script if there is none to be had."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from markupsafe import Markup, escape

from psockmc.explore.tracedata import Trace
from psockmc.render.diagram import diagram, heading
from psockmc.render.lanes import Hold, Lane, hold_text, hold_title, lanes_of
from psockmc.render.page import page
from psockmc.render.page_data import final_state, last_whereabouts, page_data
from psockmc.render.rows import Presence, Row, columns_of, rows_of

PATTERNS = 6
"""So many owners have a pattern of their own; the digit tells the others apart."""
PART = 60
"""So many rows that are not folded make a part of the table, which is laid out when it comes into view."""
NUMBER, LANE, NARROWEST = 3.6, 1.55, 10.0
"""How wide the columns are, and the columns of contexts at least where the page may be scrolled to the right."""
CONTEXT = "minmax(0, 1fr)"
LAST = (CONTEXT, "42%", "37%", "32%", "27%")
"""Those of contexts share the rest. What the last one gets depends on how many there are: its code has no room to
its right."""
DEEPEST = 12
"""Deeper calls are not indented any further."""


def html(trace: Trace, why: Sequence[str] = (), about: Sequence[tuple[str, str]] = (), index: str = "") -> str:
    """The page of a trace.

    why: sentences of psockmc.explore.why, where its transition system is at hand. about: what else to say at the top,
    each with its heading. index: the address of a page that lists this one, "" for none.
    """
    rows, lanes, data = rows_of(trace), lanes_of(trace), page_data(trace)
    columns = columns_of(trace, rows)
    return page(
        "trace",
        _grid(len(columns), len(lanes)),
        trace=trace,
        why=why,
        about=about,
        index=index,
        parts=_parts(_folded(rows)),
        columns=columns,
        absent=[c.label for i, c in enumerate(trace.contexts) if i not in columns],
        headings={c: heading(trace, c) for c in columns},
        lanes=lanes,
        held_after=lambda number: _held_after(lanes, number),
        hold_class=hold_class,
        hold_text=hold_text,
        hold_title=lambda lane, hold: hold_title(trace, lane, hold),
        presence=Presence(trace),
        indent=lambda depth: min(depth, DEEPEST),
        pattern=pattern,
        soft=soft,
        soft_name=soft_name,
        counted=counted,
        replay=replay_command(trace),
        data=data,
        state=final_state(data),
        ends=last_whereabouts(data),
        text=diagram(trace),
        last_writes=last_writes(trace),
    )


# ---------------------------------------------------------------- the table


def _folded(rows: Sequence[Row]) -> list[tuple[Row, int]]:
    """Each row with the number of steps that a fold before it stands for, 0 without one.

    A fold stands for neighbouring quiet rows of one context.
    """
    folded: list[tuple[Row, int]] = []
    for (quiet, _), group in groupby(rows, key=lambda row: (row.quiet, row.context)):
        members = list(group)
        count = len({row.number for row in members if row.kind == "step"}) if quiet else 0
        folded += [(row, count if i == 0 else 0) for i, row in enumerate(members)]
    return folded


def _parts(rows: Sequence[tuple[Row, int]]) -> list[list[tuple[Row, int]]]:
    """The rows in parts that a browser lays out when they come into view; a fold and its rows stay together."""
    parts: list[list[tuple[Row, int]]] = [[]]
    shown = 0
    for row, fold in rows:
        starts = bool(fold) or not row.quiet
        if shown >= PART and starts:
            parts.append([])
            shown = 0
        parts[-1].append((row, fold))
        shown += starts
    return parts


def _grid(columns: int, lanes: int) -> str:
    """The rules of a table with so many columns and lanes; trace.css has the rest."""
    widths = [f"{NUMBER}rem", *[CONTEXT] * (columns - 1), LAST[min(columns, len(LAST)) - 1], *[f"{LANE}rem"] * lanes]
    least = NUMBER + columns * NARROWEST + lanes * LANE
    spans = [f".run td[colspan='{n}'] {{ grid-column: span {n}; }}" for n in range(2, lanes + 1)]
    grid = [f".run tr {{ grid-template-columns: {' '.join(widths)}; }}", *spans]
    narrow = ["@media screen and (max-width: 70rem) {", f".run {{ min-width: {least:g}rem; }}", "}"]
    return "\n".join(["@media screen {", *grid, "}", *narrow, ""])


def pattern(context: int) -> str:
    """The class of a context's colour and pattern."""
    return f"c{context % PATTERNS}"


def soft(text: str) -> Markup:
    """Code that may be broken where a reader would break it."""
    return Markup(re.sub(r"(?<=[(.,])(?=\w)", "<wbr>", str(escape(text))))


def _held_after(lanes: Sequence[Lane], number: int) -> Iterator[tuple[int, Lane, Hold]]:
    """The cells of the lanes after a step: 0 and a lane that is held or waited for, or how many are free in a row."""
    for free, group in groupby(((lane, lane.after(number)) for lane in lanes), key=lambda one: not hold_class(one[1])):
        members = list(group)
        yield from [(len(members), *members[0])] if free else [(0, lane, hold) for lane, hold in members]


def hold_class(hold: Hold) -> str:
    """How a lane looks: filled in the owner's pattern, outlined while somebody waits."""
    names = [f"held {pattern(hold.owners[0])}"] if hold.owners else []
    names += ["shared"] if hold.reads else []
    names += ["wanted"] if hold.waiters else []
    return " ".join(names)


# ---------------------------------------------------------------- around it


def replay_command(trace: Trace) -> str:
    """The command that finds this trace again. A variant is a file, or the name of a bug of the corpus."""
    names = [name.strip() for name in trace.variant.split(",") if name.strip()]
    if names and not names[0].endswith(".py"):
        return f"psockmc bugs {names[0]}"
    return f"psockmc check {trace.scenario}{''.join(f' --with {name}' for name in names)}"


def soft_name(text: str) -> Markup:
    """A heading in a narrow column, which may also be broken inside the names of C."""
    return Markup(re.sub(r"(?<=[_.])(?=\w)", "<wbr>", str(escape(text))))


def counted(things: Sequence[object], name: str) -> str:
    """`1 bound`, `2 bounds`."""
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def last_writes(trace: Trace) -> list[tuple[str, str, int, str]]:
    """Of each cell that the violated property reads: its value, and the step and context that wrote it last."""
    found: dict[str, tuple[str, str, int, str]] = {}
    for step in trace.steps:
        for change in step.changes:
            if change.cell in trace.failure.cells:
                label = trace.contexts[step.context].label
                found[change.cell] = (change.cell, change.new, step.number, label)
    return sorted(found.values(), key=lambda one: -one[2])
