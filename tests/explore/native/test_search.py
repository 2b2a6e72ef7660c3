"""States, steps, findings, locks, limits: what each must give, one behaviour per test, and that both engines give it."""

from __future__ import annotations

import pytest

from psockmc.explore.limits import Limits
from psockmc.explore.result import LockEdge
from psockmc.ir import system as ir
from tests.explore.native.agreement import agreed, check, violated, violation
from tests.explore.native.systems import Builder, FieldRef, Program, op

# ---------------------------------------------------------------- states, steps, depth


def increment(b: Builder, x: FieldRef, name: str, high: int) -> Program:
    """A context that loads x and stores x + 1, in two steps."""
    p = b.context(name)
    loaded = p.local("loaded", 0, high)
    p.stop()
    p.let(loaded, x[0])
    p.stop()
    p.store(x, op("+", loaded, 1))
    p.end()
    return p


def test_a_lost_update_is_found_by_the_shortest_path() -> None:
    b = Builder("count")
    x = b.scalar("x", 0, 3)
    increment(b, x, "A", 2)
    increment(b, x, "B", 2)
    b.property("both", "end", op("==", x[0], 2))
    ts, result = check(b)
    assert violated(ts, result) == {"both"}
    assert violation(ts, result, "both").depth == 4
    assert (result.terminal, result.depth) == (2, 4)


def test_every_interleaving_of_independent_steps_is_a_state() -> None:
    b = Builder("grid")
    for name in "ABC":
        p = b.context(name)
        for _ in range(4):
            p.stop()
            p.emit(ir.Nop())
        p.end()
    _, result = check(b)
    assert (result.states, result.transitions, result.depth) == (5**3, 3 * 4 * 5**2, 12)


def test_dead_locals_do_not_tell_states_apart() -> None:
    b = Builder("dead")
    p = b.context("A")
    v = p.local("v", 0, 3)
    p.stop()
    p.choose(v, 4)
    p.stop()
    p.branch(op("<", v, 2), "end")
    p.label("end")
    p.end()
    _, result = check(b)
    assert (result.states, result.transitions) == (1 + 4 + 1, 4 + 4)


def test_choose_gives_one_step_for_each_value() -> None:
    b = Builder("choose")
    x = b.scalar("x", 0, 9)
    p = b.context("A")
    v = p.local("v", 0, 9)
    p.stop()
    p.choose(v, 7)
    p.store(x, op("+", v, 1))
    p.end()
    b.property("below", "invariant", op("<", x[0], 7))
    b.property("assert2", "invariant", op("<", x[0], 3))
    ts, result = check(b)
    assert (result.states, result.transitions) == (8, 7)
    assert violation(ts, result, "below").path[-1][0] == 7
    assert violation(ts, result, "assert2").path[-1][0] == 3


def test_the_choice_of_a_failing_step_is_reported() -> None:
    b = Builder("choice")
    p = b.context("A")
    v = p.local("v", 0, 4)
    p.stop()
    p.choose(v, 5)
    p.branch(op("==", v, 3), "end")
    p.emit(ir.Finding(b.number("assert"), "three", False))
    p.label("end")
    p.end()
    ts, result = check(b)
    found = violation(ts, result, "assert")
    assert (found.context, found.choice, found.message, found.depth) == (0, 3, "three", 1)


def test_a_loop_of_steps_ends_when_states_repeat() -> None:
    b = Builder("loop")
    x = b.scalar("x", 0, 4)
    p = b.context("A")
    p.stop("again")
    p.store(x, op("%", op("+", x[0], 1), 5), goto="again")
    p.end()
    _, result = check(b)
    assert (result.states, result.transitions, result.terminal) == (5, 5, 0)


def test_a_loop_inside_a_step_runs_to_its_end() -> None:
    b = Builder("inner")
    x = b.scalar("x", 0, 100)
    p = b.context("A")
    i = p.local("i", 0, 100)
    p.stop()
    p.let(i, 0)
    p.label("again")
    p.store(x, op("+", x[0], 3))
    p.let(i, op("+", i, 1))
    p.branch(op("==", i, 20), "again")
    p.end()
    b.property("end", "end", op("==", x[0], 60))
    ts, result = check(b)
    assert (result.states, violated(ts, result)) == (2, set())


# ---------------------------------------------------------------- invariants and end properties


def test_an_invariant_is_evaluated_on_the_initial_state() -> None:
    b = Builder("initial")
    x = b.scalar("x", 0, 1)
    p = b.context("A")
    p.stop()
    p.store(x, 1)
    p.end()
    b.property("one", "invariant", x[0])
    ts, result = check(b)
    assert (violation(ts, result, "one").depth, result.states) == (0, 2)


