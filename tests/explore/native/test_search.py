"""One behaviour of the transition system per test: what it must give, and that both engines give it."""

from __future__ import annotations

import pytest

from psockmc.explore.limits import Limits
from psockmc.explore.native import EngineError, search_native
from psockmc.explore.result import LockEdge, SearchResult, Violation
from psockmc.ir import system as ir
from tests.explore.native.agreement import agreed
from tests.explore.native.systems import Builder, FieldRef, PoolRef, Program, op


def violation(ts: ir.TransitionSystem, result: SearchResult, id: str) -> Violation:
    """The violation of a property; there must be one."""
    (found,) = [v for v in result.violations if ts.properties[v.property].id == id]
    return found


def violated(ts: ir.TransitionSystem, result: SearchResult) -> set[str]:
    return {ts.properties[v.property].id for v in result.violations}


def check(b: Builder) -> tuple[ir.TransitionSystem, SearchResult]:
    ts = b.build()
    return ts, agreed(ts)


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


# ---------------------------------------------------------------- waiting


def ordered_locks(b: Builder, name: str, first: FieldRef, second: FieldRef) -> None:
    """A context that takes two locks and releases them."""
    p = b.context(name)
    me = len(b.programs)
    for lock in (first, second):
        p.stop()
        p.wait(op("==", lock[0], 0))
        p.store(lock, me)
    for lock in (second, first):
        p.stop()
        p.store(lock, 0)
    p.end()


def test_two_locks_in_opposite_order_deadlock() -> None:
    b = Builder("abba")
    x, y = b.scalar("x", 0, 2), b.scalar("y", 0, 2)
    ordered_locks(b, "A", x, y)
    ordered_locks(b, "B", y, x)
    ts, result = check(b)
    found = violation(ts, result, "deadlock")
    assert (found.depth, found.path[-1][:2], found.context) == (2, (1, 2), -1)


def test_two_locks_in_one_order_do_not_deadlock() -> None:
    b = Builder("abab")
    x, y = b.scalar("x", 0, 2), b.scalar("y", 0, 2)
    ordered_locks(b, "A", x, y)
    ordered_locks(b, "B", x, y)
    ts, result = check(b)
    assert (violated(ts, result), result.terminal) == (set(), 1)


def test_a_wait_in_the_middle_of_a_step_drops_its_effects() -> None:
    b = Builder("dropped")
    x, go = b.scalar("x", 0, 1), b.scalar("go", 0, 1)
    p = b.context("A")
    b.new_statement(p)
    p.stop()
    p.store(x, 1)
    p.emit(b.cover("dropped"))
    p.emit(ir.Finding(b.number("assert"), "dropped", False))
    p.wait(go[0])
    p.end()
    ts, result = check(b)
    assert (result.states, result.covers, result.statements) == (1, frozenset(), frozenset())
    assert violated(ts, result) == {"deadlock"}


def test_a_context_that_waits_idly_is_no_deadlock() -> None:
    b = Builder("idle")
    p = b.context("W", "kworker")
    p.stop(active=False)
    p.wait(0, idle=True)
    p.end()
    ts, result = check(b)
    assert (violated(ts, result), result.terminal) == (set(), 1)


@pytest.mark.parametrize(("condition", "expected"), [(0, set()), (1, {"lost-wakeup"})])
def test_asleep_with_a_true_condition_is_a_lost_wakeup(condition: int, expected: set[str]) -> None:
    b = Builder("asleep")
    ready, woken = b.scalar("ready", 0, 1), b.scalar("woken", 0, 1)
    sleeper = b.context("sleeper")
    seen = sleeper.local("seen", 0, 3)
    sleeper.stop()
    sleeper.let(seen, 2)
    sleeper.stop()
    sleeper.store(woken, 1)
    sleeper.let(seen, op("+", seen, 1))
    sleeper.wait(0, asleep=op("and", ready[0], op("==", seen, 3), op("==", woken[0], 0)))
    sleeper.end()
    setter = b.context("setter")
    setter.stop()
    setter.store(ready, condition)
    setter.end()
    ts, result = check(b)
    assert violated(ts, result) == expected
    if expected:
        assert violation(ts, result, "lost-wakeup").message.startswith("sleeper sleeps for ever")


def test_an_assumption_that_fails_removes_the_step_and_ends_nothing() -> None:
    b = Builder("assume")
    p = b.context("A")
    v = p.local("v", 0, 3)
    p.stop()
    p.choose(v, 4)
    p.emit(ir.Assume(op("==", v, 2)))
    p.stop()
    p.emit(ir.Assume(ir.Const(0)))
    p.end()
    ts, result = check(b)
    assert (result.states, result.transitions, result.terminal) == (2, 1, 0)
    assert violated(ts, result) == set()


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


