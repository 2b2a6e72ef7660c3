"""The diagram: one column for each context, code in the columns, what a commit message shows.

Two or three contexts stand side by side, their columns as wide as makes the diagram shortest. More of them, and those
whose columns would be long and wrap much, share one column in which every line says whose it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from psockmc.explore.tracedata import Trace
from psockmc.render.footer import footer
from psockmc.render.layout import annotated, broken_words, wrap
from psockmc.render.story import Detail, Line, story

INDENT = 2
GAP = 2
SCREEN = 40
NARROWEST_COLUMN = 20
BROKEN_WORD = 2
"""So many rows are paid for a word that need not be broken."""
SIDE_BY_SIDE = 3
ROWS_BESIDE = 2
MOST_WRAPPED = 1.25
LONG = {2: 3 * SCREEN, 3: SCREEN}
"""By their number: columns of more rows than that are given up for a list that is so many times shorter."""


def diagram(trace: Trace, *, width: int = 75, all_steps: bool = False) -> str:
    """The trace as a diagram of at most `width` characters per line. all_steps: nothing is folded.

    What only reads and decides nothing is folded to `...`; in a diagram longer than a screen, also what neither another
    context sees nor the failure is about. It says how many steps it folded.
    """
    lines, folded = _drawn(trace, width, all_steps)
    notice = wrap(f"folded: {folded} of {len(trace.steps)} steps (--all-steps shows them)", width, INDENT, hanging=2)
    rows = [*lines, "", *footer(trace, width, INDENT), *(notice if folded else [])]
    return "\n".join(rows) + "\n"


def drawing(trace: Trace, *, width: int = 75) -> str:
    """The diagram without what is said below it about scenario, verdict and bounds."""
    return "\n".join(_drawn(trace, width, all_steps=False)[0]) + "\n"


def _drawn(trace: Trace, width: int, all_steps: bool) -> tuple[list[str], int]:
    """The lines of the run and what they end with, and how many steps are folded."""
    body, folded = _body(trace, width, Detail.EVERYTHING if all_steps else Detail.DECISIONS)
    if len(body) > SCREEN and not all_steps:
        body, folded = _fitting(trace, width)
    return [*body, *_conclusion(trace, width)], folded


def _fitting(trace: Trace, width: int) -> tuple[list[str], int]:
    """What matters; where only one context acts, also as much of what leads there as still fits on a screen.

    What matters is mostly what contexts see of each other, which is next to nothing when there is but one.
    """
    if len({step.context for step in trace.steps}) > 1:
        return _body(trace, width, Detail.ESSENCE)
    fits, too_much = 0, len(trace.steps)
    while too_much - fits > 1:
        middle = (fits + too_much) // 2
        if len(_body(trace, width, Detail.ESSENCE, middle)[0]) <= SCREEN:
            fits = middle
        else:
            too_much = middle
    return _body(trace, width, Detail.ESSENCE, fits)


def _body(trace: Trace, width: int, detail: Detail, more: int = 0) -> tuple[list[str], int]:
    """The columns, and how many steps are folded in them."""
    lines, folded = story(trace, detail, more=more)
    columns = sorted({line.context for line in lines} - {-1})
    room = width - INDENT - GAP * (len(columns) - 1)
    if len(columns) > SIDE_BY_SIDE or room < NARROWEST_COLUMN * len(columns):
        return _listed(trace, lines, columns, width), folded
    rows = _side_by_side(trace, lines, columns, width)
    if len(rows) > LONG.get(len(columns), len(rows)):
        listed = _listed(trace, lines, columns, width)
        if len(rows) > MOST_WRAPPED * len(listed):
            return listed, folded
    return rows, folded


def _conclusion(trace: Trace, width: int) -> list[str]:
    """The sentence of a failure that has no failing line to stand under."""
    if trace.failure.kind == "end" and not trace.failure.waits:
        return ["", *wrap(f"at the end: {trace.failure.sentence}", width, INDENT, hanging=2)]
    if trace.failure.kind == "goal":
        return ["", *wrap(trace.failure.sentence, width, INDENT, hanging=2)]
    if not trace.steps and trace.failure.kind == "state":
        return wrap(f"from the beginning: {trace.failure.sentence}", width, INDENT, hanging=2)
    return []


def heading(trace: Trace, context: int) -> str:
    """`CPU1 (process: close)`."""
    info = trace.contexts[context]
    inside = [text for text in (info.kind, info.name) if text not in info.label]
    return f"{info.label} ({': '.join(inside)})" if inside else info.label


# ---------------------------------------------------------------- columns


def _side_by_side(trace: Trace, lines: Sequence[Line], columns: Sequence[int], width: int) -> list[str]:
    declared: list[str] = []
    if len(columns) == SIDE_BY_SIDE:
        lines, declared = _abbreviated(lines, width // SIDE_BY_SIDE)
    widths = _widths(trace, lines, columns, width)
    starts = [INDENT + sum(widths[:i]) + GAP * i for i in range(len(columns))]
    rows = [*declared, *([""] if declared else []), *_headings(trace, columns, widths, starts)]
    before = columns[0] if columns else -1
    for line in lines:
        if line.kind == "mark":
            rows += ["", *wrap(line.text, width, INDENT)]
            before = -1
            continue
        column = columns.index(line.context)
        if line.context != before and line.kind != "caret" and line is not lines[0]:
            rows.append("")
        before = line.context
        rows += [(" " * starts[column] + text).rstrip() for text in _texts(line, widths[column], width, starts[column])]
        rows += _below(line, width, starts[column])
    return rows


def _texts(line: Line, column_width: int, width: int, start: int) -> list[str]:
    """A line in its column; the sentence below the failing line may use all the room to the right, or to the left."""
    if line.kind != "caret":
        return annotated(line.text, line.notes, column_width, 2 * line.depth)
    beside = wrap(line.text, width - start, 2 * line.depth, hanging=2)
    return beside if len(beside) <= ROWS_BESIDE else [" " * min(2 * line.depth, width - start - 1) + "^"]


def _below(line: Line, width: int, start: int) -> list[str]:
    """The sentence across the whole width, when it is too long to stand beside its caret."""
    if line.kind != "caret" or len(wrap(line.text, width - start, 2 * line.depth, hanging=2)) <= ROWS_BESIDE:
        return []
    return wrap(line.text.removeprefix("^ "), width, INDENT, hanging=2)


def _headings(trace: Trace, columns: Sequence[int], widths: Sequence[int], starts: Sequence[int]) -> list[str]:
    blocks = [[*wrap(heading(trace, c), w, hanging=2), "----"] for c, w in zip(columns, widths, strict=True)]
    height = max((len(b) for b in blocks), default=0)
    rows = [""] * height
    for block, start in zip(blocks, starts, strict=True):
        for i, text in enumerate(block):
            rows[i] = rows[i].ljust(start) + text
    return rows


def _widths(trace: Trace, lines: Sequence[Line], columns: Sequence[int], width: int) -> list[int]:
    """Column widths that make the fewest rows, and break few words; among those the most even ones."""
    room = width - INDENT - GAP * (len(columns) - 1)
    if len(columns) < 2:
        return [room] * len(columns)
    most = room - NARROWEST_COLUMN * (len(columns) - 1)
    heights = [_heights(trace, lines, c, range(NARROWEST_COLUMN, most + 1)) for c in columns]
    choices = product(range(NARROWEST_COLUMN, most + 1), repeat=len(columns) - 1)
    fitting = [(*c, room - sum(c)) for c in choices if room - sum(c) >= NARROWEST_COLUMN]
    best = min(fitting, key=lambda ws: (sum(h[w] for h, w in zip(heights, ws, strict=True)), max(ws), ws))
    return list(best)


def _heights(trace: Trace, lines: Sequence[Line], context: int, widths: range) -> dict[int, int]:
    own = [line for line in lines if line.context == context and line.kind != "caret"]
    return {
        w: len(wrap(heading(trace, context), w, hanging=2))
        + sum(len(annotated(line.text, line.notes, w, 2 * line.depth)) for line in own)
        + sum(BROKEN_WORD * broken_words(line.text, w, 2 * line.depth) for line in own)
        for w in widths
    }


# ---------------------------------------------------------------- abbreviations

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _abbreviated(lines: Sequence[Line], narrow: int) -> tuple[list[Line], list[str]]:
    """Long prefixes that many names share, abbreviated in narrow columns; and the lines that declare them."""
    names = [name for line in lines if line.kind == "frame" for name in IDENTIFIER.findall(line.text)]
    shorts = _prefixes(names, narrow)
    if not shorts:
        return list(lines), []
    pattern = re.compile(r"\b(" + "|".join(sorted(map(re.escape, shorts), key=len, reverse=True)) + r")(?=[a-z])")

    def shorten(text: str) -> str:
        return pattern.sub(lambda match: shorts[match.group(1)], text)

    changed = [
        line if line.kind == "caret" else replace(line, text=shorten(line.text), notes=tuple(map(shorten, line.notes)))
        for line in lines
    ]
    declared = ", ".join(f"{short} = {prefix}" for prefix, short in sorted(shorts.items()))
    return changed, wrap(f"({declared})", 75, INDENT)


def _prefixes(names: Sequence[str], narrow: int) -> dict[str, str]:
    """`sk_psock_` -> `sp_`: the first two words of long names that occur at least three times, where it is unique."""
    counts = Counter(
        "_".join(name.split("_")[:2]) + "_" for name in names if name.count("_") >= 2 and len(name) > narrow // 2
    )
    shorts: dict[str, str] = {}
    for prefix, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        short = "".join(word[:1] for word in prefix.split("_")) + "_"
        taken = short in shorts.values() or any(name.startswith(short) for name in names)
        if count > 2 and len(prefix) > len(short) + 2 and not taken and prefix.strip("_"):
            shorts[prefix] = short
    return shorts


# ---------------------------------------------------------------- list


def _listed(trace: Trace, lines: Sequence[Line], columns: Sequence[int], width: int) -> list[str]:
    """One column for all: `CPU2 | ...`."""
    margin = max((len(trace.contexts[c].label) for c in columns), default=0)
    rows = [row for c in columns for row in wrap(heading(trace, c), width - INDENT, INDENT)]
    rows.append("")
    before = lines[0].context if lines else -1
    for line in lines:
        if line.kind == "mark":
            rows += ["", *wrap(line.text, width, INDENT)]
            before = -1
            continue
        if line.context != before:
            rows.append(" " * (INDENT + margin) + " |")
        before = line.context
        left = " " * INDENT + trace.contexts[line.context].label.ljust(margin) + " | "
        texts = _texts(line, width - len(left), width, len(left))
        rows += [(left + text).rstrip() for text in texts]
        rows += _below(line, width, len(left))
    return rows
