"""Objects, fields, races: what each must give, one behaviour per test, and that both engines give it."""

from __future__ import annotations

import pytest

from psockmc.explore.limits import Limits
from psockmc.explore.native import EngineError, search_native
from psockmc.ir import system as ir
from tests.explore.native.agreement import check, violated, violation
from tests.explore.native.systems import Builder, FieldRef, PoolRef, op

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


# ---------------------------------------------------------------- fields


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


def test_a_field_without_cells_is_read_as_0_in_a_property() -> None:
    """The struct has no objects in this scenario, and a property that says so may still speak of its fields."""
    b = Builder("nobody")
    x, none = b.scalar("x", 0, 3), b.array("none", 0, 1, 3)
    p = b.context("A")
    p.stop()
    p.store(x, 1)
    p.end()
    b.property("constant", "invariant", op("==", none[0], 0))
    b.property("variable", "invariant", op("==", none[x[0]], 0))
    b.property("otherwise", "invariant", none[x[0]])
    ts, result = check(b)
    assert violated(ts, result) == {"otherwise"}


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
