"""The reference interpreter: limits, counts, and what a search says beside its verdicts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.reference import OPERATORS, Interpreter, truncated_div
from psockmc.explore.result import SearchResult
from psockmc.ir import system as ir
from tests.ir.tiny import Tiny, define

COUNTER = Tiny("while True:\n    x = box0.a\n    box0.a = (x + 1) % 10", run="process(f), process(f)").ts


class Watcher:
    """A reporter that remembers, and interrupts when it is told to."""

    def __init__(self, interrupt: type[BaseException] | None = None) -> None:
        self.interrupt = interrupt
        self.states: list[int] = []

    def progress(self, states: int, transitions: int, depth: int, frontier: int, rate: float, memory: int) -> None:
        self.states.append(states)
        if self.interrupt:
            raise self.interrupt

    def done(self, result: SearchResult) -> None:
        raise AssertionError("the engine does not report its end")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(max_states=50), "states"),
        (Limits(max_depth=5), "depth"),
        (Limits(timeout=0.0), "seconds"),
    ],
)
def test_a_limit_gives_a_partial_result(limits: Limits, reason: str) -> None:
    whole, part = search_reference(COUNTER, Limits(), None), search_reference(COUNTER, limits, None)
    assert whole.complete
    assert not part.complete
    assert part.reason
    assert part.states < whole.states


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_search_gives_a_partial_result(error: type[BaseException]) -> None:
    result = search_reference(COUNTER, Limits(), Watcher(error))
    assert (result.complete, result.states) == (False, 1)
    assert result.reason


def test_progress_is_reported() -> None:
    watcher = Watcher()
    search_reference(COUNTER, Limits(), watcher)
    assert watcher.states[0] == 1


@pytest.mark.parametrize(
    ("a", "b", "quotient", "remainder"), [(7, 2, 3, 1), (-7, 2, -3, -1), (7, -2, -3, 1), (-7, -2, 3, -1), (7, 0, 0, 0)]
)
def test_division_truncates_as_in_c(a: int, b: int, quotient: int, remainder: int) -> None:
    assert (truncated_div(a, b), OPERATORS["%"](a, b)) == (quotient, remainder)


@pytest.mark.parametrize(("op", "args", "value"), [("<<", (1, 64), 0), ("<<", (1, 3), 8), (">>", (8, -1), 0), (">>", (-8, 1), -4), ("neg", (3,), -3)])  # fmt: skip
def test_operators_outside_their_range_give_0(op: str, args: Sequence[int], value: int) -> None:
    expr = ir.Op(op, tuple(ir.Const(a) for a in args))
    assert Interpreter(COUNTER).evaluate(expr, COUNTER.initial) == value


def test_a_load_outside_its_field_gives_0() -> None:
    field = next(i for i, f in enumerate(COUNTER.fields) if f.name == "box.a")
    outside = ir.Load(field, ir.Op("+", (ir.Const(7), ir.Const(0))))
    assert Interpreter(COUNTER).evaluate(outside, COUNTER.initial) == 0
    assert Interpreter(COUNTER).evaluate(ir.Load(field, ir.Const(-1)), COUNTER.initial) == 0


def test_findings_are_counted_and_the_first_one_is_kept() -> None:
    tiny = Tiny("x = choose(3)", "box0.next.a = x")
    number = tiny.ts.property_index("null-deref")
    assert tiny.result.fatal == {number: 3}
    (violation,) = tiny.result.violations
    assert (violation.depth, violation.context, len(violation.path)) == (3, 0, 3)


def test_coverage_counts_statements_of_steps_that_exist() -> None:
    tiny = Tiny("if box0.a == 1:\n    box0.b = 1", "cover('end')")
    ran = {tiny.ts.statements[i].text for i in tiny.result.statements}
    assert "if box0.a == 1:" in ran
    assert "box0.b = 1" not in ran
    assert tiny.covers == {"end"}


def test_locks_that_are_held_make_edges() -> None:
    code = "\nfrom psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh, rwlock_t\n"
    code += "\n\nclass pair(Struct):\n    rw: rwlock_t\n    one: spinlock_t\n\n\npair0 = instance(pair)\n"
    body = ["read_lock_bh(pair0.rw)", "spin_lock(pair0.one)", "spin_unlock(pair0.one)", "read_unlock_bh(pair0.rw)"]
    tiny = Tiny(*body, code=code)
    names = [lock.name for lock in tiny.ts.locks]
    edges = {
        (names[e.held] if e.held >= 0 else "", e.held_write, names[e.taken], e.taken_write, e.bh_off)
        for e in tiny.result.lock_edges
    }
    assert edges == {("", False, "pair.rw", False, True), ("", False, "pair.one", True, True), ("pair.rw", False, "pair.one", True, True)}  # fmt: skip


@pytest.mark.parametrize("keep", ["top0.box = p", "p.next = top0.box\ntop0.box = p", "list_add(p, top0.list)"])
def test_an_object_that_something_refers_to_is_not_leaked(keep: str) -> None:
    assert Tiny("p = kzalloc(box, GFP_ATOMIC)", keep, pools="{box: 1}").violated == {}


def test_two_objects_that_refer_to_each_other_are_leaked() -> None:
    body = ["p = kzalloc(box, GFP_ATOMIC)", "q = kzalloc(box, GFP_ATOMIC)", "p.next = q", "q.next = p"]
    assert set(Tiny(*body, pools="{box: 2}").violated) == {"leak"}


def test_what_a_sleeper_holds_is_not_leaked() -> None:
    body = ["p = kzalloc(box, GFP_ATOMIC)", "wait_event(top0.wq, READ_ONCE(box0.a) == 1)", "kfree(p)"]
    code = define("g", "box0.b = 2", "if box0.b == 1:\n    box0.a = 1")
    assert Tiny(*body, code=code, run="process(f), process(g)", pools="{box: 1}").violated == {}


def test_properties_of_the_end_are_not_evaluated_in_a_deadlock() -> None:
    code = '\n@at_end("I01", "a is 1")\ndef a_is_1() -> bool:\n    return box0.a == 1\n' + define("g", "pass")
    body = ["spin_lock(top0.lock)", "spin_lock(top1.lock)", "spin_unlock(top1.lock)", "spin_unlock(top0.lock)"]
    other = define("g", *(b.replace("top0", "t").replace("top1", "top0").replace("t.", "top1.") for b in body))
    tiny = Tiny(
        *body, code=code.replace(define("g", "pass"), other), run="process(f), process(g)", properties="[a_is_1]"
    )
    assert {"deadlock", "I01"} == set(tiny.violated)
    deadlock = next(v for v in tiny.result.violations if tiny.ts.properties[v.property].id == "deadlock")
    assert Interpreter(tiny.ts).stuck(deadlock.path[-1]) == [0, 1]
