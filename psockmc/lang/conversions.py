"""Which types go together: C's integer conversions, exact intervals, assignment, comparison, joins.

Bounded integers (and so integer constants) are computed exactly. As soon as a C integer takes part, C decides: operands
smaller than `s32` are promoted to it, then the usual arithmetic conversions apply.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from psockmc.lang.types import (
    C_INTEGERS,
    Bool,
    Bounded,
    CInt,
    ContextSet,
    ContextType,
    EnumType,
    FlagsType,
    FunctionPointer,
    Null,
    Pointer,
    Type,
)

S32 = C_INTEGERS["s32"]
LOWEST, HIGHEST = -(2**63), 2**64 - 1
"""Integers outside of these bounds fit no type of the language."""

Integer = Bounded | CInt
SCALARS = (Bool, Bounded, CInt, EnumType, FlagsType, Pointer, FunctionPointer, ContextType, ContextSet)
"""What a local, a parameter or a plain field can hold."""


class OutOfRange(Exception):
    """An exact result that fits no integer type, or a constant that fits no common type."""


def value_range(t: CInt) -> Bounded:
    """All values of a C integer type."""
    return Bounded(-(1 << (t.bits - 1)), (1 << (t.bits - 1)) - 1) if t.signed else Bounded(0, (1 << t.bits) - 1)


def inside(inner: Bounded, outer: Bounded) -> bool:
    """Whether every value of the one interval is in the other."""
    return outer.lo <= inner.lo and inner.hi <= outer.hi


def is_constant(t: Type) -> bool:
    """Whether this is the type of one integer constant."""
    return isinstance(t, Bounded) and t.lo == t.hi


def is_zero(t: Type) -> bool:
    """Whether this is the type of the constant 0, which also is the empty set and the flag word without flags."""
    return t == Bounded(0, 0)


def as_integer(t: Type) -> Integer | None:
    """The type as an operand of arithmetic: bools count 0 and 1, small C integers are promoted. None: no integer."""
    match t:
        case Bool():
            return Bounded(0, 1)
        case CInt(bits=bits) if bits < S32.bits:
            return S32
        case Bounded() | CInt():
            return t
        case _:
            return None


def usual_conversions(left: Integer, right: Integer) -> Integer:
    """The common type of two promoted operands: the hull of two intervals, else the C type; raises OutOfRange."""
    match left, right:
        case Bounded(), Bounded():
            return Bounded(min(left.lo, right.lo), max(left.hi, right.hi))
        case CInt(), CInt():
            if left.bits == right.bits:
                return right if left.signed else left
            return left if left.bits > right.bits else right
        case Bounded(), CInt():
            return _with_bounded(right, left)
        case _:
            assert isinstance(left, CInt)
            assert isinstance(right, Bounded)
            return _with_bounded(left, right)


def _with_bounded(c: CInt, bounded: Bounded) -> CInt:
    """A bounded operand is an `int` as a small constant is in C; where it is none it must fit the other's type."""
    if inside(bounded, value_range(S32)) or inside(bounded, value_range(c)):
        return c
    raise OutOfRange


# ---------------------------------------------------------------- exact arithmetic


def interval(op: str, left: Bounded, right: Bounded) -> Bounded:
    """All results of `left op right`, exactly for constants and not wider than need be else; raises OutOfRange.

    `//` and `%` truncate as in C; division by zero and shifts outside 0..63 give 0.
    """
    match op:
        case "+":
            result = Bounded(left.lo + right.lo, left.hi + right.hi)
        case "-":
            result = Bounded(left.lo - right.hi, left.hi - right.lo)
        case "*":
            result = _hull(a * b for a, b in _corners(left, right))
        case "//":
            divisors = {d for d in (right.lo, right.hi, -1, 1) if d != 0 and right.lo <= d <= right.hi}
            quotients = [_divide(a, d) for a in (left.lo, left.hi) for d in divisors]
            result = _hull([*quotients, *([0] if right.lo <= 0 <= right.hi else [])])
        case "%":
            result = _remainder(left, right)
        case "<<" | ">>":
            result = _shift(op, left, right)
        case _:
            result = _bitwise(op, left, right)
    if not inside(result, Bounded(LOWEST, HIGHEST)):
        raise OutOfRange
    return result


def _corners(left: Bounded, right: Bounded) -> Iterable[tuple[int, int]]:
    return itertools.product((left.lo, left.hi), (right.lo, right.hi))


def _hull(values: Iterable[int]) -> Bounded:
    found = list(values)
    return Bounded(min(found), max(found))


