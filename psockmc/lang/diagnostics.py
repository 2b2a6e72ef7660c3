"""What the front end says when it refuses something: data first, text in the style of rustc second."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from psockmc.lang.codes import CODES
from psockmc.lang.tree import Span

_RED, _BLUE, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong. code: a key of `CODES`. label: stands behind the carets. help: what to do instead.

    span: where; line 0 means the file as such. source_lines: the source lines that `render` shows, as they are.
    """

    code: str
    message: str
    span: Span
    label: str = ""
    help: str = ""
    source_lines: tuple[str, ...] = ()

    def render(self, color: bool = False) -> str:
        """The diagnostic as text: message, place, source line with carets, help."""
        red, blue, bold, plain = (_RED, _BLUE, _BOLD, _PLAIN) if color else ("", "", "", "")
        head = f"{red}error[{self.code}]{plain}{bold}: {self.message}{plain}"
        if not self.span.line:
            return "\n".join([head, f"{blue} --> {plain}{self.span.file}", *self._help(" ", blue, plain)])
        gutter = " " * len(str(self.span.line))
        place = f"{self.span.file}:{self.span.line}:{self.span.column + 1}"
        bar = f"{blue}{gutter} |{plain}"
        shown = [head, f"{blue}{gutter}--> {plain}{place}", bar]
        for number, text in enumerate(self.source_lines, self.span.line):
            source = text.replace("\t", " ").rstrip()
            shown.append(f"{blue}{number} |{plain} {source}".rstrip())
            shown.append(f"{bar} {red}{self._carets(source)}{plain}".rstrip())
        return "\n".join([*shown, *self._help(gutter, blue, plain)])

    def _carets(self, source: str) -> str:
        """A span over several lines is underlined to the end of its first one."""
        one_line = self.span.end_line == self.span.line
        end = self.span.end_column if one_line else len(source)
        marks = "^" * max(1, end - self.span.column)
        return " " * self.span.column + (f"{marks} {self.label}" if self.label else marks)

    def _help(self, gutter: str, blue: str, plain: str) -> list[str]:
        return [f"{blue}{gutter} ={plain} help: {self.help}"] if self.help else []


class ModelErrors(Exception):
    """A model was refused. diagnostics: everything that is wrong with it, sorted by file and line."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__(self.render())

    def render(self, color: bool = False) -> str:
        """All diagnostics as text, with their number at the end."""
        count = len(self.diagnostics)
        summary = f"{count} error{'s' if count != 1 else ''} in the model"
        return "\n\n".join([*(d.render(color) for d in self.diagnostics), summary])


class Refused(Exception):
    """Raised where checking one statement or declaration cannot go on.

    diagnostic is None when the cause was reported before (a name whose own definition was refused): no cascade.
    """

    def __init__(self, diagnostic: Diagnostic | None) -> None:
        super().__init__(diagnostic.message if diagnostic else "reported before")
        self.diagnostic = diagnostic


def refuse_at(
    code: str, span: Span, message: str, *, label: str = "", help: str = "", lines: tuple[str, ...] = ()
) -> Refused:
    """The exception for one new diagnostic; the code must be in the table."""
    assert code in CODES, code
    return Refused(Diagnostic(code, message, span, label, help, lines))


class Report:
    """Collects diagnostics while checking goes on."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._refusals = 0

    def add(self, refused: Refused) -> None:
        """Notes the diagnostic; the same one twice is one."""
        self._refusals += 1
        if refused.diagnostic is not None:
            self._found[refused.diagnostic] = None

    @property
    def refusals(self) -> int:
        """How often something was refused so far, in silence or not."""
        return self._refusals

    def recover(self) -> _Recovery:
        """`with report.recover():` ends what was refused inside and goes on behind it."""
        return _Recovery(self)

    def raise_errors(self) -> None:
        """Raises ModelErrors when anything was noted."""
        if self._found:
            raise ModelErrors(sorted(self._found, key=_position))
        # What was dropped in silence must have a reason that was reported: no model is accepted without its parts.
        assert not self._refusals, "something was refused, but nothing was reported"


class _Recovery:
    """Puts a Refused into the report; other exceptions pass."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Refused):
            return False
        self._report.add(error)
        return True


def _position(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    return diagnostic.span.file, diagnostic.span.line, diagnostic.span.column, diagnostic.code


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean `x`?`, or the empty string when nothing known is near."""
    near = difflib.get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


def listed(names: Iterable[str]) -> str:
    """`a`, `b` and `c`: names in a sentence."""
    quoted = [f"`{name}`" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)
