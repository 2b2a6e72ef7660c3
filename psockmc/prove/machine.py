"""C arithmetic over terms: where a result leaves its type, what it becomes, and the obligation that it does not.

A term is a mathematical integer. An operator whose exact result lies in its type by the intervals of the operands
is that result. Otherwise the machine notes an obligation `wrap` (the exact value fits) and goes on with the exact
value: it is the value that C computes in every run that meets the obligation, and in a run that does not, the
obligation is what failed. Known numbers, and operations that the model marks as `wrapping`, are computed modulo 2**bits
instead, so that what C does after a wrap-around can be examined too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from psockmc.lang import tree
from psockmc.lang.types import Bool, Bounded, CInt, Type
from psockmc.prove import terms
from psockmc.prove.terms import FALSE, TRUE, Term

MANY_TURNS = 8
"""A value that can be wrapped around more often than this gets an unknown quotient."""


class NeedsCase(Exception):
    """A choice that is to be made case by case comes next; count: among how many."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class SomeLanes(Exception):
    """Lanes that must be run apart from the others, or not at all. chosen: for each lane, whether it is one of them.

    others: whether the others are to be run, too.
    """

    def __init__(self, chosen: tuple[bool, ...], *, others: bool) -> None:
        super().__init__(chosen)
        self.chosen = chosen
        self.others = others


class Unsupported(Exception):
    """The prover has no meaning for this; span: where it stands."""

    def __init__(self, message: str, span: tree.Span) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


@functools.cache
def bounds(t: Type) -> tuple[int, int]:
    """The least and the greatest value of an integer type."""
    match t:
        case CInt(bits=bits, signed=True):
            return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        case CInt(bits=bits):
            return 0, (1 << bits) - 1
        case Bounded(lo, hi):
            return lo, hi
        case Bool():
            return 0, 1
    raise TypeError(f"{t} is no integer type")


