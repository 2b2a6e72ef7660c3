"""Intervals and conversions against brute force: every value of the operands, computed as C does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from psockmc.lang.conversions import (
    HIGHEST,
    LOWEST,
    OutOfRange,
    assignable,
    comparison_type,
    constant_fits,
    interval,
    join,
    operator_type,
    usual_conversions,
    value_range,
)
from psockmc.lang.types import (
    C_INTEGERS,
    Bool,
    Bounded,
    CInt,
    ContextSet,
    FlagsType,
    Null,
    Pointer,
    StructType,
    Type,
    Void,
)

OPERATORS = ["+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>"]
SMALL = st.integers(-9, 9)
INTERVALS = st.tuples(SMALL, SMALL).map(lambda pair: Bounded(min(pair), max(pair)))
TYPES: st.SearchStrategy[Type] = st.one_of(
    INTERVALS,
    st.sampled_from([*C_INTEGERS.values(), Bool(), Null(), Pointer("a"), Pointer("b"), ContextSet(), ContextSet(True)]),
    st.sampled_from([FlagsType("f", (("A", 0),)), StructType("a"), Void(), Bounded(0, 0)]),
)


def truncated(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def exact(op: str, a: int, b: int) -> int:
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "//":
            return truncated(a, b) if b else 0
        case "%":
            return a - b * truncated(a, b) if b else 0
        case "&":
            return a & b
        case "|":
            return a | b
        case "^":
            return a ^ b
        case "<<":
            return a << b if 0 <= b <= 63 else 0
        case _:
            return a >> b if 0 <= b <= 63 else 0


def values(t: Bounded) -> range:
    return range(t.lo, t.hi + 1)


@given(st.sampled_from(OPERATORS), INTERVALS, INTERVALS)
def test_interval_contains_every_result(op: str, left: Bounded, right: Bounded) -> None:
    result = interval(op, left, right)
    assert all(result.lo <= exact(op, a, b) <= result.hi for a in values(left) for b in values(right))


@given(st.sampled_from(["+", "-", "*", "//", "<<", ">>"]), INTERVALS, INTERVALS)
def test_interval_is_tight_for_arithmetic(op: str, left: Bounded, right: Bounded) -> None:
    results = [exact(op, a, b) for a in values(left) for b in values(right)]
    assert interval(op, left, right) == Bounded(min(results), max(results))


@given(st.sampled_from(OPERATORS), SMALL, SMALL)
def test_constants_are_computed_exactly(op: str, a: int, b: int) -> None:
    assert interval(op, Bounded(a, a), Bounded(b, b)) == Bounded(exact(op, a, b), exact(op, a, b))


@given(st.integers(LOWEST, HIGHEST), st.integers(LOWEST, HIGHEST), st.sampled_from(OPERATORS))
def test_big_constants_are_exact_or_refused(a: int, b: int, op: str) -> None:
    try:
        result = interval(op, Bounded(a, a), Bounded(b, b))
    except OutOfRange:
        assert not LOWEST <= exact(op, a, b) <= HIGHEST
    else:
        assert result == Bounded(exact(op, a, b), exact(op, a, b))


def wrapped(value: int, t: CInt) -> int:
    value %= 1 << t.bits
    return value - (1 << t.bits) if t.signed and value >> (t.bits - 1) else value


@given(st.sampled_from(list(C_INTEGERS.values())), st.sampled_from(list(C_INTEGERS.values())), st.data())
def test_usual_conversions_are_those_of_c(left: CInt, right: CInt, data: st.DataObject) -> None:
    """The common type is at least `int`; where it can hold both values, a comparison in it is the exact one."""
    common = operator_type("+", left, right)
    assert isinstance(common, CInt)
    assert common.bits == max(left.bits, right.bits, 32)
    a = data.draw(st.integers(value_range(left).lo, value_range(left).hi))
    b = data.draw(st.integers(value_range(right).lo, value_range(right).hi))
    if common.signed or (a >= 0 and b >= 0):
        assert (wrapped(a, common) < wrapped(b, common)) == (a < b)
    assert common == comparison_type("<", left, right) == operator_type("+", right, left)


def test_a_negative_number_becomes_big_next_to_an_unsigned_one() -> None:
    assert usual_conversions(C_INTEGERS["u32"], C_INTEGERS["s32"]) == C_INTEGERS["u32"]
    assert usual_conversions(C_INTEGERS["u64"], Bounded(-1, -1)) == C_INTEGERS["u64"]


@given(TYPES, TYPES)
def test_join_is_symmetric_and_holds_both(left: Type, right: Type) -> None:
    joined = join(left, right)
    assert joined == join(right, left)
    if joined is not None and not isinstance(joined, StructType | Void | Null):
        assert assignable(left, joined)
        assert assignable(right, joined)


@given(TYPES, TYPES)
def test_comparison_is_symmetric(left: Type, right: Type) -> None:
    assert comparison_type("==", left, right) == comparison_type("==", right, left)


@given(TYPES, TYPES)
def test_constants_fit_or_not_only_where_they_may_be_assigned(source: Type, target: Type) -> None:
    if not constant_fits(source, target):
        assert isinstance(source, Bounded)
        assert assignable(source, target)


def test_sets_of_readers_take_readers_only() -> None:
    assert not assignable(ContextSet(), ContextSet(grace_period=True))
    assert assignable(ContextSet(grace_period=True), ContextSet())
    assert operator_type("&", ContextSet(True), ContextSet(True)) == ContextSet(True)
    assert operator_type("|", ContextSet(True), ContextSet()) == ContextSet()
