"""Who may run and who waits: what that must give, one behaviour per test, and that both engines give it."""

from __future__ import annotations

import pytest

from psockmc.ir import system as ir
from tests.explore.native.agreement import check, violated, violation
from tests.explore.native.systems import Builder, FieldRef, op

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
