"""What the analysis of reachable nodes and values finds, and that the search notices when it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psockmc.explore.limits import Limits
from psockmc.explore.native import EngineError, codegen, search_native
from psockmc.explore.native.reach import SHARED, Reach, reach
from psockmc.explore.native.values import NOTHING, Values, applied, interval, values, widened, wrapped
from psockmc.explore.reference import OPERATORS
from psockmc.ir import system as ir
from tests.explore.native.agreement import agreed
from tests.explore.native.systems import Builder, FieldRef, op

# ---------------------------------------------------------------- sets of values

some_values = st.one_of(
    st.builds(values, st.sets(st.integers(-70, 70), min_size=1, max_size=6)),
    st.builds(lambda lo, size: interval(lo, lo + size), st.integers(-(2**40), 2**40), st.integers(0, 2**41)),
)


def members(of: Values) -> list[int]:
    """All members, or some of a large interval."""
    if of.few is not None:
        return sorted(of.few)
    return sorted({of.lo, of.lo + 1, (of.lo + of.hi) // 2, min(max(0, of.lo), of.hi), of.hi - 1, of.hi})


@given(st.sampled_from(sorted(OPERATORS)), some_values, some_values)
@settings(max_examples=300)
def test_an_operator_on_sets_contains_the_results_on_members(name: str, left: Values, right: Values) -> None:
    sets = [left] if name in ("~", "neg", "not") else [left, right]
    result = applied(name, sets)
    assert all(OPERATORS[name](*chosen) in result for chosen in product(*map(members, sets)))


@given(some_values, st.sampled_from([1, 8, 16, 32]), st.booleans())
def test_wrapping_a_set_contains_the_wrapped_members(arg: Values, bits: int, signed: bool) -> None:
    lo = -(2 ** (bits - 1)) if signed else 0
    assert all((value - lo) % 2**bits + lo in wrapped(arg, bits, signed) for value in members(arg))


@given(some_values, some_values)
def test_widening_keeps_the_members_of_both(old: Values, new: Values) -> None:
    result = widened(old, new)
    assert all(value in result for value in members(old) + members(new))


def test_a_growing_interval_gets_to_its_end_in_few_strides() -> None:
    known, strides = values([0]), 0
    while known.hi < 2**32 - 1:
        known = widened(known, applied("+", [known, values([1])]))
        strides += 1
    assert strides < 64


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("and", [values([0, 1]), values([0])], values([0])),
        ("and", [values([1]), values([2])], values([1])),
        ("or", [values([0, 1]), values([3])], values([1])),
        ("or", [values([0, 1]), values([0])], values([0, 1])),
        ("not", [interval(1, 100)], values([0])),
        ("not", [interval(0, 100)], values([0, 1])),
        ("?:", [values([1]), values([5]), values([6])], values([5])),
        ("?:", [values([0, 1]), values([5]), values([6])], values([5, 6])),
        ("+", [NOTHING, values([1])], NOTHING),
    ],
)
def test_logic_knows_three_truth_values(name: str, args: list[Values], expected: Values) -> None:
    assert applied(name, args) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (NOTHING, interval(1, 100), interval(1, 100)),
        (interval(1, 100), NOTHING, interval(1, 100)),
        (values([1]), interval(50, 100), interval(1, 100)),
        (values([1]), values([5]), values([1, 5])),
    ],
)
def test_sets_are_joined(one: Values, other: Values, expected: Values) -> None:
    assert one.joined(other) == expected


def test_a_set_is_restricted_to_an_interval() -> None:
    assert values([1, 5, 9]).within(2, 8) == values([5])
    assert interval(0, 100).within(90, 200) == interval(90, 100)
    assert interval(0, 100).within(101, 200) == NOTHING


# ---------------------------------------------------------------- the analysis


def dispatch() -> tuple[Builder, FieldRef]:
    """A field holds 2 or 5; code for 2, 3 and 5 hangs on it."""
    b = Builder("dispatch")
    handler, result = b.scalar("handler", 0, 9, start=2), b.scalar("result", 0, 255)
    p = b.context("A")
    p.stop()
    p.store(handler, 5)
    p.end()
    q = b.context("B")
    f = q.local("f", 0, 9)
    q.stop()
    q.let(f, handler[0])
    for value in (2, 3, 5):
        q.branch(op("==", f, value), f"not {value}")
        q.store(result, 10 * value, goto="out")
        q.label(f"not {value}")
    q.emit(ir.Finding(b.number("assert"), "no handler", True))
    q.label("out")
    q.end()
    return b, result


def test_code_that_no_value_leads_to_is_out_of_reach() -> None:
    b, result = dispatch()
    ts = b.build()
    found = reach(ts)
    assert found.field(result.number) == values([0, 20, 50])
    unreached = {ts.contexts[1].nodes[n].op for n in set(range(len(ts.contexts[1].nodes))) - found.nodes[1]}
    assert ir.Store(result.number, ir.Const(0), ir.Const(30)) in unreached
    assert (
        any(isinstance(operation, ir.Finding) for operation in unreached) is False
    )  # sets forget which branch was taken
    assert agreed(ts).complete


def test_a_local_that_is_read_unset_may_be_0() -> None:
    b = Builder("unset")
    x = b.scalar("x", 0, 9)
    p = b.context("A")
    v = p.local("v", 3, 9)
    p.stop()
    p.branch(x[0], "read")
    p.let(v, 5)
    p.label("read")
    p.store(x, op("+", v, 1))
    p.end()
    ts = b.build()
    bare = replace(ts.contexts[0].stops[0], live=())
    ts = replace(ts, contexts=(replace(ts.contexts[0], stops=(bare, *ts.contexts[0].stops[1:])),))
    assert reach(ts).local(0, 0) == values([0, 5])
    assert agreed(ts).complete


def test_what_follows_a_wait_that_is_never_over_is_out_of_reach() -> None:
    b = Builder("never")
    x = b.scalar("x", 0, 3)
    p = b.context("A")
    p.stop()
    p.wait(op("==", x[0], 3))
    p.store(x, 1)
    p.end()
    ts = b.build()
    assert reach(ts).nodes[0] == {0}
    assert agreed(ts).states == 1


def test_the_bits_of_a_grace_period_may_go() -> None:
    b = Builder("gp")
    grace = b.grace_period("gp", 2)
    p = b.context("A")
    p.stop(reader=True)
    p.emit(ir.Nop())
    p.stop()
    p.emit(ir.Nop())
    p.end()
    q = b.context("B")
    q.stop()
    q.store(grace, 3)
    q.end()
    ts = b.build()
    assert reach(ts).field(grace.number) == values([0, 1, 2, 3])
    assert agreed(ts).complete


# ---------------------------------------------------------------- a wrong analysis is noticed


def claiming(change: Callable[[Reach], Reach]) -> Callable[[ir.TransitionSystem], Reach]:
    return lambda ts: change(reach(ts))


def test_a_node_that_was_taken_for_unreachable_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    b, _ = dispatch()
    monkeypatch.setattr(codegen, "reach", claiming(lambda r: replace(r, nodes=(r.nodes[0], r.nodes[1] - {2}))))
    with pytest.raises(EngineError, match="internal error: a node that was taken for unreachable in B;"):
        search_native(b.build(), Limits(), None)


def test_a_value_that_was_taken_for_impossible_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    b, result = dispatch()
    wrong = {(SHARED, result.number): values([0, 20])}
    monkeypatch.setattr(codegen, "reach", claiming(lambda r: replace(r, values=r.values | wrong)))
    with pytest.raises(EngineError, match="internal error: a value that was taken for impossible in B;"):
        search_native(b.build(), Limits(), None)
