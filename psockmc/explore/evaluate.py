"""An expression along a trace: what it is at the beginning, and each step that changes it.

The expression is one of the modelling language, about objects and instances by name: `psock0.refcnt.refs`,
`sk0.sk_user_data == psock0 and psock0.work.pending`. Pointers are followed; what is read of an object that is not live
has no value. It is read off the trace, which knows nothing of types: arithmetic is exact.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from psockmc.explore.reference import truncated_div
from psockmc.explore.tracedata import Step, Trace

Value = int | bool | str | tuple[str, ...]

NUMBER = re.compile(r"-?[0-9]+")
WORDS: dict[str, Value] = {"true": True, "false": False}
NULL = "NULL"

ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: truncated_div,
    ast.Mod: lambda a, b: a - b * truncated_div(a, b) if b else 0,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
ORDERS: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class BadExpression(Exception):
    """The expression means nothing in this trace; the text is one sentence that says what to write instead."""


class Undefined(Exception):
    """The expression has no value in this state; the text says why."""


@dataclass(frozen=True, slots=True)
class Point:
    """The value after a step; step is None for the beginning."""

    step: Step | None
    value: str


def along(trace: Trace, expression: str) -> Iterator[Point]:
    """The value at the beginning, then after each step that changes it. Raises BadExpression."""
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise BadExpression(f"{expression!r} is no expression: write one like psock0.refcnt.refs == 0") from None
    names = _Names(trace)
    now = {cell.name: cell.initial for cell in trace.cells}
    last = _text(names, now, tree)
    yield Point(None, last)
    for step in trace.steps:
        now |= {change.cell: change.new for change in step.changes}
        value = _text(names, now, tree)
        if value != last:
            yield Point(step, value)
        last = value


def _text(names: _Names, now: Mapping[str, str], tree: ast.expr) -> str:
    """The value as a trace writes it."""
    try:
        value = _Evaluation(names, now).of(tree)
    except Undefined as error:
        return f"undefined: {error}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value)


class _Names:
    """What the cells of a trace are called. around: what has cells inside of it. words: values that have no number."""

    def __init__(self, trace: Trace) -> None:
        self.cells = {cell.name for cell in trace.cells}
        self.status = {cell.name for cell in trace.cells if cell.kind == "status"}
        parts = [name.split(".") for name in self.cells]
        self.around = {".".join(names[:count]) for names in parts for count in range(1, len(names))}
        values = {cell.initial for cell in trace.cells} | {c.new for s in trace.steps for c in s.changes}
        self.words = {word for value in values for word in value.strip("[]{}").split(", ")}


class _Evaluation:
    """One expression in one state."""

    def __init__(self, names: _Names, now: Mapping[str, str]) -> None:
        self.names, self.now = names, now

    def of(self, tree: ast.expr) -> Value:
        """Its value."""
        match tree:
            case ast.Constant(value=bool() | int() as value):
                return value
            case ast.Name() | ast.Attribute():
                return self._place(tree)
            case ast.Compare(left, ops, comparators):
                return self._compare(left, ops, comparators)
            case ast.BoolOp(op, values):
                return self._both(isinstance(op, ast.And), values)
            case ast.UnaryOp(ast.Not(), operand):
                return not self._true(self.of(operand))
            case ast.UnaryOp(ast.USub(), operand):
                return -self._number(operand)
            case ast.BinOp(left, op, right) if type(op) in ARITHMETIC:
                return ARITHMETIC[type(op)](self._number(left), self._number(right))
            case ast.IfExp(test, body, orelse):
                return self.of(body if self._true(self.of(test)) else orelse)
            case ast.Call(ast.Name("len"), [argument], []):
                return self._length(argument)
        raise BadExpression(f"`{ast.unparse(tree)}` cannot be evaluated along a trace: use names, comparisons, sums")

    # ------------------------------------------------------------ names

    def _place(self, tree: ast.expr) -> Value:
        name = self._path(tree)
        if name in self.names.cells - self.names.status:
            return self._value(self.now[name])
        if name == NULL or name in self.names.status | self.names.words | self.names.around:
            return name
        raise BadExpression(f"the trace has no {name}: psockmc trace --format itf lists its names")

    def _path(self, tree: ast.expr) -> str:
        """The name of a place, pointers on the way followed: `sk0.sk_user_data.refcnt` is `psock0.refcnt`."""
        if isinstance(tree, ast.Name):
            return tree.id
        if not isinstance(tree, ast.Attribute):
            raise BadExpression(f"`{ast.unparse(tree)}` names no object: begin with one, like psock0.refcnt")
        inner = self._path(tree.value)
        if inner in self.names.cells - self.names.status - self.names.around:
            target = self.now[inner]
            if target == NULL:
                raise Undefined(f"{inner} is NULL")
            inner = target
        if inner in self.names.status and self.now[inner] != "live":
            raise Undefined(f"{inner} is {self.now[inner]}")
        return f"{inner}.{tree.attr}"

    def _value(self, text: str) -> Value:
        if NUMBER.fullmatch(text):
            return int(text)
        if text[:1] in ("[", "{"):
            return tuple(text[1:-1].split(", ")) if text[1:-1] else ()
        return WORDS.get(text, text)

    # ------------------------------------------------------------ operators

    def _true(self, value: Value) -> bool:
        return bool(value) and value not in (NULL, "nobody")

    def _both(self, every: bool, values: list[ast.expr]) -> bool:
        results = (self._true(self.of(value)) for value in values)
        return all(results) if every else any(results)

    def _number(self, tree: ast.expr) -> int:
        value = self.of(tree)
        if not isinstance(value, int):
            raise BadExpression(f"`{ast.unparse(tree)}` is {value}, and no number")
        return int(value)

    def _length(self, tree: ast.expr) -> int:
        value = self.of(tree)
        if not isinstance(value, tuple):
            raise BadExpression(f"`{ast.unparse(tree)}` is {value}, and no list")
        return len(value)

    def _compare(self, left: ast.expr, ops: list[ast.cmpop], comparators: list[ast.expr]) -> bool:
        operands = [left, *comparators]
        pairs = zip(operands, ops, comparators, strict=False)
        return all(self._one(one, op, other) for one, op, other in pairs)

    def _one(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool:
        if isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
            return (self.of(left) == self.of(right)) == isinstance(op, ast.Eq | ast.Is)
        if isinstance(op, ast.In | ast.NotIn):
            inside = self.of(right)
            if not isinstance(inside, tuple):
                raise BadExpression(f"`{ast.unparse(right)}` is {inside}, and no list")
            return (self.of(left) in inside) == isinstance(op, ast.In)
        return ORDERS[type(op)](self._number(left), self._number(right))
