"""The relation kernel against relations as sets of pairs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from psockmc.litmus.relations import Universe, universe

Pairs = set[tuple[int, int]]
SIZES = st.one_of(st.integers(0, 12), st.sampled_from([31, 64, 70]))


@st.composite
def relations(draw: st.DrawFn, count: int = 1) -> tuple[Universe, list[Pairs]]:
    n = draw(SIZES)
    event = st.integers(0, max(0, n - 1))
    pairs = st.sets(st.tuples(event, event), max_size=min(n * n, 40))
    return universe(n), [draw(pairs) if n else set() for _ in range(count)]


@st.composite
def event_sets(draw: st.DrawFn, count: int) -> tuple[Universe, list[set[int]]]:
    n = draw(SIZES)
    events = st.sets(st.integers(0, max(0, n - 1)))
    return universe(n), [draw(events) if n else set() for _ in range(count)]


def packed(u: Universe, pairs: Pairs) -> int:
    return sum(u.pair(i, j) for i, j in pairs)


def mask(events: set[int]) -> int:
    return sum(1 << i for i in events)


def composed(left: Pairs, right: Pairs) -> Pairs:
    return {(i, k) for i, j in left for middle, k in right if j == middle}


@given(relations())
def test_pairs_come_back_sorted(given_: tuple[Universe, list[Pairs]]) -> None:
    u, (pairs,) = given_
    assert list(u.pairs(packed(u, pairs))) == sorted(pairs)


@given(relations())
def test_rows_come_back(given_: tuple[Universe, list[Pairs]]) -> None:
    u, (pairs,) = given_
    relation = packed(u, pairs)
    assert u.pack(u.unpack(relation)) == relation


@given(relations(2))
def test_every_way_of_composing_composes(given_: tuple[Universe, list[Pairs]]) -> None:
    u, (left, right) = given_
    a, b, expected = packed(u, left), packed(u, right), packed(u, composed(left, right))
    assert u.compose(a, b) == expected
    assert u.compose_rows(a, u.rows_of(b)) == expected
    assert u.compose_columns(u.columns_of(a), b) == expected
    assert u.compose_inverse(u.inverse(a), b) == expected


@given(relations(2), st.data())
def test_composing_at_events_meets_nowhere_else(given_: tuple[Universe, list[Pairs]], data: st.DataObject) -> None:
    u, (left, right) = given_
    middle = data.draw(st.integers(0, u.row))
    expected = composed({(i, j) for i, j in left if middle >> j & 1}, right)
    assert u.compose_at(packed(u, left), packed(u, right), u.members(middle)) == packed(u, expected)


@given(relations())
def test_inverse_turns_every_pair(given_: tuple[Universe, list[Pairs]]) -> None:
    u, (pairs,) = given_
    assert u.inverse(packed(u, pairs)) == packed(u, {(j, i) for i, j in pairs})


@given(relations())
def test_closure_is_the_least_transitive_relation_above(given_: tuple[Universe, list[Pairs]]) -> None:
    u, (pairs,) = given_
    closed = set(pairs)
    while (following := closed | composed(closed, pairs)) != closed:
        closed = following
    assert u.closure(packed(u, pairs)) == packed(u, closed)


@given(relations())
def test_domain_and_range_are_the_ends_of_the_pairs(given_: tuple[Universe, list[Pairs]]) -> None:
    u, (pairs,) = given_
    assert u.domain(packed(u, pairs)) == mask({i for i, _ in pairs})
    assert u.range(packed(u, pairs)) == mask({j for _, j in pairs})


@given(event_sets(2))
def test_product_has_all_pairs_of_two_sets(given_: tuple[Universe, list[set[int]]]) -> None:
    u, (left, right) = given_
    assert u.product(mask(left), mask(right)) == packed(u, {(i, j) for i in left for j in right})


@given(event_sets(1))
def test_identity_has_the_pairs_of_events_with_themselves(given_: tuple[Universe, list[set[int]]]) -> None:
    u, (events,) = given_
    assert u.identity(mask(events)) == packed(u, {(i, i) for i in events})


def test_a_universe_is_made_once() -> None:
    assert universe(5) is universe(5)
