"""A counterexample as one HTML page that needs nothing else: no network, no script if there is none to be had."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
        trace=trace,
        why=why,
        about=about,
        index=index,
        rows=_folded(rows),
        columns=columns,
        absent=[c.label for i, c in enumerate(trace.contexts) if i not in columns],
        headings={c: heading(trace, c) for c in columns},
        lanes=lanes,
        hold_class=hold_class,
        hold_text=hold_text,
        hold_title=lambda lane, hold: hold_title(trace, lane, hold),
        presence=Presence(trace),
        indent=lambda depth: min(depth, DEEPEST),
        pattern=pattern,
        soft=soft,
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


def pattern(context: int) -> str:
    """The class of a context's colour and pattern."""
    return f"c{context % PATTERNS}"


def soft(text: str) -> Markup:
    """Code that may be broken where a reader would break it."""
    return Markup(re.sub(r"(?<=[(.,])(?=\w)", "<wbr>", str(escape(text))))


def hold_class(lane: Lane, hold: Hold) -> str:
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