class Machine:
    """Conversions and operators. oblige(kind, condition, span, sentence): notes what must hold here."""

    def __init__(self, oblige: Callable[[str, Term, tree.Span, str], None]) -> None:
        self.oblige = oblige
        self.quotients = 0
        self.axioms: list[Term] = []
        self.intended = 0

    def fit(self, value: Term, t: Type, span: tree.Span) -> Term:
        """The value as the type holds it."""
        if isinstance(t, Bool):
            return value
        lo, hi = bounds(t)
        if lo <= value.lo and value.hi <= hi:
            return value
        least, greatest = terms.interval(value)
        if lo <= least and greatest <= hi:
            return value
        if isinstance(t, CInt) and self.intended:
            return self._modulo(value, t)
        fits = terms.conjunction((terms.at_most(terms.const(lo), value), terms.at_most(value, terms.const(hi))))
        what = "leaves" if isinstance(t, CInt) else "is outside of"
        name = t.name if isinstance(t, CInt) else f"{lo}..{hi}"
        self.oblige("wrap", fits, span, f"the value {what} {name}")
        if isinstance(t, CInt) and value.is_int:
            return self._modulo(value, t)
        return terms.cast(value, lo, hi)

    def _modulo(self, value: Term, t: CInt) -> Term:
        """The value modulo 2**bits, in the range of the type."""
        lo, hi = bounds(t)
        size = 1 << t.bits
        if value.is_int:
            return terms.const((value.value - lo) % size + lo)
        least, greatest = terms.interval(value)
        first, last = (least - lo) // size, (greatest - lo) // size
        if last - first > MANY_TURNS:
            return self._remainder(value, t, first, last)
        result = terms.add(value, terms.const(-last * size))
        for turn in range(last - 1, first - 1, -1):
            below = terms.at_most(value, terms.const(hi + turn * size))
            result = terms.ite(below, terms.add(value, terms.const(-turn * size)), result)
        return result

    def _remainder(self, value: Term, t: CInt, first: int, last: int) -> Term:
        lo, hi = bounds(t)
        self.quotients += 1
        turns = terms.var(f"turns#{self.quotients}", first, last)
        result = terms.add(value, turns, -(1 << t.bits))
        self.axioms.append(terms.at_most(terms.const(lo), result))
        self.axioms.append(terms.at_most(result, terms.const(hi)))
        return result

    def operate(self, op: str, left: Term, right: Term, t: Type, span: tree.Span) -> Term:
        """`left op right`, both integers already converted to the operation's type t."""
        match op:
            case "+":
                return self.fit(terms.add(left, right), t, span)
            case "-":
                return self.fit(terms.subtract(left, right), t, span)
            case "*" if right.is_int:
                return self.fit(terms.scale(left, right.value), t, span)
            case "*" if left.is_int:
                return self.fit(terms.scale(right, left.value), t, span)
            case "<<" if right.is_int:
                return self.fit(terms.scale(left, 1 << right.value), t, span)
        return self._pointwise(op, left, right, t, span)

    def _pointwise(self, op: str, left: Term, right: Term, t: Type, span: tree.Span) -> Term:
        """Operators that linear arithmetic does not know: lane by lane, case by case, or division by a constant."""
        row = terms.in_lanes(left)
        if row is not None and right.is_int and (right.value or op not in ("//", "%")):
            return self.fit(terms.lanes([_compute(op, value, right.value) for value in row]), t, span)
        first, second = terms.cases(left), terms.cases(right)
        if first is not None and second is not None:
            return self._by_cases(op, first, second, t, span)
        least, greatest = terms.interval(left)
        quotient = least // right.value if op in ("//", "%") and right.is_int and right.value > 0 else -1
        if quotient >= 0 and greatest // right.value == quotient:
            return terms.const(quotient) if op == "//" else terms.add(left, terms.const(-quotient * right.value))
        if op in ("//", "%") and right.is_int and right.value > 0 and left.lo >= 0:
            hi = left.hi // right.value if op == "//" else right.value - 1
            return terms.operation(op, left, right, 0, hi)
        if op == ">>" and right.is_int and left.lo >= 0:
            return terms.operation("//", left, terms.const(1 << right.value), 0, left.hi >> right.value)
        if op == "&" and right.is_int and left.lo >= 0 and right.value + 1 & right.value == 0:
            return terms.operation("%", left, terms.const(right.value + 1), 0, right.value)
        raise Unsupported(f"`{op}` of two numbers that are both unknown is not linear", span)

    def _by_cases(
        self, op: str, first: Mapping[int, Term], second: Mapping[int, Term], t: Type, span: tree.Span
    ) -> Term:
        result: Term | None = None
        for a, when_a in first.items():
            for b, when_b in second.items():
                cond = terms.conjunction((when_a, when_b))
                if op in ("//", "%") and b == 0:
                    self.oblige("division", terms.negation(cond), span, "division by zero")
                    continue
                value = terms.const(_compute(op, a, b))
                result = value if result is None else terms.ite(cond, value, result)
        if result is None:
            return terms.const(0)
        return self.fit(result, t, span)


def compare(op: str, left: Term, right: Term) -> Term:
    """A comparison of integers in one type."""
    match op:
        case "==":
            return terms.equals(left, right)
        case "!=":
            return terms.negation(terms.equals(left, right))
        case "<=":
            return terms.at_most(left, right)
        case "<":
            return terms.negation(terms.at_most(right, left))
        case ">=":
            return terms.at_most(right, left)
        case ">":
            return terms.negation(terms.at_most(left, right))
    raise ValueError(op)


def as_number(truth: Term) -> Term:
    """A truth value as C's 0 or 1."""
    if truth is TRUE or truth is FALSE:
        return terms.const(int(truth is TRUE))
    return terms.ite(truth, terms.const(1), terms.const(0))


def as_truth(number: Term) -> Term:
    """A number as a condition."""
    return terms.negation(terms.equals(number, terms.const(0)))


def _compute(op: str, a: int, b: int) -> int:
    """C's operators on numbers; division truncates toward zero."""
    match op:
        case "&":
            return a & b
        case "|":
            return a | b
        case "^":
            return a ^ b
        case "<<":
            return a << b
        case ">>":
            return a >> b
        case "*":
            return a * b
        case "//":
            return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        case "%":
            return abs(a) % abs(b) * (-1 if a < 0 else 1)
    raise ValueError(op)
