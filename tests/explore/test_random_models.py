"""Both engines agree in every number on random models written in the modelling language."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from psockmc.explore import native
from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.result import SearchResult
from psockmc.explore.trace import build_trace
from psockmc.ir.dataflow import Dataflow
from psockmc.ir.lower import compile_scenario
from psockmc.lang import load_source

pytestmark = pytest.mark.skipif(bool(native.available()), reason="the native engine needs a C compiler")

PRELUDE = """
from psockmc.kernel.rcu import call_rcu, rcu_head, synchronize_rcu
from psockmc.kernel.refcount import refcount_dec_and_test, refcount_inc, refcount_inc_not_zero, refcount_t
from psockmc.kernel.rwlock import read_lock_bh, read_unlock_bh, rwlock_t, write_lock_bh, write_unlock_bh
from psockmc.kernel.spinlock import spin_lock, spin_lock_bh, spin_unlock, spin_unlock_bh, spinlock_t
from psockmc.kernel.wait import wait_queue_head, wake_up
from psockmc.kernel.work import INIT_WORK, cancel_work_sync, schedule_work, work_struct
from psockmc.lang import (
    GFP_ATOMIC, NULL, READ_ONCE, WRITE_ONCE, Callable, Int, ListHead, Ptr, Struct, at_end, atomic, check, choose, container_of,
    cover, instance, invariant, kfree, kzalloc, list_add, list_add_tail, list_del, list_empty, list_first_entry_or_null, live,
    eventually, kernel, process, rcu_read_lock, rcu_read_unlock, scenario, softirq, u8, user, wait_event, xchg,
)


class box(Struct):
    a: Int[0, 3]
    b: u8
    next: Ptr[box]
    refcnt: refcount_t
    rcu: rcu_head


class world(Struct):
    n: Int[0, 3]
    slot: Ptr[box]
    boxes: ListHead[box]
    lock: spinlock_t
    rw: rwlock_t
    wq: wait_queue_head
    work: work_struct


w = instance(world)


@user
def free_box(head: rcu_head) -> None:
    kfree(container_of(head, box, "rcu"))


@user
def worker(work: work_struct) -> None:
    w.n = 2
    wake_up(w.wq)


@user
def prepare() -> None:
    INIT_WORK(w.work, worker)
    p = kzalloc(box, GFP_ATOMIC)
    refcount_inc_or_set(p)
    w.slot = p


@user
def refcount_inc_or_set(p: Ptr[box]) -> None:
    p.refcnt.refs = 1


@invariant("I01", "n is not 3")
def n_is_small() -> bool:
    return w.n != 3


@invariant("I02", "the slot holds a live box")
def slot_is_live(x: Ptr[world]) -> bool:
    return x.slot == NULL or live(x.slot)


@eventually("I04", "n comes down again and again")
def n_comes_down(x: Ptr[world]) -> bool:
    return x.n == 0


@eventually("I05", "the slot is not empty for ever")
def slot_is_filled() -> bool:
    return w.slot != NULL


@at_end("I03", "the list is empty at the end")
def list_is_empty() -> bool:
    return list_empty(w.boxes)
