"""Simplification never changes what a term is, on any numbers that meet what was learned."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from psockmc.prove import terms
from psockmc.prove.terms import FALSE, LANE, TRUE, Term

LANES = 3
BOUNDS = {"a": (0, 4), "b": (-3, 3), "c": (0, 10), "d": (0, 10), "e": (0, 10)}
TRUTHS = ("p", "q")
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

Values = dict[str, int]
Number = tuple[Term, Callable[[Values], int]]
"""A term, and what it must be on given values, computed beside it."""


@st.composite
def assignments(draw: st.DrawFn) -> Values:
    """Values of all unknowns and the lane."""
    values = {name: draw(st.integers(lo, hi)) for name, (lo, hi) in BOUNDS.items()}
    return values | {name: draw(st.integers(0, 1)) for name in TRUTHS} | {LANE: draw(st.integers(0, LANES - 1))}


def unknown(name: str) -> Term:
    """The unknown number of this name."""
    return terms.var(name, *BOUNDS[name])


@st.composite
def numbers(draw: st.DrawFn, depth: int = 3) -> Number:
    """An integer term."""
    kind = draw(st.integers(0, 6 if depth else 2))
    if kind == 0:
        value = draw(st.integers(-6, 6))
        return terms.const(value), lambda _: value
    if kind == 1:
        name = draw(st.sampled_from(list(BOUNDS)))
        return unknown(name), lambda v: v[name]
    if kind == 2:
        row = draw(st.lists(st.integers(-2, 3), min_size=LANES, max_size=LANES))
        return terms.lanes(row), lambda v: row[v[LANE]]
    left, first = draw(numbers(depth - 1))
    right, second = draw(numbers(depth - 1))
    if kind == 3:
        factor = draw(st.sampled_from([1, -1, 2, -3]))
        return terms.add(left, right, factor), lambda v: first(v) + factor * second(v)
    if kind == 4:
        divisor = draw(st.integers(1, 4))
        name = draw(st.sampled_from(["//", "%"]))
        lo, hi = (left.lo // divisor, left.hi // divisor) if name == "//" else (0, divisor - 1)
        term = terms.operation(name, left, terms.const(divisor), lo, hi)
        return term, lambda v: first(v) // divisor if name == "//" else first(v) % divisor
    cond, holds = draw(truths(depth - 1))
    return terms.ite(cond, left, right), lambda v: first(v) if holds(v) else second(v)


@st.composite
def truths(draw: st.DrawFn, depth: int = 3) -> Number:
    """A truth value; its number is 0 or 1."""
    kind = draw(st.integers(0, 6 if depth else 2))
    if kind == 0:
        name = draw(st.sampled_from(TRUTHS))
        return terms.unknown(name), lambda v: v[name]
    if kind in (1, 2):
        left, first = draw(numbers(max(depth - 1, 0)))
        right, second = draw(numbers(max(depth - 1, 0)))
        if kind == 1:
            return terms.at_most(left, right), lambda v: int(first(v) <= second(v))
        return terms.equals(left, right), lambda v: int(first(v) == second(v))
    one, first = draw(truths(depth - 1))
    two, second = draw(truths(depth - 1))
    if kind == 3:
        return terms.negation(one), lambda v: 1 - first(v)
    if kind == 4:
        return terms.conjunction((one, two)), lambda v: first(v) & second(v)
    if kind == 5:
        return terms.disjunction((one, two)), lambda v: first(v) | second(v)
    other, third = draw(truths(depth - 1))
    return terms.choice(one, two, other), lambda v: second(v) if first(v) else third(v)


def learn_chain(ordered: bool) -> None:
    """Forgets everything; `ordered` learns c < d, d < e and c + 2 < e."""
    terms.forget()
    if ordered:
        for less, more, gap in (("c", "d", 1), ("d", "e", 1), ("c", "e", 2)):
            terms.learn(terms.at_most(terms.add(unknown(less), terms.const(gap)), unknown(more)))


def meets(values: Values, ordered: bool) -> bool:
    """Whether the values meet what was learned."""
    return not ordered or (values["c"] < values["d"] < values["e"] and values["c"] + 2 <= values["e"])


@QUIET
@given(data=st.data(), ordered=st.booleans())
def test_terms_are_what_they_were_built_as(data: st.DataObject, ordered: bool) -> None:
    learn_chain(ordered)
    term, expected = data.draw(st.one_of(numbers(), truths()))
    for values in data.draw(st.lists(assignments(), min_size=5, max_size=5)):
        if meets(values, ordered):
            found = terms.evaluate(term, values)
            assert found == expected(values)
            if not term.truth:
                lo, hi = terms.interval(term)
                assert lo <= found <= hi


@QUIET
@given(data=st.data(), ordered=st.booleans())
def test_given_keeps_the_value_where_its_condition_holds(data: st.DataObject, ordered: bool) -> None:
    learn_chain(ordered)
    cond, holds = data.draw(truths())
    term, expected = data.draw(st.one_of(numbers(), truths()))
    simpler = terms.Given(cond)(term)
    for values in data.draw(st.lists(assignments(), min_size=6, max_size=6)):
        if meets(values, ordered) and holds(values):
            assert terms.evaluate(simpler, values) == expected(values)


@QUIET
@given(data=st.data())
def test_exactly_one_leaf_is_the_value(data: st.DataObject) -> None:
    learn_chain(False)
    term, expected = data.draw(numbers())
    values = data.draw(assignments())
    for found in (terms.leaves(term), terms.options(term)):
        if found is not None:
            met = [leaf for leaf, when in found.items() if terms.evaluate(when, values)]
            assert [terms.evaluate(leaf, values) for leaf in met] == [expected(values)]
    cases = terms.cases(term)
    if cases is not None:
        assert [value for value, when in cases.items() if terms.evaluate(when, values)] == [expected(values)]


@QUIET
@given(data=st.data())
def test_guarded_is_the_leaf_whose_condition_holds(data: st.DataObject) -> None:
    learn_chain(False)
    first, one = data.draw(truths())
    second, two = data.draw(truths())
    (a, x), (b, y), (c, z) = (data.draw(numbers(1)) for _ in range(3))
    assume(len({a, b, c}) == 3)
    term = terms.guarded({
        a: first,
        b: terms.conjunction((terms.negation(first), second)),
        c: terms.negation(terms.disjunction((first, second))),
    })  # fmt: skip
    values = data.draw(assignments())
    assert terms.evaluate(term, values) == (x(values) if one(values) else y(values) if two(values) else z(values))


@QUIET
@given(data=st.data(), lo=st.integers(-3, 3), length=st.integers(0, 6))
def test_cast_keeps_the_value_where_it_fits(data: st.DataObject, lo: int, length: int) -> None:
    learn_chain(False)
    term, expected = data.draw(numbers())
    more, addend = data.draw(numbers(1))
    hi = lo + length
    narrow = terms.cast(term, lo, hi)
    total, fits = terms.add(narrow, more), terms.at_most(narrow, terms.const(hi))
    values = data.draw(assignments())
    if lo <= expected(values) <= hi:
        assert terms.evaluate(narrow, values) == expected(values)
        assert terms.evaluate(total, values) == expected(values) + addend(values)
        assert terms.evaluate(fits, values) == 1


@QUIET
@given(data=st.data())
def test_implies_is_material(data: st.DataObject) -> None:
    learn_chain(False)
    cond, first = data.draw(truths())
    then, second = data.draw(truths())
    values = data.draw(assignments())
    assert terms.evaluate(terms.implies(cond, then), values) == int(not first(values) or bool(second(values)))


def test_difference_along_a_chain_is_at_least_that_of_the_ranks() -> None:
    learn_chain(True)
    assert terms.interval(terms.subtract(unknown("e"), unknown("c"))) == (2, 10)
    assert terms.interval(terms.subtract(unknown("c"), unknown("d"))) == (-10, -1)


@QUIET
@given(factors=st.lists(st.integers(-2, 2), min_size=5, max_size=5), constant=st.integers(-5, 5))
def test_interval_of_a_sum_along_a_chain_has_all_its_values(factors: list[int], constant: int) -> None:
    terms.forget()
    names = ["p", "q", "r", "s", "t"]
    members = [terms.var(name, 0, 6) for name in names]
    for less, more in pairwise(members):
        terms.learn(terms.at_most(terms.add(less, terms.const(1)), more))
    total = terms.const(constant)
    for member, factor in zip(members, factors, strict=True):
        total = terms.add(total, member, factor)
    lo, hi = terms.interval(total)
    for places in combinations(range(7), 5):  # p < q < r < s < t
        assert lo <= terms.evaluate(total, dict(zip(names, places, strict=True))) <= hi


def test_what_is_added_and_taken_off_along_a_chain_is_paired() -> None:
    learn_chain(True)
    beyond = terms.subtract(terms.add(unknown("c"), unknown("e")), unknown("d"))
    assert terms.interval(beyond) == (1, 20)


def test_of_bounds_on_a_chain_the_sharpest_is_kept() -> None:
    learn_chain(True)
    behind = [terms.at_most(unknown(name), unknown("a")) for name in "cde"]
    assert terms.conjunction(behind) is behind[2]
    assert terms.disjunction(behind) is behind[0]
    assert terms.conjunction((behind[2], terms.negation(behind[0]))) is FALSE
    assert terms.disjunction((behind[0], terms.negation(behind[2]))) is TRUE


def test_one_and_the_same_term_is_one_object() -> None:
    learn_chain(False)
    a, b = unknown("a"), unknown("b")
    assert terms.subtract(terms.add(a, b), b) is a
    assert terms.negation(terms.negation(terms.at_most(a, b))) is terms.at_most(a, b)
    assert terms.conjunction((terms.at_most(a, b), terms.at_most(terms.add(b, terms.const(1)), a))) is FALSE


def test_what_is_equal_in_every_lane_is_a_constant() -> None:
    learn_chain(False)
    start, end = terms.lanes([0, 1, 2]), terms.lanes([2, 3, 4])
    assert terms.subtract(end, start) is terms.const(2)
    assert terms.equals(start, end) is FALSE
    assert terms.equals(start, terms.const(1)).args == (False, True, False)


@QUIET
@given(data=st.data(), ordered=st.booleans())
def test_constants_are_each_other_s_negation_whatever_was_negated(data: st.DataObject, ordered: bool) -> None:
    learn_chain(ordered)
    for _ in range(4):
        cond, _ = data.draw(truths())
        terms.negation(terms.negation(cond))
        assert terms.negation(TRUE) is FALSE
        assert terms.negation(FALSE) is TRUE


def test_negation_that_comes_out_as_a_constant_leaves_the_constants_alone() -> None:
    learn_chain(False)
    a, b = unknown("a"), unknown("b")
    never = terms.Term("and", (terms.at_most(a, b), terms.negation(terms.at_most(a, b))), 10**6)
    assert terms.negation(never) is TRUE
    assert terms.negation(TRUE) is FALSE
