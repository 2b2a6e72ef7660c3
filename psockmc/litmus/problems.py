"""What is wrong with a litmus test: data first, printed like the diagnostics of the rest of psockmc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psockmc.litmus.execution import Span

CODES = {
    "L0001": "The file is not a C litmus test.",
    "L0002": "A character or a word cannot stand here.",
    "L0003": "The C has a form that the litmus dialect does not have.",
    "L0004": "No such primitive is defined.",
    "L0005": "A primitive is used with the wrong number or kind of arguments.",
    "L0006": "A name means nothing here.",
    "L0007": "An initial value is written in an unknown form.",
    "L0008": "The condition is malformed.",
    "L0009": "An operation has no meaning for these values.",
    "L0010": "The file cannot be read.",
    "L0011": "The memory model that the test states does not exist.",
}
"""Every code with what it stands for."""


class Source:
    """The text of one litmus file. Positions in it are offsets; `span` makes lines and columns of them."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._starts: list[int] = []

    def span(self, start: int, end: int) -> Span:
        """The place of text[start:end]; when it goes over a line's end, its part on the first line."""
        from bisect import bisect_right

        if not self._starts:
            self._starts = [0, *(i + 1 for i, c in enumerate(self.text) if c == "\n")]
        line = bisect_right(self._starts, start)
        first = self._starts[line - 1]
        newline = self.text.find("\n", start)
        stop = min(end, len(self.text) if newline < 0 else newline)
        return Span(line, start - first, max(stop, start + 1) - first)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1."""
        lines = self.text.split("\n")
        return lines[number - 1] if number <= len(lines) else ""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. code: a key of CODES. start, end: offsets in the source (None: the file as such)."""

    code: str
    message: str
    start: int | None = None
    end: int | None = None
    label: str = ""
    help: str = ""


class LitmusError(Exception):
    """A litmus test that cannot be decided because of what is written in it: one or more problems."""

    def __init__(self, source: Source, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = sorted(problems, key=lambda p: p.start or 0)
        super().__init__(self.problems[0].message)

    def __reduce__(self) -> tuple[type[LitmusError], tuple[Source, Sequence[Problem]]]:
        return LitmusError, (self.source, self.problems)

    def render(self, color: bool = False) -> str:
        """All problems as text, each with its line and carets."""
        return "\n\n".join(self._render(p, color) for p in self.problems)

    def summary(self) -> str:
        """One line: the first problem with its place, and how many more there are."""
        first = self.problems[0]
        where = ""
        if first.start is not None:
            span = self.source.span(first.start, first.end or first.start + 1)
            where = f"line {span.line}: "
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        return f"{where}{first.message}{more}"

    def _render(self, problem: Problem, color: bool) -> str:
        from psockmc.lang.diagnostics import Diagnostic
        from psockmc.lang.tree import Span as FileSpan

        file = self.source.file
        if problem.start is None:
            place = FileSpan(file, 0, 0, 0, 0)
            return Diagnostic(problem.code, problem.message, place, help=problem.help).render(color)
        line, column, end = self.source.span(problem.start, problem.end or problem.start + 1)
        place = FileSpan(file, line, column, line, end)
        text = (self.source.line(line),)
        return Diagnostic(problem.code, problem.message, place, problem.label, problem.help, text).render(color)
