"""Expressions of a transition system as C that computes exactly what the semantics say.

Every expression is translated with an interval that holds all its values. What no 64-bit number holds makes the whole
program compute with `__int128`; what that does not hold either is refused rather than computed modulo something.
Written for the comparison with SPIN and therefore on its own: it shares no code with psockmc.explore.native.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.bounds import COMPARISONS, of_operator, of_wrap
from bench.graph import NotExportableError
from psockmc.ir import system as ir

# `value` is the type of all numbers. Division and shifts are those of psockmc.ir.system.Op.
HELPERS = """
static inline value ps_quotient(value a, value b) { return b == 0 ? 0 : b == -1 ? -a : a / b; }
static inline value ps_remainder(value a, value b) { return b == 0 || b == -1 ? 0 : a % b; }
static inline value ps_left(value a, value b) { return b < 0 || b > 63 ? 0 : a * ((value)1 << b); }
static inline value ps_right(value a, value b) { return b < 0 || b > 63 ? 0 : a >> b; }
"""

CALLS = {"//": "ps_quotient", "%": "ps_remainder", "<<": "ps_left", ">>": "ps_right"}


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
    return widths.term(_text(name, [arg.text for arg in args]), *of_operator(name, [(a.lo, a.hi) for a in args]))


def _text(name: str, args: list[str]) -> str:
    match name:
        case "and" | "or":
            symbol, neutral = (" && ", "1") if name == "and" else (" || ", "0")
            return f"((value)({symbol.join(args) or neutral}))"
        case "not":
            return f"((value)!{args[0]})"
        case "?:":
            return f"({args[0]} ? {args[1]} : {args[2]})"
        case "neg":
            return f"(-{args[0]})"
        case "~":
            return f"(~{args[0]})"
    if name in CALLS:
        return f"{CALLS[name]}({args[0]}, {args[1]})"
    infix = f"({args[0]} {name} {args[1]})"
    return f"((value){infix})" if name in COMPARISONS else infix


def wrap(widths: Widths, node: ir.Wrap, arg: Term) -> Term:
    """`arg` modulo 2**bits. What is in range already stays as it is."""
    lo, hi = of_wrap(node)
    if lo <= arg.lo and arg.hi <= hi:
        return arg
    mask, top = literal(2**node.bits - 1), literal(2 ** (node.bits - 1))
    widths.term("", min(lo, 0), 2**node.bits)  # the mask itself
    masked = f"({arg.text} & {mask})"
    return widths.term(f"(({masked} ^ {top}) - {top})" if node.signed else masked, lo, hi)