"""

SIMPLE = [
    "w.n = x",
    "x = w.n",
    "x = READ_ONCE(w.n)",
    "WRITE_ONCE(w.n, x)",
    "w.n += 1",
    "x = 3 - x",
    "p = w.slot",
    "w.slot = p",
    "p = xchg(w.slot, NULL)",
    "p = kzalloc(box, GFP_ATOMIC)",
    "kfree(p)",
    "p.a = x",
    "x = p.a",
    "p.b = p.b - 1",
    "p.next = w.slot",
    "x = choose(4)",
    "cover('here')",
    "check(w.n == x, 'x is what it was')",
    "wake_up(w.wq)",
    "wait_event(w.wq, w.n == 2)",
    "queued = schedule_work(w.work)",
    "was = cancel_work_sync(w.work)",
    "synchronize_rcu()",
    "pass",
]
GUARDED = [
    "list_add(p, w.boxes)",
    "list_add_tail(p, w.boxes)",
    "list_del(p, w.boxes)",
    "p.a = 1",
    "refcount_inc(p.refcnt)",
    "if refcount_dec_and_test(p.refcnt):\n    call_rcu(p.rcu, free_box)",
    "if not refcount_inc_not_zero(p.refcnt):\n    p = NULL",
]
PAIRS = [
    ("spin_lock(w.lock)", "spin_unlock(w.lock)"),
    ("spin_lock_bh(w.lock)", "spin_unlock_bh(w.lock)"),
    ("read_lock_bh(w.rw)", "read_unlock_bh(w.rw)"),
    ("write_lock_bh(w.rw)", "write_unlock_bh(w.rw)"),
    ("rcu_read_lock()", "rcu_read_unlock()"),
]
CONDITIONS = ["x == 2", "w.n > 1", "p", "p and p.a", "not list_empty(w.boxes)", "x < w.n or not p"]


def indent(block: list[str]) -> list[str]:
    return [f"    {line}" for line in block]


def lines(statement: str) -> list[str]:
    return statement.split("\n")


@st.composite
def blocks(draw: st.DrawFn, depth: int = 2) -> list[str]:
    """A few statements."""
    result: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(
            st.sampled_from(
                ["simple", "simple", "guarded", "pair", "if", "for", "while", "atomic"] if depth else ["simple"]
            )
        )
        if kind == "simple":
            result += lines(draw(st.sampled_from(SIMPLE)))
        elif kind == "guarded":
            result += ["if p:", *indent(lines(draw(st.sampled_from(GUARDED))))]
        elif kind == "pair":
            before, after = draw(st.sampled_from(PAIRS))
            result += [before, *draw(blocks(depth=depth - 1)), after]
        elif kind == "if":
            result += [f"if {draw(st.sampled_from(CONDITIONS))}:", *indent(draw(blocks(depth=depth - 1)))]
            if draw(st.booleans()):
                result += ["else:", *indent(draw(blocks(depth=depth - 1)))]
        elif kind == "while":
            # what goes round takes a step in each round
            result += [f"while READ_ONCE(w.n) != {draw(st.integers(0, 3))}:", *indent(draw(blocks(depth=depth - 1)))]
        elif kind == "for":
            result += ["for i in range(2):", *indent(draw(blocks(depth=depth - 1)))]
        else:
            inner = [
                s for s in draw(blocks(depth=0)) if not any(word in s for word in ("choose", "wait", "sync", "kzalloc"))
            ]
            result += ["with atomic('one step'):", *indent(inner or ["w.n = 1"])]
    return result


@st.composite
def models(draw: st.DrawFn) -> str:
    """A model with two or three contexts."""
    text = PRELUDE
    runs = []
    for i in range(draw(st.integers(2, 3))):
        body = ["x: Int[0, 3] = 0", "p = w.slot", "queued = False", "was = False", *draw(blocks())]
        decorator = draw(st.sampled_from(["user", 'kernel("file.c")']))
        text += f"\n\n@{decorator}\ndef f{i}() -> None:\n" + "\n".join(indent(body)) + "\n"
        kind = draw(st.sampled_from(["process", "process", "softirq"]))
        cpu = draw(st.sampled_from(["", ", cpu=0"]))
        runs.append(f"{kind}(f{i}{cpu})")
    properties = "[n_is_small, slot_is_live, list_is_empty, n_comes_down, slot_is_filled]"
    run = ", ".join(runs)
    return text + f'\n\ns = scenario("random", setup=prepare, run=[{run}], pools={{box: 2}}, properties={properties})\n'


def summary(result: SearchResult) -> dict[str, object]:
    """Everything in which the engines must agree."""
    return {
        "counts": (result.states, result.transitions, result.depth, result.terminal, result.complete),
        "violations": {
            v.property: (v.depth, v.message, len(v.path), v.context, v.choice, v.goal, v.loop)
            for v in result.violations
        },
        "cuts": result.cuts,
        "fatal": result.fatal,
        "statements": result.statements,
        "covers": result.covers,
        "locks": {
            (e.held, e.held_write, e.taken, e.taken_write, e.context, e.bh_off, e.irq_off, len(e.path))
            for e in result.lock_edges
        },
    }


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(models())
def test_engines_agree_on_random_models(text: str) -> None:
    ts = compile_scenario(load_source(text, "random.py"), "s")
    reference = search_reference(ts, Limits(max_states=4000), None)
    assume(reference.complete)
    assert summary(native.search_native(ts, Limits(), None)) == summary(reference)
    for violation in reference.violations:
        if violation.goal >= 0:
            build_trace(ts, violation)  # replayed: it leads back to where it was, and is fair


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(models())
def test_leaving_out_code_that_cannot_run_changes_no_violation(text: str) -> None:
    program = load_source(text, "random.py")
    result = search_reference(compile_scenario(program, "s"), Limits(max_states=4000), None)
    assume(result.complete)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dataflow, "_add", lambda self, holder, values: add(self, holder, None))
        patch.setattr(Dataflow, "_noted", lambda self, expr, values: note(self, expr, None))
        ts = compile_scenario(program, "s")
    everything = search_reference(ts, Limits(), None)
    for one in (result, everything):
        assert not any("internal error" in what for what in one.cuts)
    assert found(result) == found(everything)
    # A local that only such code reads is dead without it, and states that differ in nothing else are one.
    assert result.states <= everything.states


add, note = Dataflow._add, Dataflow._noted


def found(result: SearchResult) -> tuple[object, ...]:
    """What depends neither on how statements and cells are numbered nor on how many states are one."""
    return {v.property: v.depth for v in result.violations}, set(result.cuts), set(result.fatal)
