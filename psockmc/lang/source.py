"""Source files: their text, their spans, and Python's own parser as the first judge of them."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from psockmc.lang.diagnostics import Refused, refuse_at
from psockmc.lang.tree import Span

MAX_NESTING = 100
"""Deepest nesting of the syntax tree that the front end follows; real models stay below twenty."""


@dataclass(frozen=True)
class SourceFile:
    """One file in the modelling language. name: relative to its root, with forward slashes."""

    name: str
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines as Python's tokenizer counts them (a form feed, say, ends none)."""
        return tuple(re.split(r"\r\n|\r|\n", self.text))

    def line(self, number: int) -> str:
        """The line with this number (from 1), or the empty string when there is none."""
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""

    def span(self, node: ast.AST, until: ast.AST | None = None) -> Span:
        """Where `node` stands, up to the end of `until` when that is given (the head of a compound statement)."""
        end = until if until is not None else node
        first, last = _attribute(node, "lineno"), _attribute(end, "end_lineno")
        start = self._column(first, _attribute(node, "col_offset"))
        return Span(self.name, first, start, last, self._column(last, _attribute(end, "end_col_offset")))

    def whole(self) -> Span:
        """The file as such: a span without a line."""
        return Span(self.name, 0, 0, 0, 0)

    def written(self, node: ast.AST) -> str:
        """The source text of a node on one line."""
        return self.text_of(self.span(node))

    def text_of(self, span: Span) -> str:
        """The source text of a span on one line."""
        lines = list(self.lines[span.line - 1 : span.end_line])
        lines[-1] = lines[-1][: span.end_column]
        lines[0] = lines[0][span.column :]
        return " ".join(line.strip() for line in lines)

    def refuse(self, code: str, where: ast.AST | Span, message: str, *, label: str = "", help: str = "") -> Refused:
        """The exception that says what is wrong with a piece of this file."""
        span = where if isinstance(where, Span) else self.span(where)
        return refuse_at(code, span, message, label=label, help=help, lines=self._lines_of(span))

    def parse(self) -> ast.Module:
        """The syntax tree; raises Refused where Python has no such syntax or where it nests too deeply."""
        try:
            # What Python merely warns about (say, an odd escape in a docstring) is no business of a model.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = ast.parse(self.text)
        except SyntaxError as error:
            raise self._syntax(error) from None
        except (RecursionError, MemoryError):
            raise self._too_deep(self.whole()) from None
        except ValueError as error:
            raise self.refuse("E0001", self.whole(), f"this is no Python source: {error}") from None
        for node, depth in _with_depth(module):
            if depth > MAX_NESTING and hasattr(node, "lineno"):
                raise self._too_deep(self.span(node))
        return module

    def _syntax(self, error: SyntaxError) -> Refused:
        line = error.lineno or 1
        column = max((error.offset or 1) - 1, 0)
        end = (error.end_offset or 0) - 1 if error.end_lineno == line else column + 1
        span = Span(self.name, line, column, line, max(end, column + 1))
        help = "models use the syntax of Python 3.11; fix this first, nothing else in the file was read"
        return self.refuse("E0001", span, f"Python cannot parse this: {error.msg}", help=help)

    def _too_deep(self, span: Span) -> Refused:
        help = "give parts of it a name: assign them to locals or move them into functions"
        return self.refuse("E0003", span, f"this nests more than {MAX_NESTING} levels deep", help=help)

    def _lines_of(self, span: Span) -> tuple[str, ...]:
        return (self.line(span.line),) if span.line else ()

    def _column(self, line: int, offset: int) -> int:
        """Python's ast counts bytes of UTF-8, spans count characters."""
        text = self.line(line)
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))


def _attribute(node: ast.AST, name: str) -> int:
    value = getattr(node, name)
    assert isinstance(value, int)
    return value


def _with_depth(module: ast.Module) -> Iterator[tuple[ast.AST, int]]:
    """Every node with its depth, without recursion: the tree may be deeper than Python's stack."""
    pending: list[tuple[ast.AST, int]] = [(module, 0)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
