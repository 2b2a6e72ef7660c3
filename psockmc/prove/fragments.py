"""MAX_MSG_FRAGS as an unknown: the constants of a program that depend on it, as expressions of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from psockmc.lang import tree
from psockmc.prove.machine import Unsupported

N = TypeVar("N", ast.Call, ast.AnnAssign)

NAME = "MAX_MSG_FRAGS"
LEAST, MOST = 17, 45
"""CONFIG_MAX_SKB_FRAGS of net/Kconfig, which MAX_MSG_FRAGS is."""

OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
}


class Constants:
    """The constants that depend on MAX_MSG_FRAGS, by name, as the source defines them out of each other.

    `value` computes what is written at a place of the program: a constant expression of them, for a given
    MAX_MSG_FRAGS, which may be anything that can be added and multiplied.
    """

    def __init__(self, program: tree.Program) -> None:
        self.program = program
        self.modules = {file: ast.parse(text) for file, text in program.sources.items()}
        defined: dict[str, ast.expr] = {}
        for module in self.modules.values():
            for node in module.body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    defined[node.targets[0].id] = node.value
        self.written: dict[str, ast.expr] = {}
        names = {NAME} & defined.keys()
        while names:
            self.written |= {name: defined[name] for name in names}
            names = {n for n, e in defined.items() if n not in self.written and self._mentions(e)}

    def _mentions(self, node: ast.expr) -> bool:
        return any(isinstance(part, ast.Name) and part.id in self.written for part in ast.walk(node))

    def of_literal(self, literal: tree.Literal, frags: Any) -> Any:
        """The value of a literal; None when it does not depend on MAX_MSG_FRAGS."""
        if not any(name in literal.text for name in self.written):
            return None
        node = ast.parse(literal.text, mode="eval").body
        return self._value(node, frags, literal.span) if self._mentions(node) else None

    def argument(self, expr: tree.Intrinsic, number: int, frags: Any) -> Any:
        """An argument of `choose` or `arbitrary` that must be constant, as it is written in the source."""
        node = self._node(expr.span, ast.Call)
        return self._value(node.args[number], frags, expr.span)

    def length(self, field: tree.StructField, frags: Any) -> Any:
        """The length of a field that is an array, as it is written in the source."""
        node = self._node(field.span, ast.AnnAssign)
        annotation = node.annotation
        if not (isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple)):
            raise Unsupported("the length of the array is not written here", field.span)
        return self._value(annotation.slice.elts[1], frags, field.span)

    def _node(self, span: tree.Span, kind: type[N]) -> N:
        for node in ast.walk(self.modules[span.file]):
            if isinstance(node, kind) and (node.lineno, node.col_offset) == (span.line, span.column):
                return node
        raise Unsupported("the source of this is not found", span)

    def _value(self, node: ast.expr, frags: Any, span: tree.Span) -> Any:
        match node:
            case ast.Constant(value=int(value)):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._value(operand, frags, span)
            case ast.Name(id=name) if name == NAME:
                return frags
            case ast.Name(id=name) if name in self.written:
                return self._value(self.written[name], frags, span)
            case ast.Name(id=name):
                return self._other(name, span)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return OPERATORS[type(op)](self._value(left, frags, span), self._value(right, frags, span))
        raise Unsupported(f"`{ast.unparse(node)}` has no value for an unknown {NAME}", span)

    def _other(self, name: str, span: tree.Span) -> int:
        """A constant that does not depend on MAX_MSG_FRAGS."""
        for module in self.modules.values():
            for node in module.body:
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                    return int(self._value(node.value, None, span))
        raise Unsupported(f"`{name}` is no constant", span)
