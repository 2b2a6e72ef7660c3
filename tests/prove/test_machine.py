"""C's operators over terms: the value where it fits, C's wrap-around where it is asked for, and an obligation between."""

from __future__ import annotations

import operator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.lang import tree
from psockmc.lang.types import C_INTEGERS, CInt
from psockmc.prove import terms
from psockmc.prove.machine import Machine, Unsupported, as_number, as_truth, bounds, compare
from psockmc.prove.terms import Term

HERE = tree.Span("model.py", 1, 0, 1, 1)
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
types = st.sampled_from(list(C_INTEGERS.values()))


def in_c(value: int, t: CInt) -> int:
    """The value modulo 2**bits in the range of the type."""
    lo, _ = bounds(t)
    return (value - lo) % (1 << t.bits) + lo


class Run:
    """A machine that keeps its obligations."""

    def __init__(self) -> None:
        terms.forget()
        self.obligations: list[Term] = []
        self.machine = Machine(lambda kind, cond, span, sentence: self.obligations.append(cond))

    def met(self, values: dict[str, int]) -> bool:
        """Whether all obligations hold on these values."""
        return all(terms.evaluate(cond, values) for cond in self.obligations)


@st.composite
def few(draw: st.DrawFn, t: CInt) -> tuple[int, int, int]:
    """Bounds of an unknown inside of a type, and its value: few numbers, most often at an end of the type."""
    lo, hi = bounds(t)
    low = draw(st.one_of(st.sampled_from([lo, max(lo, hi - 5), max(lo, -2), 0]), st.integers(lo, hi)))
    high = min(hi, low + draw(st.integers(0, 6)))
    return low, high, draw(st.integers(low, high))


def computed(op: str, a: int, b: int) -> int:
    """C's operator on mathematical integers."""
    if op == "//":
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    if op == "%":
        return a - b * computed("//", a, b)
    named = {"+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_, "|": operator.or_,
             "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift}  # fmt: skip
    return int(named[op](a, b))


@QUIET
@given(data=st.data(), t=types, op=st.sampled_from(["+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>"]))
def test_operator_is_exact_where_its_obligation_holds(data: st.DataObject, t: CInt, op: str) -> None:
    run = Run()
    first, second = data.draw(few(t)), data.draw(few(t))
    if op in ("<<", ">>"):
        second = data.draw(st.integers(0, 4).map(lambda n: (n, n + 2, n + 1)))
    left, right = terms.var("left", *first[:2]), terms.var("right", *second[:2])
    values = {"left": first[2], "right": second[2]}
    result = run.machine.operate(op, left, right, t, HERE)
    if op in ("//", "%") and second[2] == 0:
        assert not run.met(values)
        return
    exact = computed(op, first[2], second[2])
    lo, hi = bounds(t)
    assert run.met(values) == (lo <= exact <= hi)
    if run.met(values):
        assert terms.evaluate(result, values) == exact


@QUIET
@given(data=st.data(), t=types, op=st.sampled_from(["+", "-", "*"]), factor=st.integers(-3, 9))
def test_wrapping_operators_are_those_of_c(data: st.DataObject, t: CInt, op: str, factor: int) -> None:
    run = Run()
    run.machine.intended = 1
    lo, hi = bounds(t)
    values = {"left": data.draw(st.integers(lo, hi)), "right": data.draw(st.integers(lo, hi))}
    left = terms.var("left", lo, hi)
    right = terms.const(factor) if op == "*" else terms.var("right", lo, hi)
    result = run.machine.operate(op, left, right, t, HERE)
    if not run.machine.quotients:
        exact = computed(op, values["left"], factor if op == "*" else values["right"])
        assert terms.evaluate(result, values) == in_c(exact, t)
    assert run.met(values)


@QUIET
@given(data=st.data(), t=types, op=st.sampled_from(["+", "-", "*"]), factor=st.integers(-3, 9))
def test_operators_on_known_numbers_are_those_of_c(data: st.DataObject, t: CInt, op: str, factor: int) -> None:
    run = Run()
    lo, hi = bounds(t)
    left = data.draw(st.integers(lo, hi))
    right = factor if op == "*" else data.draw(st.integers(lo, hi))
    result = run.machine.operate(op, terms.const(left), terms.const(right), t, HERE)
    exact = computed(op, left, right)
    assert terms.evaluate(result, {}) == in_c(exact, t)
    assert run.met({}) == (lo <= exact <= hi)


def test_many_turns_are_an_unknown_quotient() -> None:
    run = Run()
    run.machine.intended = 1
    t = C_INTEGERS["u8"]
    result = run.machine.operate("*", terms.var("left", 0, 255), terms.const(40), t, HERE)
    for turns in range(50):
        values = {"left": 100, "turns#1": turns}
        meets = all(terms.evaluate(axiom, values) for axiom in run.machine.axioms)
        assert meets == (turns == 4000 // 256)
        if meets:
            assert terms.evaluate(result, values) == 4000 % 256


@QUIET
@given(data=st.data(), source=types, target=types)
def test_conversion_keeps_the_value_or_breaks_its_obligation(data: st.DataObject, source: CInt, target: CInt) -> None:
    lo, hi = bounds(source)
    ends = [n for n in (lo, hi, 0, -1, 1, *bounds(target)) if lo <= n <= hi]
    value = data.draw(st.one_of(st.sampled_from(ends), st.integers(lo, hi)))
    values = {"x": value}
    plain, exact = Run(), None
    result = plain.machine.fit(terms.var("x", lo, hi), target, HERE)
    least, greatest = bounds(target)
    assert plain.met(values) == (least <= value <= greatest)
    if plain.met(values):
        assert terms.evaluate(result, values) == value
    exact = Run()
    exact.machine.intended = 1
    wrapped = exact.machine.fit(terms.var("x", lo, hi), target, HERE)
    if not exact.machine.quotients:
        assert terms.evaluate(wrapped, values) == in_c(value, target)
    assert exact.obligations == []


@QUIET
@given(value=st.integers(-(2**70), 2**70), t=types)
def test_known_numbers_wrap_as_in_c(value: int, t: CInt) -> None:
    run = Run()
    assert run.machine.fit(terms.const(value), t, HERE).value == in_c(value, t)
    lo, hi = bounds(t)
    assert run.met({}) == (lo <= value <= hi)


@QUIET
@given(a=st.integers(0, 3), b=st.integers(0, 3), op=st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
def test_comparisons(a: int, b: int, op: str) -> None:
    terms.forget()
    named = {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
    cond = compare(op, terms.var("a", 0, 3), terms.var("b", 0, 3))
    values = {"a": a, "b": b}
    assert terms.evaluate(cond, values) == int(named[op](a, b))
    assert terms.evaluate(as_number(cond), values) == int(named[op](a, b))
    assert terms.evaluate(as_truth(as_number(cond)), values) == int(named[op](a, b))


def test_products_of_unknowns_are_refused() -> None:
    run = Run()
    with pytest.raises(Unsupported, match="not linear"):
        run.machine.operate("*", terms.var("a", 0, 1000), terms.var("b", 0, 1000), C_INTEGERS["u32"], HERE)
