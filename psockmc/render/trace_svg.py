"""The picture of a trace: a column for each context, a lane for each lock; what decides nothing is folded.

At most 60 steps are drawn, the last ones: whoever needs more reads the page. It is 900 wide, and follows the reader's
choice of light or dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape

from psockmc.explore.tracedata import Trace
from psockmc.render.diagram import heading
from psockmc.render.lanes import Hold, Lane, hold_text, hold_title, lanes_of
from psockmc.render.layout import annotated, wrap
from psockmc.render.rows import Presence, Row, columns_of, rows_of
from psockmc.render.svg import CHARACTER, CODE, DARK, LIGHT, TEXT, document, text, themed

WIDTH = 900
MOST_STEPS = 60
LINE = 15.0
TITLE = 8.8
"""Width of a character of the title: 15 px of a bold proportional font."""
NUMBERS = 34.0
LANE = 17.0
PATTERNS = 6
SLOPES = (45, 135, 90, 0, 60, 120)


def trace_svg(trace: Trace) -> str:
    """The trace as one SVG document."""
    rows, left_out = _drawn(trace)
    picture = _Picture(trace, rows, left_out)
    body = list(picture.parts())
    title = f"{trace.property.id} in {trace.scenario}: {trace.failure.sentence}"
    return document(WIDTH, picture.bottom + 14, title, _description(trace), _style(), [_patterns(), *body])


def _description(trace: Trace) -> str:
    """What somebody is told who does not see the picture."""
    steps = "1 step" if len(trace.steps) == 1 else f"{len(trace.steps)} steps"
    contexts = ", ".join(heading(trace, context) for context in columns_of(trace, rows_of(trace)))
    return f"{steps} of {contexts}: a column for each, and a lane for each lock that says who holds it"


def _drawn(trace: Trace) -> tuple[list[Row], int]:
    """The rows that are drawn, with folds between them; and how many steps before them are left out."""
    shown: list[Row] = []
    folded = 0
    for row in rows_of(trace):
        if row.quiet:
            folded = row.number if row.kind == "step" else folded
            continue
        if folded and shown and shown[-1].context >= 0 and row.kind != "mark":
            shown.append(replace(shown[-1], kind="more", number=folded, text="...", notes=(), changes=()))
        folded = 0
        shown.append(row)
    numbers = [row.number for row in shown if row.kind == "step"]
    if len(numbers) <= MOST_STEPS:
        return shown, 0
    first = numbers[-MOST_STEPS]
    begin = next(i for i, row in enumerate(shown) if row.kind == "step" and row.number == first)
    return shown[begin:], first - 1


@dataclass(slots=True)
class _Placed:
    """A row with its lines of text and where it stands."""

    row: Row
    lines: list[str]
    top: float
    bottom: float


class _Picture:
    def __init__(self, trace: Trace, rows: Sequence[Row], left_out: int) -> None:
        self.trace, self.left_out = trace, left_out
        self.columns = columns_of(trace, rows)
        self.lanes = [lane for lane in lanes_of(trace) if any(lane.after(row.number) != Hold() for row in rows)]
        self.right = WIDTH - 10 - LANE * len(self.lanes)
        self.presence = Presence(trace)
        self.starts = self._starts()
        self.title = wrap(trace.failure.sentence, int((self.right - 12) / TITLE), hanging=0)
        names = [len(lane.name) * 5.6 for lane in self.lanes]  # beside the title, in the corner where it never gets
        self.head = max([30 + 19 * len(self.title) + 60.0, *(length + 36 for length in names)])
        self.placed = self._place(rows)
        self.bottom = self.placed[-1].bottom if self.placed else self.head

    def _starts(self) -> list[float]:
        """Where columns begin. The last one is wider: code in the others may stand above those to its right."""
        shares = [1.0] * (len(self.columns) - 1) + [1 + 0.3 * (len(self.columns) - 1)]
        unit = (self.right - NUMBERS - 10) / sum(shares)
        return [NUMBERS + 10 + unit * sum(shares[:i]) for i in range(len(shares))]

    def _place(self, rows: Sequence[Row]) -> list[_Placed]:
        placed: list[_Placed] = []
        top = self.head
        for before, row in zip([None, *rows], rows, strict=False):
            if before is not None and (row.context != before.context or row.kind == "mark"):
                top += LINE * 0.6
            lines = self._lines(row)
            placed.append(_Placed(row, lines, top, top + LINE * len(lines)))
            top += LINE * len(lines)
        return placed

    def _lines(self, row: Row) -> list[str]:
        start = self._start(row)
        width = int((self.right - start - 12) / CHARACTER)
        changes = tuple(f"{change.cell} {change.old} → {change.new}" for change in row.changes)
        if row.kind in ("mark", "fail"):
            return wrap(row.text, width, 2 * row.depth, hanging=2)
        return annotated(row.text, (*row.notes, *changes), width, 2 * row.depth)

    def _start(self, row: Row) -> float:
        return self.starts[self.columns.index(row.context)] if row.context >= 0 else NUMBERS + 10

    # ------------------------------------------------------------ parts

    def parts(self) -> Iterator[str]:
        """Everything on the paper; `bottom` is where it ends."""
        kind = f"VIOLATED {self.trace.property.id} in {self.trace.scenario}"
        yield text("kind", 12, 20, kind)
        for i, line in enumerate(self.title):
            yield text("title", 12, 40 + 19 * i, line)
        yield from self._headings()
        if self.left_out:
            yield text("dim", NUMBERS + 10, self.head - 4, f"... {self.left_out} steps before")
        for index in range(len(self.columns)):
            yield from self._rules(index)
        for index, lane in enumerate(self.lanes):
            yield from self._lane(index, lane)
        for one in self.placed:
            yield from self._row(one)

    def _headings(self) -> Iterator[str]:
        base = self.head - 20
        ends = [*self.starts[1:], self.right]
        for context, start, end in zip(self.columns, self.starts, ends, strict=True):
            lines = wrap(heading(self.trace, context), max(int((end - start - 22) / 6.6), 10), hanging=0)
            yield (
                f'<rect class="c{context % PATTERNS} chip" x="{start:.1f}" y="{base - 12 - 14 * (len(lines) - 1):.1f}"'
                f' width="16" height="15" rx="3"/>'
            )
            first = base - 14 * (len(lines) - 1)
            yield text("digit", start + 8, first, str(context), "middle")
            for i, line in enumerate(lines):
                yield text("who", start + 21, first + 14 * i, line)
        yield f'<path class="line" d="M10,{self.head - 14:.1f} H{WIDTH - 10}"/>'
        for index, lane in enumerate(self.lanes):
            x = self.right + LANE * index + LANE / 2 + 3.5
            turned = f"translate({x:.1f},{base + 2:.1f}) rotate(-90)"
            yield f'<text class="lane" transform="{turned}">{escape(lane.name)}</text>'

    def _rules(self, index: int) -> Iterator[str]:
        """Beside a context: thick while it runs, thin while others do."""
        context = self.columns[index]
        x = self.starts[index] - 4
        for one, following in zip(self.placed, [*self.placed[1:], None], strict=True):
            word = self.presence(one.row, context) if one.row.context >= 0 else ""
            if word:
                end = following.top if following is not None and word == "in" else one.bottom
                yield f'<path class="{word} c{context % PATTERNS}" d="M{x:.1f},{one.top:.1f} V{end:.1f}"/>'

    def _lane(self, index: int, lane: Lane) -> Iterator[str]:
        """Neighbouring rows in which nothing changes make one bar."""
        x = self.right + LANE * index
        begin = 0
        for i, one in enumerate(self.placed):
            last = i + 1 == len(self.placed)
            if last or lane.after(self.placed[i + 1].row.number) != lane.after(one.row.number):
                hold = lane.after(one.row.number)
                end = one.bottom if last else self.placed[i + 1].top
                yield from self._bar(lane, hold, x, self.placed[begin].top, end)
                begin = i + 1

    def _bar(self, lane: Lane, hold: Hold, x: float, top: float, end: float) -> Iterator[str]:
        if not hold.owners and not hold.waiters:
            return
        box = f'x="{x + 1.5:.1f}" y="{top:.1f}" width="{LANE - 3:.1f}" height="{end - top:.1f}"'
        yield f"<g><title>{escape(hold_title(self.trace, lane, hold))}</title>"
        if hold.owners:
            number = hold.owners[0] % PATTERNS
            yield f'<rect class="c{number} bar" fill="url(#owner{number})" {box}/>'
        if hold.waiters:
            yield f'<rect class="wanted" {box}/>'
        digits = hold_text(lane, hold)
        wide = 6.2 * len(digits) + 3
        yield f'<rect class="paper" x="{x + (LANE - wide) / 2:.1f}" y="{top + 2:.1f}" width="{wide:.1f}" height="11"/>'
        yield text("owner", x + LANE / 2, top + 11, digits, "middle")
        yield "</g>"

    def _row(self, one: _Placed) -> Iterator[str]:
        if one.row.kind == "step":
            yield text("number", NUMBERS, one.top + 11, str(one.row.number), "end")
        commenting = False
        for i, line in enumerate(one.lines):
            code, mark, note = line.partition("//")
            x = self._start(one.row) + 4 + CHARACTER * (len(line) - len(line.lstrip()))
            y = one.top + 11 + LINE * i
            commenting |= bool(mark) and not code.strip()
            if commenting:
                yield text(f"note {one.row.kind}", x, y, line.strip())
            else:
                tail = f'<tspan class="note">{escape(mark + note)}</tspan>' if mark else ""
                yield f'<text class="code {one.row.kind}" x="{x:.1f}" y="{y:.1f}">{escape(code.lstrip())}{tail}</text>'
                commenting = bool(mark)


def _patterns() -> str:
    """One for each owner: lines of its colour, at a slope of its own."""
    made = "".join(
        f'<pattern id="owner{i}" class="c{i}" width="5" height="5" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate({slope})"><path class="in stripe c{i}" d="M0,0 H5"/></pattern>'
        for i, slope in enumerate(SLOPES)
    )
    return f"<defs>{made}</defs>"


def _style() -> str:
    light = _colours("#fff", "#1b1f24", "#57606a", "#4d6b2f", "#b3261e", LIGHT)
    dark = _colours("#14171a", "#e4e7ea", "#a3acb5", "#a8cc85", "#ff8a80", DARK)
    fonts = (
        f"text{{font:11px {CODE};white-space:pre}}.title{{font:600 15px {TEXT}}}.kind{{font:600 12px {TEXT}}}"
        f".who{{font:600 11px {TEXT}}}.lane{{font:10px {TEXT}}}.frame{{font-weight:700}}.mark{{font-weight:700}}"
        ".fail{font-weight:700}.owner,.digit{font-weight:700}.on{stroke-width:4}.in{stroke-width:1}"
        ".code,text.note{stroke-width:3;paint-order:stroke}"
        ".stripe{stroke-width:3}.wanted{fill:none;stroke-width:2;stroke-dasharray:4 3}"
    )
    return themed(fonts, light, dark)


def _colours(paper: str, ink: str, dim: str, note: str, bad: str, owners: Sequence[str]) -> str:
    own = "".join(
        f".on.c{i},.in.c{i},.bar.c{i}{{stroke:{colour}}}.chip.c{i}{{fill:{colour}}}" for i, colour in enumerate(owners)
    )
    return (
        f".paper,.digit{{fill:{paper}}}.code,.title,.who,.owner{{fill:{ink}}}.number,.dim,.lane{{fill:{dim}}}"
        f".note{{fill:{note}}}.kind,.fail,.wait .note,.note.wait{{fill:{bad}}}.code,.note{{stroke:{paper}}}"
        f".wanted{{stroke:{bad}}}.line{{stroke:{ink}}}{own}"
    )