# ---------------------------------------------------------------- objects


def allocator(b: Builder, pool: PoolRef, where: FieldRef, name: str = "A") -> None:
    """A context that allocates an object into `where`."""
    p = b.context(name)
    new = p.local("new", 0, len(b.pools[pool.number].objects), pool)
    p.stop()
    p.alloc(new, pool)
    p.store(where, new)
    p.end()


def test_alloc_takes_the_lowest_free_object() -> None:
    b = Builder("alloc")
    pool = b.pool("obj", 3, {"v": (0, 3, 2)}, live=1)
    slot = b.pointer("slot", pool)
    allocator(b, pool, slot)
    b.property("taken", "end", op("and", op("==", slot[0], 2), op("==", pool.v[op("-", slot[0], 1)], 2)))
    ts, result = check(b)
    assert violated(ts, result) == {"leak"}  # object 0 was live from the beginning, and nothing points to it
    assert violation(ts, result, "leak").message == "obj0 is never freed"


def test_alloc_cuts_when_the_pool_is_used_up() -> None:
    b = Builder("empty")
    pool = b.pool("obj", 1, {}, live=1)
    slot = b.pointer("slot", pool, start=1)
    allocator(b, pool, slot)
    _, result = check(b)
    assert result.cuts == {"the pool of obj has 1 objects only": 1}


@pytest.mark.parametrize(("dangling", "expected"), [(True, 2), (False, 1)])
def test_a_freed_object_is_reused_only_when_nothing_refers_to_it(dangling: bool, expected: int) -> None:
    b = Builder("reuse")
    pool = b.pool("obj", 2, {"v": (0, 3, 1)}, live=1)
    old, new = b.pointer("old", pool, start=1), b.pointer("new", pool)
    p = b.context("A")
    p.stop()
    p.store(pool.v, 3, 0)
    p.stop()
    p.free(1, pool)
    p.store(old, 1 if dangling else 0)
    p.stop()
    p.emit(ir.Nop())
    p.end()
    q = b.context("B")
    v = q.local("v", 0, 2, pool)
    q.stop()
    q.wait(op("==", pool.status[0] if pool.status else 0, ir.FREED))
    q.alloc(v, pool)
    q.store(new, v)
    q.end()
    b.property("which", "end", op("==", new[0], expected))
    b.property("reset", "end", op("==", pool.v[0], 1))
    ts, result = check(b)
    assert violated(ts, result) & {"which", "reset"} == set()


def test_a_pointer_in_a_slot_or_a_live_local_keeps_an_object_from_reuse() -> None:
    b = Builder("held")
    pool = b.pool("obj", 3, {}, live=2)
    root = b.array("root", 3, 0, 3, start=[0, 0, 0], pool=0)
    b.points_to(root, pool)
    p = b.context("A")
    slot, local, new = (p.local(n, 0, 3, pool) for n in ("slot", "local", "new"))
    p.stop()
    p.let(slot, 1)
    p.stop()
    p.let(local, 2)
    p.free(slot, pool)
    p.free(local, pool)
    p.alloc(new, pool, [slot, local])
    p.store(root, new, 0)
    p.store(root, slot, 1)
    p.store(root, local, 2)
    p.end()
    b.property("third", "end", op("==", root[0], 3))
    ts, result = check(b)
    assert "third" not in violated(ts, result)


@pytest.mark.parametrize(("pointer", "id"), [(0, "null-deref"), (1, "use-after-free"), (2, "use-after-free"), (3, "")])
def test_a_dereference_is_checked(pointer: int, id: str) -> None:
    b = Builder("deref")
    pool = b.pool("obj", 3, {}, live=3)
    slot = b.pointer("slot", pool, start=pointer)
    assert pool.status is not None
    b.initial[: b.fields[pool.status.number].count] = [ir.FREED, ir.FREE, ir.LIVE]
    p = b.context("A")
    p.stop()
    p.deref(slot[0], pool)
    p.end()
    q = b.context("B")
    q.stop()
    q.free(1, pool)
    q.store(slot, pointer)
    q.end()
    ts, result = check(b)
    assert violated(ts, result) - {"leak"} == ({id} if id else set())
    if id:
        found = violation(ts, result, id)
        assert (found.depth, found.context) == (1, 0)
        assert result.fatal == {b.number(id): 2}


