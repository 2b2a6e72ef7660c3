"""Tiny models for the tests of the lowering: a prelude with a struct of every kind of field, and how to search them."""

from __future__ import annotations

from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.result import SearchResult
from psockmc.ir.lower import compile_scenario
from psockmc.ir.system import TransitionSystem
from psockmc.lang import load_source

PRELUDE = """
from psockmc.kernel.refcount import refcount_dec_and_test, refcount_set, refcount_t
from psockmc.kernel.spinlock import spin_lock, spin_lock_bh, spin_unlock, spin_unlock_bh, spinlock_t
from psockmc.kernel.wait import wait_queue_head, wake_up
from psockmc.kernel.work import INIT_WORK, schedule_work, work_struct
from psockmc.lang import (
    CONTEXTS, GFP_ATOMIC, GFP_KERNEL, NOBODY, NULL, Array, Callable, Const, CtxSet, Flags, Ghost, Int, ListHead, Ptr, READ_ONCE, Struct, WRITE_ONCE,
    assume, at_end, atomic, eventually, kernel, check, choose, clear_bit, cmpxchg, container_of, count, cover, current, current_bit, hardirq, in_atomic,
    in_softirq, instance, local_irq_disable, local_irq_enable, invariant, kfree, kzalloc, list_add, list_add_tail, list_del, list_empty, list_first_entry_or_null,
    list_next_entry_or_null, live, local_bh_disable, local_bh_enable, omits, preempt_disable, preempt_enable, process, pure, rcu_held,
    rcu_read_lock, rcu_read_unlock, s32, scenario, set_bit, softirq, test_and_set_bit, test_bit, u8, u16, u32, u64, user,
    wait_event, xchg,
)


class bits(Flags):
    LOW = 0
    MIDDLE = 1
    HIGH = 2


class box(Struct):
    a: Int[0, 9]
    b: Int[0, 9]
    c: Int[0, 9]
    fixed: Const[Int[0, 9]] = 3
    ghost: Ghost[Int[0, 9]]
    yes: bool
    byte: u8
    wide: u32
    signed: s32
    flags: bits
    others: bits
    set: CtxSet
    next: Ptr[box]
    call: Callable[[Ptr[box]], None]
    cells: Array[Int[0, 9], 3]
    refcnt: refcount_t


class top(Struct):
    box: Ptr[box]
    list: ListHead[box]
    more: ListHead[box]
    wq: wait_queue_head
    lock: spinlock_t


box0 = instance(box)
box1 = instance(box)
top0 = instance(top)
top1 = instance(top)


@user
def publish() -> None:
    top0.box = kzalloc(box, GFP_ATOMIC)
"""


class Tiny:
    """A tiny model: its transition system, what the reference found, and the ids of the violated properties.

    code: added to the prelude; body: when given, the statements of a function `f`. options: those of the scenario.
    """

    ts: TransitionSystem
    result: SearchResult

    def __init__(self, *body: str, code: str = "", run: str = "process(f)", **options: str) -> None:
        extra = "".join(f", {name}={value}" for name, value in options.items())
        text = f"{PRELUDE}\n{code}\n{define('f', *body) if body else ''}\n"
        self.ts = compile_scenario(load_source(f'{text}\ns = scenario("tiny", run=[{run}]{extra})\n', "model.py"), "s")
        self.result = search_reference(self.ts, Limits(max_states=50_000), None)
        self.violated = {self.ts.properties[v.property].id: v.message for v in self.result.violations}
        self.covers = {self.ts.covers[number] for number in self.result.covers}


def define(name: str, *body: str, params: str = "", result: str = "None", decorator: str = "user") -> str:
    """A function of a model."""
    lines = "".join(f"    {line}\n" for statement in body for line in statement.split("\n"))
    return f"\n@{decorator}\ndef {name}({params}) -> {result}:\n{lines}"
