"""Interval arithmetic: between which numbers an expression is. Bounds may be too wide, never too narrow."""

from __future__ import annotations

from collections.abc import Sequence

from psockmc.ir import system as ir

COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}
TRUTHS = {*COMPARISONS, "and", "or", "not"}

Bounds = tuple[int, int]


def of_operator(name: str, args: Sequence[Bounds]) -> Bounds:
    """The values of an operator applied to arguments with these bounds."""
    if name in TRUTHS:
        return 0, 1
    if name == "?:":
        return _hull(args[1:])
    if len(args) == 1:
        return _unary(name, args[0])
    return _binary(name, args[0], args[1])


def of_wrap(node: ir.Wrap) -> Bounds:
    """The values of the type that is converted to."""
    return (-(2 ** (node.bits - 1)), 2 ** (node.bits - 1) - 1) if node.signed else (0, 2**node.bits - 1)


def _hull(parts: Sequence[Bounds]) -> Bounds:
    return min(lo for lo, _ in parts), max(hi for _, hi in parts)


def _unary(name: str, arg: Bounds) -> Bounds:
    lo, hi = arg
    match name:
        case "neg":
            return -hi, -lo
        case "~":
            return ~hi, ~lo
    raise AssertionError(f"unknown operator {name}")


def _binary(name: str, a: Bounds, b: Bounds) -> Bounds:
    match name:
        case "+":
            return a[0] + b[0], a[1] + b[1]
        case "-":
            return a[0] - b[1], a[1] - b[0]
        case "*":
            corners = [x * y for x in a for y in b]
            return min(corners), max(corners)
        case "//":
            largest = max(map(abs, a))
            return -largest, largest
        case "%":
            largest = max(map(abs, a))
            return -largest if a[0] < 0 else 0, largest
        case "<<":
            most = min(max(b[1], 0), 63)
            return min(0, a[0] << most), max(0, a[1] << most)
        case ">>":
            return min(0, a[0]), max(0, a[1])
        case "&" | "|" | "^":
            bits = max(x.bit_length() for x in (*a, *b))
            return -(1 << bits) if min(a[0], b[0]) < 0 else 0, (1 << bits) - 1
    raise AssertionError(f"unknown operator {name}")