def test_an_object_of_a_pool_without_a_status_is_always_live() -> None:
    b = Builder("static")
    pool = b.pool("obj", 2, {"v": (0, 1, 0)}, live=None)
    slot = b.pointer("slot", pool, start=2)
    p = b.context("A")
    p.stop()
    p.deref(slot[0], pool)
    p.store(pool.v, 1, op("-", slot[0], 1))
    p.end()
    ts, result = check(b)
    assert (violated(ts, result), result.states) == (set(), 2)


def test_a_static_object_is_no_leak() -> None:
    b = Builder("statics")
    pool = b.pool("obj", 3, {"next": (0, 3, 0)}, live=3, statics=1)
    b.points_to(pool.next, pool)
    b.initial[b.fields[pool.next.number].base] = 2
    p = b.context("A")
    p.stop()
    p.store(pool.next, 2)
    p.end()
    ts, result = check(b)
    assert violation(ts, result, "leak").message == "obj2 is never freed"


def test_what_static_objects_and_unfinished_contexts_reach_is_no_leak() -> None:
    b = Builder("reached")
    obj = b.pool("obj", 4, {"next": (0, 4, 0)}, live=4)
    b.points_to(obj.next, obj)
    static = b.pool("static", 1, {"head": (0, 4, 1), "ghost": (0, 4, 4)}, live=None)
    b.points_to(static.head, obj)
    b.points_to(static.ghost, obj, kind="ghost")
    first = b.fields[obj.next.number].base
    b.initial[first] = 2
    p = b.context("worker", "kworker")
    kept = p.local("kept", 0, 4, obj)
    p.stop()
    p.let(kept, 3)
    p.stop()
    p.wait(0, idle=True)
    p.store(obj.next, kept, 0)
    p.store(static.head, 1)
    p.end()
    ts, result = check(b)
    assert violated(ts, result) == {"leak"}
    assert violation(ts, result, "leak").message == "obj3 is never freed"


def test_a_fatal_finding_has_no_successor_but_is_a_transition() -> None:
    b = Builder("fatal")
    p = b.context("A")
    p.stop()
    p.emit(ir.Finding(b.number("assert"), "the end", True))
    p.end()
    q = b.context("B")
    for _ in range(2):
        q.stop()
        q.emit(ir.Nop())
    q.end()
    ts, result = check(b)
    assert (result.states, result.transitions, result.terminal) == (3, 3 + 2, 0)
    assert result.fatal == {b.number("assert"): 3}
    assert violation(ts, result, "assert").depth == 1


def test_a_finding_that_is_not_fatal_lets_the_step_go_on() -> None:
    b = Builder("warn")
    x = b.scalar("x", 0, 1)
    p = b.context("A")
    p.stop()
    p.emit(ir.Finding(b.number("assert"), "first", False))
    p.emit(ir.Finding(b.number("assert"), "second", False))
    p.store(x, 1)
    p.end()
    ts, result = check(b)
    assert (result.states, result.fatal, violation(ts, result, "assert").message) == (2, {}, "first")


# ---------------------------------------------------------------- data races


@pytest.mark.parametrize(
    ("writes", "marked", "expected"),
    [
        ((True, False), (False, True), True),
        ((True, True), (False, False), True),
        ((True, False), (True, True), False),
        ((False, False), (False, False), False),
    ],
)
def test_a_race_needs_a_write_and_a_plain_access(
    writes: tuple[bool, bool], marked: tuple[bool, bool], expected: bool
) -> None:
    b = Builder("race")
    x = b.array("x", 2, 0, 1)
    for name, write, mark in zip("AB", writes, marked, strict=True):
        p = b.context(name)
        p.stop()
        p.touches(x, 1, write=write, marked=mark)
        p.emit(ir.Nop())
        p.end()
    ts, result = check(b)
    assert violated(ts, result) == ({"data-race"} if expected else set())
    if expected:
        found = violation(ts, result, "data-race")
        assert (found.context, found.other_context, found.depth) == (0, 1, 1)


def test_accesses_to_different_cells_do_not_race() -> None:
    b = Builder("cells")
    x = b.array("x", 80, 0, 1)
    for name, index in (("A", 0), ("B", 64)):
        p = b.context(name)
        p.stop()
        p.touches(x, index, write=True)
        p.emit(ir.Nop())
        p.end()
    ts, result = check(b)
    assert violated(ts, result) == set()


def test_accesses_of_a_step_that_does_not_exist_do_not_race() -> None:
    b = Builder("excluded")
    x, lock = b.scalar("x", 0, 1), b.scalar("lock", 0, 1)
    for name in "AB":
        p = b.context(name)
        p.stop()
        p.wait(op("==", lock[0], 0))
        p.store(lock, 1)
        p.stop()
        p.touches(x, write=True)
        p.store(x, 1)
        p.stop()
        p.store(lock, 0)
        p.end()
    ts, result = check(b)
    assert violated(ts, result) == set()


