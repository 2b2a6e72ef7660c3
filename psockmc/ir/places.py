"""Places in shared memory, and the arithmetic of their cells."""

from __future__ import annotations

from dataclasses import dataclass

from psockmc.ir import system as ir
from psockmc.ir.memory import Memory
from psockmc.lang.types import ArrayType, Type


@dataclass(frozen=True)
class Ref:
    """A place in shared memory: object `pointer` of the struct `root`, the field at `path`, array offset `index`.

    tests: what must be tested before an access, as operations in order: a Deref of the object, bounds of array
    indices.
    """

    root: str
    pointer: ir.Expr
    path: tuple[str, ...]
    index: ir.Expr
    type: Type
    tests: tuple[ir.Deref | tuple[ir.Expr, int], ...]


def add(left: ir.Expr, right: ir.Expr) -> ir.Expr:
    """The sum, folded where constant."""
    if isinstance(left, ir.Const) and isinstance(right, ir.Const):
        return ir.Const(left.value + right.value)
    if isinstance(right, ir.Const) and right.value == 0:
        return left
    if isinstance(left, ir.Const) and left.value == 0:
        return right
    return ir.Op("+", (left, right))


def multiply(value: ir.Expr, factor: int) -> ir.Expr:
    """The product, folded where constant."""
    if isinstance(value, ir.Const):
        return ir.Const(value.value * factor)
    return value if factor == 1 else ir.Op("*", (value, ir.Const(factor)))


def elements(memory: Memory, t: Type) -> int:
    """How many scalars a value of this type has, by its array dimensions."""
    count = 1
    while isinstance(t, ArrayType):
        count *= memory.length(t.length)
        t = t.element
    return count
