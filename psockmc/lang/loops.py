"""Loops: their bounds and the types of their variables."""

from __future__ import annotations

import ast

from psockmc.lang import tree
from psockmc.lang.expressions import Expressions
from psockmc.lang.types import Bounded, ListType, Pointer, Type, show

MAX_UNROLLED = 256
"""Longest `for i in range(n)`: every round is a copy of the body."""


def is_range(node: ast.expr) -> bool:
    """Whether a loop runs over `range(...)`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def range_bounds(expressions: Expressions, node: ast.expr) -> tuple[int, int]:
    """`range(n)` or `range(first, last)` with constants; raises Refused."""
    assert isinstance(node, ast.Call)
    file = expressions.file
    if len(node.args) not in (1, 2) or node.keywords:
        help = "write `range(n)` or `range(first, last)`"
        raise file.refuse("E0507", node, "`range` takes one or two arguments", label="wrong arguments", help=help)
    bounds: list[int] = []
    for arg in node.args:
        if any(_varies(expressions, part) for part in ast.walk(arg)):
            help = "use a constant and leave the loop early, or a `while` loop that takes steps"
            message = "the bound of a `for` loop must be a constant"
            raise file.refuse("E0404", arg, message, label="not constant", help=help)
        bounds.append(expressions.types.integer(arg))
    first, last = (0, bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    if last - first > MAX_UNROLLED:
        help = f"the body is copied for each round: at most {MAX_UNROLLED}"
        raise file.refuse("E0404", node, f"a loop of {last - first} rounds is refused", label="too long", help=help)
    return first, last


def _varies(expressions: Expressions, node: ast.AST) -> bool:
    """Fields, locals and calls: what is known at run time only."""
    if isinstance(node, ast.Name):
        return node.id in expressions.around.locals
    return isinstance(node, ast.Attribute | ast.Call)


def list_domain(expressions: Expressions, node: ast.expr) -> tree.Expr:
    """The `ListHead` that a loop runs over; raises Refused."""
    place = expressions.any(node)
    if isinstance(place.type, ListType):
        return place
    help = "loop over `range(n)` with a constant, or over a field of type `ListHead[T]`"
    message = f"a loop cannot run over a value of type `{show(place.type)}`"
    raise expressions.file.refuse("E0404", node, message, label="no bounded list", help=help)


def loop_variable(expressions: Expressions, node: ast.For) -> Type:
    """The type of the variable of a `for` loop; raises Refused."""
    if is_range(node.iter):
        first, last = range_bounds(expressions, node.iter)
        return Bounded(first, max(first, last - 1))
    place = list_domain(expressions, node.iter)
    assert isinstance(place.type, ListType)
    return Pointer(place.type.struct)