def test_a_field_may_have_a_race_property_of_its_own() -> None:
    b = Builder("own")
    x, y, z = b.scalar("x", 0, 1), b.scalar("y", 0, 1), b.scalar("z", 0, 1)
    b.properties.append(ir.Property("data-race(y)", "no race on y", "builtin", None))
    for name in "AB":
        p = b.context(name)
        for where in (x, y, z):
            p.stop()
            p.touches(where, write=True)
            p.store(where, 1)
        p.end()
    ts, result = check(b)
    assert violated(ts, result) == {"data-race", "data-race(y)"}
    assert [violation(ts, result, id).depth for id in ("data-race", "data-race(y)")] == [1, 3]


def test_a_race_names_the_choices_of_both_contexts() -> None:
    b = Builder("choices")
    x = b.array("x", 3, 0, 1)
    for name in "AB":
        p = b.context(name)
        v = p.local("v", 0, 2)
        p.stop()
        p.choose(v, 3)
        p.touches(x, v if name == "A" else op("%", op("+", v, 1), 3), write=True)
        p.emit(ir.Nop())
        p.end()
    ts, result = check(b)
    found = violation(ts, result, "data-race")
    assert (found.choice, found.other_choice) == (0, 2)


# ---------------------------------------------------------------- fields of several words


def test_a_field_of_several_words_is_read_and_written_by_index() -> None:
    b = Builder("long")
    long = b.array("long", 7, -(2**29), 2**30, start=[0, 1, 2, 3, 4, 5, 6])
    p = b.context("A")
    i, j = p.local("i", 0, 6), p.local("j", 0, 6)
    p.stop()
    p.choose(i, 7)
    p.stop()
    p.choose(j, 7)
    p.store(long, op("+", long[op("-", 6, i)], op("*", op("-", j, 3), 2**27)), j)
    p.end()
    b.property("sixth", "invariant", op("<", long[5], 2**28))
    ts, result = check(b)
    assert result.states == 1 + 7 + 7 * 7
    assert violation(ts, result, "sixth").path[-1][5] == 6 + 2**28


def test_a_store_or_an_access_outside_its_field_is_an_internal_error() -> None:
    for touch in (False, True):
        b = Builder("outside")
        x, i = b.array("x", 2, 0, 3), b.scalar("i", 0, 3, start=2)
        for name in "AB":
            p = b.context(name)
            p.stop()
            if touch:
                p.touches(x, i[0], write=True)
                p.store(i, 0)
            else:
                p.store(x, i[0], i[0])
            p.end()
        with pytest.raises(EngineError, match=r"internal error: (a store|an access) outside its field in A"):
            search_native(b.build(), Limits(), None)


def test_a_step_that_never_ends_is_an_internal_error() -> None:
    b = Builder("endless")
    x = b.scalar("x", 0, 1)
    p = b.context("A")
    b.new_statement(p)
    p.stop()
    p.emit(ir.Nop())
    p.label("again")
    p.store(x, op("-", 1, x[0]), goto="again")
    p.end()
    with pytest.raises(EngineError, match=r"internal error: the step never ends in A at `s0` .m.py:0.; please report"):
        search_native(b.build(), Limits(), None)


def test_a_free_of_no_object_is_an_internal_error() -> None:
    b = Builder("free")
    pool = b.pool("obj", 1, {}, live=1)
    slot = b.pointer("slot", pool, start=0)
    p = b.context("A")
    p.stop()
    p.free(slot[0], pool)
    p.end()
    with pytest.raises(EngineError, match="internal error: a free of no object in A;"):
        search_native(b.build(), Limits(), None)


def test_a_violated_property_that_the_system_lacks_is_an_internal_error() -> None:
    b = Builder("lacking")
    b.properties = [p for p in b.properties if p.id != "deadlock"]
    p = b.context("A")
    p.stop()
    p.wait(0)
    p.end()
    with pytest.raises(EngineError, match="internal error: the system lacks a built-in property that is violated"):
        search_native(b.build(), Limits(), None)


# ---------------------------------------------------------------- scheduling on one CPU


def visitor(b: Builder, name: str, kind: str, seen: FieldRef, flag: FieldRef) -> None:
    """A context on CPU 0 that notes in `seen` whether `flag` is set when it begins."""
    p = b.context(name, kind, cpu=0)
    p.stop(active=False)
    p.store(seen, op("or", seen[0], flag[0]))
    p.stop()
    p.emit(ir.Nop())
    p.end()


