"""What variants change, as a diff of the model's functions."""

from __future__ import annotations

import ast
import difflib
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psockmc.lang.tree import Function, Program, Span


def variant_diff(program: Program) -> str:
    """What the composed variants change, as a diff of the model's functions; "" without variants."""
    return "".join(_function_diff(program, program.replaced[f], program.functions[f]) for f in program.replaced)


def fix_diff(program: Program) -> str:
    """The same, the other way round: from the variants to the models."""
    return "".join(_function_diff(program, program.functions[f], program.replaced[f]) for f in program.replaced)


def _function_diff(program: Program, before: Function, after: Function) -> str:
    old, new = (f"{function.span.file}: {function.name}" for function in (before, after))
    lines = difflib.unified_diff(_text(program, before.span), _text(program, after.span), old, new, n=100, lineterm="")
    shown = [line for line in lines if not line.startswith("@@")]
    return "\n".join([*shown, "", ""]) if shown else f"{new} is the same as in {before.span.file}\n\n"


def _text(program: Program, span: Span) -> list[str]:
    """The lines of a function without decorators and docstring, which differ always and say nothing."""
    lines = program.sources[span.file].splitlines()[span.line - 1 : span.end_line]
    (function,) = ast.parse(dedent("\n".join(lines))).body
    assert isinstance(function, ast.FunctionDef)
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        del lines[first.lineno - 1 : first.end_lineno]
    return lines[function.lineno - 1 :]
