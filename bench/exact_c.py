"""Expressions of a transition system as C that computes exactly what the semantics say.

Every expression is translated with an interval that holds all its values. What no 64-bit number holds makes the whole
program compute with `__int128`; what that does not hold either is refused rather than computed modulo something.
Written for the comparison with SPIN and therefore on its own: it shares no code with psockmc.explore.native.
"""

from __future__ import annotations

from dataclasses import dataclass

from psockmc.ir import system as ir

COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}

# `value` is the type of all numbers. Division and shifts are those of psockmc.ir.system.Op.
HELPERS = """
static inline value ps_quotient(value a, value b) { return b == 0 ? 0 : b == -1 ? -a : a / b; }
static inline value ps_remainder(value a, value b) { return b == 0 || b == -1 ? 0 : a % b; }
static inline value ps_left(value a, value b) { return b < 0 || b > 63 ? 0 : a * ((value)1 << b); }
static inline value ps_right(value a, value b) { return b < 0 || b > 63 ? 0 : a >> b; }
"""


class NotExportableError(Exception):
    """The system computes with numbers that 128 bits do not hold."""


@dataclass(frozen=True, slots=True)
class Term:
    """C text, and bounds of the values that it has."""

    text: str
    lo: int
    hi: int


class Widths:
    """Notes how wide the numbers of a program get."""

    def __init__(self) -> None:
        self.lo = self.hi = 0

    def term(self, text: str, lo: int, hi: int) -> Term:
        """A term, whose bounds are noted. Raises NotExportableError when they are out of reach."""
        self.lo, self.hi = min(self.lo, lo), max(self.hi, hi)
        if not _holds(128, self.lo, self.hi):
            raise NotExportableError(f"an expression has values from {lo} to {hi}, which 128 bits do not hold")
        return Term(text, lo, hi)

    def type(self) -> str:
        """The C type for all numbers."""
        wide = not _holds(64, self.lo, self.hi)
        return "__int128" if wide else "long long"


def _holds(bits: int, lo: int, hi: int) -> bool:
    # One bit is left free, so that the helpers' products and negations cannot overflow either.
    limit = 1 << (bits - 2)
    return -limit <= lo and hi < limit


def literal(number: int) -> str:
    """A constant, of type `value`."""
    if -(2**63) < number < 2**63:
        return f"((value){number}LL)"
    low, high = number & (2**64 - 1), number >> 64
    return f"((value){high}LL * ((value)1 << 32) * ((value)1 << 32) + (value){low}ULL)"


def operator(widths: Widths, name: str, args: list[Term]) -> Term:
    """An `ir.Op` applied to translated arguments."""
    texts = [arg.text for arg in args]
    if name in ("and", "or"):
        neutral = "1" if name == "and" else "0"
        return widths.term(f"((value)({(' && ' if name == 'and' else ' || ').join(texts) or neutral}))", 0, 1)
    if name == "not":
        return widths.term(f"((value)!{texts[0]})", 0, 1)
    if name in COMPARISONS:
        return widths.term(f"((value)({texts[0]} {name} {texts[1]}))", 0, 1)
    if name == "?:":
        _, then, other = args
        text = f"({texts[0]} ? {texts[1]} : {texts[2]})"
        return widths.term(text, min(then.lo, other.lo), max(then.hi, other.hi))
    if len(args) == 1:
        return _unary(widths, name, args[0])
    return _arithmetic(widths, name, args[0], args[1])


def _unary(widths: Widths, name: str, arg: Term) -> Term:
    if name == "neg":
        return widths.term(f"(-{arg.text})", -arg.hi, -arg.lo)
    if name == "~":
        return widths.term(f"(~{arg.text})", ~arg.hi, ~arg.lo)
    raise AssertionError(f"unknown operator {name}")


def _arithmetic(widths: Widths, name: str, a: Term, b: Term) -> Term:
    """A binary operator on integers; bounds may be wider than need be, never narrower."""
    infix = f"({a.text} {name} {b.text})"
    match name:
        case "+":
            return widths.term(infix, a.lo + b.lo, a.hi + b.hi)
        case "-":
            return widths.term(infix, a.lo - b.hi, a.hi - b.lo)
        case "*":
            corners = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
            return widths.term(infix, min(corners), max(corners))
        case "//":
            largest = max(abs(a.lo), abs(a.hi))
            return widths.term(f"ps_quotient({a.text}, {b.text})", -largest, largest)
        case "%":
            largest = max(abs(a.lo), abs(a.hi))
            return widths.term(f"ps_remainder({a.text}, {b.text})", -largest if a.lo < 0 else 0, largest)
        case "<<":
            most = min(max(b.hi, 0), 63)
            return widths.term(f"ps_left({a.text}, {b.text})", min(0, a.lo << most), max(0, a.hi << most))
        case ">>":
            return widths.term(f"ps_right({a.text}, {b.text})", min(0, a.lo), max(0, a.hi))
        case "&" | "|" | "^":
            bits = max(x.bit_length() for x in (a.lo, a.hi, b.lo, b.hi))
            lowest = -(1 << bits) if min(a.lo, b.lo) < 0 else 0
            return widths.term(infix, lowest, (1 << bits) - 1)
    raise AssertionError(f"unknown operator {name}")


def wrap(widths: Widths, node: ir.Wrap, arg: Term) -> Term:
    """`arg` modulo 2**bits. What is in range already stays as it is."""
    lo, hi = (-(2 ** (node.bits - 1)), 2 ** (node.bits - 1) - 1) if node.signed else (0, 2**node.bits - 1)
    if lo <= arg.lo and arg.hi <= hi:
        return arg
    mask, top = literal(2**node.bits - 1), literal(2 ** (node.bits - 1))
    widths.term("", min(lo, 0), 2**node.bits)  # the mask itself
    masked = f"({arg.text} & {mask})"
    return widths.term(f"(({masked} ^ {top}) - {top})" if node.signed else masked, lo, hi)