def _divide(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _remainder(left: Bounded, right: Bounded) -> Bounded:
    if left.lo == left.hi and right.lo == right.hi:
        value = left.lo - right.lo * _divide(left.lo, right.lo) if right.lo else 0
        return Bounded(value, value)
    divisor = max(abs(right.lo), abs(right.hi), 1) - 1
    return Bounded(-min(divisor, max(-left.lo, 0)), min(divisor, max(left.hi, 0)))


def _shift(op: str, left: Bounded, right: Bounded) -> Bounded:
    counts = {count for count in (right.lo, right.hi, 0, 63) if right.lo <= count <= right.hi and 0 <= count <= 63}
    outside = right.lo < 0 or right.hi > 63
    ends = (left.lo, left.hi)
    return _hull([*(a << n if op == "<<" else a >> n for a in ends for n in counts), *([0] if outside else [])])


def _bitwise(op: str, left: Bounded, right: Bounded) -> Bounded:
    if left.lo == left.hi and right.lo == right.hi:
        a, b = left.lo, right.lo
        value = a & b if op == "&" else a | b if op == "|" else a ^ b
        return Bounded(value, value)
    if left.lo >= 0 and right.lo >= 0:
        if op == "&":
            return Bounded(0, min(left.hi, right.hi))
        return Bounded(0, (1 << max(left.hi, right.hi).bit_length()) - 1)
    bits = max(value.bit_length() for value in (left.lo, left.hi, right.lo, right.hi))
    return Bounded(-(1 << bits), (1 << bits) - 1)


def undefined(op: str, left: Type, right: Type) -> str | None:
    """Why C does not define `left op right` for a constant right side, as messages say it; None: it does."""
    if not (isinstance(right, Bounded) and is_constant(right)):
        return None
    if op in ("//", "%") and right.lo == 0:
        return "division by zero"
    bits = max(left.bits, S32.bits) if isinstance(left, CInt) else 64
    if op in ("<<", ">>") and not 0 <= right.lo < bits:
        return f"a shift by {right.lo} of {bits} bits"
    return None


# ---------------------------------------------------------------- operators


def operator_type(op: str, left: Type, right: Type) -> Type | None:
    """The type of an arithmetic or bitwise operation; None: these operands do not go together. Raises OutOfRange."""
    if op in ("&", "|", "^") and (both := _bitwise_words(left, right)) is not None:
        return both
    a, b = as_integer(left), as_integer(right)
    if a is None or b is None:
        return None
    if op in ("<<", ">>") and isinstance(a, CInt):
        return a
    if isinstance(a, Bounded) and isinstance(b, Bounded):
        return interval(op, a, b)
    if op in ("<<", ">>"):
        return usual_conversions(S32, a)
    return usual_conversions(a, b)


def _bitwise_words(left: Type, right: Type) -> Type | None:
    """The type of `&`, `|`, `^` on two bools, flag words or sets (0 is the empty one)."""
    if isinstance(left, Bool) and isinstance(right, Bool):
        return left
    for word, other in ((left, right), (right, left)):
        if isinstance(word, FlagsType) and (other == word or is_zero(other)):
            return word
        if isinstance(word, ContextSet) and is_zero(other):
            return word
    if isinstance(left, ContextSet) and isinstance(right, ContextSet):
        return ContextSet(left.grace_period and right.grace_period)
    return None


def comparison_type(op: str, left: Type, right: Type) -> Type | None:
    """The common type in which two operands are compared; None: they cannot be. Raises OutOfRange."""
    if left == right == Bool():
        return Bool()
    a, b = as_integer(left), as_integer(right)
    if a is not None and b is not None:
        return usual_conversions(a, b)
    if op not in ("==", "!="):
        return None
    match left, right:
        case (Pointer() | FunctionPointer(), Null()):
            return left
        case (Null(), Pointer() | FunctionPointer()):
            return right
        case (ContextSet() | FlagsType(), _) if is_zero(right):
            return left
        case (_, ContextSet() | FlagsType()) if is_zero(left):
            return right
        case (ContextSet(), ContextSet()):
            return ContextSet()
    same = isinstance(left, EnumType | FlagsType | Pointer | FunctionPointer | ContextType) and left == right
    return left if same else None


def is_condition(t: Type) -> bool:
    """Whether C (and so the language) takes it as true or false."""
    return isinstance(t, Bool | Bounded | CInt | Pointer | FunctionPointer | FlagsType | ContextSet)


def assignable(source: Type, target: Type) -> bool:
    """Whether a value may be stored in a place, passed as a parameter, returned: same type or a conversion of C.

    Of a constant that is out of range nothing is said here: see `constant_fits`.
    """
    if source == target:
        return isinstance(target, SCALARS)
    match target:
        case CInt() | Bounded():
            return isinstance(source, Bool | CInt | Bounded)
        case Pointer() | FunctionPointer():
            return isinstance(source, Null)
        case FlagsType():
            return is_zero(source)
        case ContextSet():
            return is_zero(source) or (isinstance(source, ContextSet) and not target.grace_period)
        case _:
            return False


def constant_fits(source: Type, target: Type) -> bool:
    """False for an integer constant that no integer of the target type equals."""
    if not (isinstance(source, Bounded) and is_constant(source)):
        return True
    match target:
        case CInt():
            return inside(source, value_range(target))
        case Bounded():
            return inside(source, target)
        case _:
            return True


def join(left: Type, right: Type) -> Type | None:
    """The type that holds the values of both, for a local that is assigned both; None: there is none."""
    if left == right:
        return left
    match left, right:
        case Bounded(), Bounded():
            return Bounded(min(left.lo, right.lo), max(left.hi, right.hi))
        case (CInt(), Bounded()) | (Pointer() | FunctionPointer(), Null()):
            return left
        case (Bounded(), CInt()) | (Null(), Pointer() | FunctionPointer()):
            return right
        case (FlagsType() | ContextSet(), _) if is_zero(right):
            return left
        case (_, FlagsType() | ContextSet()) if is_zero(left):
            return right
        case ContextSet(), ContextSet():
            return ContextSet()
        case _:
            return None