def test_the_search_goes_on_past_a_violated_invariant() -> None:
    b = Builder("on")
    x = b.scalar("x", 0, 3)
    p = b.context("A")
    for value in (1, 2, 3):
        p.stop()
        p.store(x, value)
    p.end()
    b.property("first", "invariant", op("!=", x[0], 1))
    b.property("second", "invariant", op("!=", x[0], 3))
    ts, result = check(b)
    assert [(violation(ts, result, id).depth) for id in ("first", "second")] == [1, 3]


def test_end_properties_are_not_evaluated_in_a_deadlock() -> None:
    b = Builder("stuck")
    p = b.context("A")
    p.stop()
    p.wait(0)
    p.end()
    b.property("never", "end", 0)
    ts, result = check(b)
    assert violated(ts, result) == {"deadlock"}


# ---------------------------------------------------------------- bounds


def test_a_store_outside_its_field_cuts_the_step() -> None:
    b = Builder("cut")
    x = b.scalar("x", -1, 1)
    p = b.context("A")
    b.new_statement(p)
    p.stop("again")
    p.emit(b.cover("dropped"))
    p.store(x, op("-", x[0], 1), goto="again")
    p.end()
    ts, result = check(b)
    assert (result.states, result.transitions, result.cuts) == (2, 1, {"x holds -1..1 only": 1})
    assert (result.terminal, violated(ts, result), result.statements) == (0, set(), frozenset({0}))


def test_cuts_are_counted_by_their_sentence() -> None:
    b = Builder("cuts")
    p = b.context("A")
    v = p.local("v", 0, 3)
    p.stop()
    p.choose(v, 4)
    p.branch(op("<", v, 3), "far")
    p.emit(ir.Cut("near"))
    p.label("far")
    p.emit(ir.Cut("far"))
    p.end()
    _, result = check(b)
    assert (result.cuts, result.states, result.transitions) == ({"near": 3, "far": 1}, 1, 0)


def test_a_local_outside_its_range_cuts_the_step() -> None:
    b = Builder("local")
    x = b.scalar("x", 0, 9)
    p = b.context("A")
    v = p.local("v", 0, 5)
    p.stop()
    p.let(v, op("+", x[0], 6))
    p.end()
    _, result = check(b)
    assert result.cuts == {"v holds 0..5 only": 1}


# ---------------------------------------------------------------- locks, coverage


def test_lock_edges_lead_from_every_lock_held() -> None:
    b = Builder("edges")
    outer, _ = b.lock("outer", 2, 2)
    _, readers = b.lock("inner", 1, 2, readers=True)
    assert readers is not None
    p = b.context("A")
    p.stop()
    p.store(outer, 1, 1)
    p.emit(ir.Acquire(0, ir.Const(1), True, False, False))
    p.stop()
    p.store(readers, 1)
    p.emit(ir.Acquire(1, ir.Const(0), False, True, False))
    p.stop()
    p.store(outer, 1, 0)
    p.emit(ir.Acquire(0, ir.Const(0), True, True, True))
    p.end()
    _, result = check(b)
    pairs = {(e.held, e.held_write, e.taken, e.taken_write, e.bh_off, e.irq_off) for e in result.lock_edges}
    assert pairs == {
        (-1, False, 0, True, False, False),
        (-1, False, 1, False, True, False),
        (-1, False, 0, True, True, True),
        (0, True, 1, False, True, False),
        (0, True, 0, True, True, True),
        (1, False, 0, True, True, True),
    }
    longest: LockEdge = max(result.lock_edges, key=lambda e: len(e.path))
    assert len(longest.path) == 3


def test_statements_and_covers_of_steps_that_exist_are_reported() -> None:
    b = Builder("coverage")
    x = b.scalar("x", 0, 1)
    p = b.context("A")
    first = b.new_statement(p)
    p.stop()
    p.branch(x[0], "else")
    never = b.new_statement(p)
    p.emit(b.cover("never"))
    p.label("else")
    last = b.new_statement(p)
    p.emit(b.cover("always"))
    p.end()
    _, result = check(b)
    assert result.statements == {first, last}
    assert never not in result.statements
    assert result.covers == {1}


# ---------------------------------------------------------------- limits


def grid() -> ir.TransitionSystem:
    b = Builder("limited")
    for name in "ABC":
        p = b.context(name)
        for _ in range(9):
            p.stop()
            p.emit(ir.Nop())
        p.end()
    return b.build()


@pytest.mark.parametrize("most", [0, 1, 2, 10, 500, 998, 999, 1000, 1001])
def test_a_limit_of_states_ends_the_search_at_the_same_state(most: int) -> None:
    result = agreed(grid(), Limits(max_states=most))
    assert result.complete == (most >= 1000)
    assert result.complete or most < result.states <= most + 3


@pytest.mark.parametrize("most", [0, 1, 5, 26, 27, 28])
def test_a_limit_of_depth_keeps_deeper_states_out(most: int) -> None:
    result = agreed(grid(), Limits(max_depth=most))
    assert result.complete == (most > 27)
    assert result.depth == min(most, 27)