@pytest.mark.parametrize(
    ("kind", "flags", "preempts"),
    [
        ("softirq", {}, True),
        ("softirq", {"bh_off": True}, False),
        ("softirq", {"irq_off": True}, False),
        ("softirq", {"preempt_off": True}, True),
        ("hardirq", {"bh_off": True}, True),
        ("hardirq", {"irq_off": True}, False),
        ("process", {}, True),
        ("process", {"preempt_off": True}, False),
        ("process", {"bh_off": True}, False),
        ("process", {"irq_off": True}, False),
    ],
)
def test_what_may_run_between_two_steps_of_a_task(kind: str, flags: dict[str, bool], preempts: bool) -> None:
    b = Builder("mask")
    flag, seen = b.scalar("flag", 0, 1), b.scalar("seen", 0, 1)
    p = b.context("task", cpu=0)
    p.stop()
    p.store(flag, 1)
    p.stop(**flags)
    p.store(flag, 0)
    p.end()
    visitor(b, "visitor", kind, seen, flag)
    b.property("alone", "invariant", op("==", seen[0], 0))
    ts, result = check(b)
    assert ("alone" in violated(ts, result)) == preempts


def test_a_task_does_not_run_while_a_softirq_of_its_cpu_is_active() -> None:
    b = Builder("nested")
    inside, bad = b.scalar("inside", 0, 1), b.scalar("bad", 0, 1)
    p = b.context("task", cpu=0)
    p.stop()
    p.store(bad, op("or", bad[0], inside[0]))
    p.end()
    q = b.context("irq", "softirq", cpu=0)
    q.stop(active=False)
    q.store(inside, 1)
    q.stop()
    q.store(inside, 0)
    q.end()
    b.property("nested", "invariant", op("==", bad[0], 0))
    ts, result = check(b)
    assert violated(ts, result) == set()


def test_two_softirqs_of_one_cpu_do_not_interleave() -> None:
    b = Builder("serial")
    for name in "AB":
        p = b.context(name, "softirq", cpu=0)
        for i in range(3):
            p.stop(active=i > 0)
            p.emit(ir.Nop())
        p.end()
    _, result = check(b)
    assert result.states == 4 * 4 - 2 * 2  # all pairs of places, but for both in the middle


def test_a_spin_on_a_lock_of_the_interrupted_task_is_a_deadlock() -> None:
    b = Builder("irq deadlock")
    lock = b.scalar("lock", 0, 1)
    for name, kind in (("task", "process"), ("irq", "softirq")):
        p = b.context(name, kind, cpu=0)
        p.stop(active=kind == "process")
        p.emit(ir.Nop())
        p.stop()
        p.wait(op("==", lock[0], 0))
        p.store(lock, 1)
        p.stop()
        p.store(lock, 0)
        p.end()
    ts, result = check(b)
    assert violated(ts, result) == {"deadlock"}


# ---------------------------------------------------------------- RCU


def test_a_grace_period_waits_for_the_readers_that_existed_at_its_start() -> None:
    b = Builder("rcu")
    grace = b.grace_period("gp", 2)
    freed, bad = b.scalar("freed", 0, 1), b.scalar("bad", 0, 1)
    pointer = b.scalar("pointer", 0, 1, start=1)
    reader = b.context("reader")
    seen = reader.local("seen", 0, 1)
    reader.stop()
    reader.emit(ir.Nop())
    reader.stop(reader=True)
    reader.let(seen, pointer[0])
    reader.stop(reader=True)
    reader.store(bad, op("and", seen, freed[0]))
    reader.end()
    updater = b.context("updater")
    updater.stop()
    updater.store(pointer, 0)
    updater.stop()
    updater.store(grace, ir.Readers(False))
    updater.stop()
    updater.wait(op("==", grace[0], 0))
    updater.store(freed, 1)
    updater.end()
    b.property("safe", "invariant", op("==", bad[0], 0))
    b.property("over", "end", op("==", grace[0], 0))
    ts, result = check(b)
    assert violated(ts, result) == set()
    assert result.terminal == 1


def test_readers_takes_the_running_context_by_its_static_flag() -> None:
    b = Builder("self")
    sets = b.array("sets", 2, 0, 3)
    p = b.context("A")
    p.stop(reader=True)
    p.store(sets, ir.Readers(False), 0)
    p.store(sets, ir.Readers(True), 1)
    p.end()
    q = b.context("B")
    q.stop(reader=True)
    q.wait(0, idle=True)
    q.end()
    b.property("both", "end", op("and", op("==", sets[0], 2), op("==", sets[1], 3)))
    ts, result = check(b)
    assert violated(ts, result) == set()


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
