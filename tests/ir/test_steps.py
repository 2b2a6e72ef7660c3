"""What is a step: the counts of tiny models, each worked out by hand."""

from __future__ import annotations

import pytest

from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.result import SearchResult
from psockmc.ir.lower import compile_scenario
from psockmc.lang import load_source

PRELUDE = """
from psockmc.lang import (
    CONTEXTS, NOBODY, NULL, Array, Callable, Const, Ctx, CtxSet, Enum, Flags, Ghost, GFP_ATOMIC, GFP_KERNEL, Int, ListHead, Lock,
    Ptr, READ_ONCE, Struct, WRITE_ONCE, assume, at_end, atomic, check, choose, clear_bit, cmpxchg, container_of, cover, current,
    hardirq, instance, invariant, kfree, kzalloc, list_add, list_add_tail, list_del, list_empty, list_first_entry_or_null,
    live, local_bh_disable, local_bh_enable, omits, preempt_disable, preempt_enable, process, rcu_read_lock, rcu_read_unlock,
    VIOLATED, scenario, set_bit, softirq, test_bit, u8, u32, s32, user, xchg,
)


class box(Struct):
    a: Int[0, 9]
    b: Int[0, 9]
    fixed: Const[Int[0, 9]] = 3
    ghost: Ghost[Int[0, 9]]
    byte: u8
    wide: u32
    signed: s32
    next: Ptr[box]
    call: Callable[[Ptr[box]], None]
    cells: Array[Int[0, 9], 3]


class anchor(Struct):
    box: Ptr[box]


box0 = instance(box)
anchor0 = instance(anchor)
"""


def explore(code: str, run: str = "process(f)", **options: str) -> SearchResult:
    """Search the scenario that runs `run`."""
    extra = "".join(f", {name}={value}" for name, value in options.items())
    text = f'{PRELUDE}\n{code}\n\ns = scenario("a test", run=[{run}]{extra})\n'
    return search_reference(compile_scenario(load_source(text, "model.py"), "s"), Limits(), None)


def violated(result: SearchResult, code: str, run: str = "process(f)", **options: str) -> set[str]:
    """Ids of the violated properties."""
    extra = "".join(f", {name}={value}" for name, value in options.items())
    text = f'{PRELUDE}\n{code}\n\ns = scenario("a test", run=[{run}]{extra})\n'
    ts = compile_scenario(load_source(text, "model.py"), "s")
    return {ts.properties[v.property].id for v in result.violations}


def function(*body: str) -> str:
    return "@user\ndef f() -> None:\n" + "".join(f"    {line}\n" for line in body)


@pytest.mark.parametrize(
    ("body", "steps"),
    [
        (["box0.a = 1"], 1),
        (["box0.a = box0.b"], 2),
        (["box0.a += 1"], 2),
        (["x = box0.fixed", "box0.a = x"], 1),
        (["box0.ghost = 4", "box0.a = 1"], 1),
        (["x = 1", "y = x + 1", "box0.a = y"], 1),
        (["WRITE_ONCE(box0.a, READ_ONCE(box0.b))"], 2),
        (["old = xchg(box0.a, 5)"], 1),
        (["old = cmpxchg(box0.a, 0, 5)"], 1),
        (["if box0.a and box0.b:", "    box0.a = 1"], 1),
        (["if not box0.a and not box0.b:", "    box0.a = 1"], 3),
        (["if box0.a or not box0.b:", "    box0.a = 1"], 3),
        (["with atomic('together'):", "    box0.a = box0.b + 1", "    box0.b = 2"], 1),
        (["for i in range(3):", "    box0.cells[i] = i"], 3),
        (["while box0.a < 2:", "    box0.a += 1"], 7),
        (["check(box0.a == 0, 'is zero')", "box0.a = 1"], 2),
        (["rcu_read_lock()", "box0.a = 1", "rcu_read_unlock()"], 2),
        (["preempt_disable()", "box0.a = 1", "preempt_enable()"], 1),
        (["x = 7 if box0.a else 8", "box0.b = x"], 2),
        (["p = kzalloc(box, GFP_ATOMIC)", "p.a = 1", "anchor0.box = p"], 3),
    ],
)
def test_number_of_steps(body: list[str], steps: int) -> None:
    result = explore(function(*body), pools="{box: 1}")
    assert (result.states, result.transitions, result.depth) == (steps + 1, steps, steps)
    assert not result.violations


def test_a_loop_counter_is_local() -> None:
    code = function("for i in range(3):", "    x = i", "box0.a = 1")
    assert explore(code).states == 2


def test_two_increments_interleave_and_one_can_be_lost() -> None:
    code = function("box0.a += 1") + '\n@at_end("I01", "both count")\ndef both() -> bool:\n    return box0.a == 2\n'
    options = {"run": "process(f), process(f)", "properties": "[both]"}
    result = explore(code, **options)
    assert violated(result, code, **options) == {"I01", "data-race"}


def test_marked_increments_do_not_race_but_still_lose() -> None:
    code = function("WRITE_ONCE(box0.a, READ_ONCE(box0.a) + 1)")
    code += '\n@at_end("I01", "both count")\ndef both() -> bool:\n    return box0.a == 2\n'
    options = {"run": "process(f), process(f)", "properties": "[both]"}
    assert violated(explore(code, **options), code, **options) == {"I01"}


def test_dead_locals_do_not_distinguish_states() -> None:
    code = function("x = choose(4)", "box0.a = x", "box0.a = 0", "box0.b = 1")
    # the start; four choices, four stores, then all is one again: 0 stored, 1 stored
    assert explore(code).states == 1 + 4 + 4 + 1 + 1


def test_c_integers_wrap() -> None:
    code = function("box0.byte = 255", "box0.byte += 1", "check(box0.byte == 0, 'wraps')",
                    "box0.wide = 0", "box0.wide -= 1", "check(box0.wide == 4294967295, 'wraps')",
                    "box0.signed = 2147483647", "box0.signed += 1", "check(box0.signed < 0, 'wraps')")  # fmt: skip
    assert not explore(code).violations


def test_a_failed_check_is_a_finding_and_the_run_goes_on() -> None:
    code = function("check(box0.a == 1, 'is one')", "box0.b = 1")
    result = explore(code)
    assert [v.message for v in result.violations] == ["is one"]
    assert result.depth == 2


def test_leaving_a_bound_cuts() -> None:
    code = function("box0.a = 9", "box0.a += 1", "box0.b = 1")
    result = explore(code)
    assert result.cuts == {"box.a holds 0..9 only": 1}
    assert result.depth == 2


def test_an_assumption_prunes() -> None:
    code = function("x = choose(4)", "assume(x == 2)", "box0.a = x")
    assert explore(code).states == 3


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (["p = box0.next", "p.a = 1"], "null-deref"),
        (["p = kzalloc(box, GFP_ATOMIC)", "kfree(p)", "p.a = 1"], "use-after-free"),
        (["p = kzalloc(box, GFP_ATOMIC)", "kfree(p)", "x = p.fixed"], "use-after-free"),
        (["p = kzalloc(box, GFP_ATOMIC)", "kfree(p)", "kfree(p)"], "double-free"),
        (["p = kzalloc(box, GFP_ATOMIC)"], "leak"),
        (["h = box0.call", "h(box0)"], "null-call"),
        (["i: Int[0, 9] = box0.a", "box0.cells[i + 3] = 1"], "out-of-bounds"),
        (["rcu_read_unlock()"], "rcu-usage"),
        (["x = box0.a // box0.b"], "undefined"),
        (["x = box0.wide << (box0.wide + 40)"], "undefined"),
        (["rcu_read_lock()"], "rcu-usage"),
        (["preempt_disable()"], "lock-usage"),
        (["kfree(box0)"], "bad-free"),
    ],
)
def test_findings(body: list[str], finding: str) -> None:
    code, options = function(*body), {"pools": "{box: 1}"}
    assert violated(explore(code, **options), code, **options) == {finding}


def test_a_freed_object_is_reused_only_when_nobody_points_to_it() -> None:
    code = function("p = kzalloc(box, GFP_ATOMIC)", "kfree(p)", "q = kzalloc(box, GFP_ATOMIC)", "kfree(q)",
                    "r = kzalloc(box, GFP_ATOMIC)", "kfree(r)", "check(p == r, 'never: p is still held')")  # fmt: skip
    result = explore(code, pools="{box: 2}")
    # p is live to the end, q is not: r takes the object that q had
    assert [v.message for v in result.violations] == ["never: p is still held"]
    assert not result.cuts


def test_a_used_up_pool_cuts() -> None:
    code = function("anchor0.box = kzalloc(box, GFP_ATOMIC)", "q = kzalloc(box, GFP_ATOMIC)", "anchor0.box = q")
    assert explore(code, pools="{box: 1}").cuts == {"the pool of box has 1 objects only": 1}


def test_a_call_through_a_pointer_dispatches_on_its_value() -> None:
    code = """
@user
def one(x: Ptr[box]) -> None:
    x.a = 1


@user
def two(x: Ptr[box]) -> None:
    x.a = 2


@user
def f() -> None:
    box0.call = one if choose() else two
    h = box0.call
    h(box0)
    check(box0.a == 1, "one was called")
"""
    result = explore(code)
    assert [v.message for v in result.violations] == ["one was called"]


def test_unbounded_recursion_is_a_finding() -> None:
    code = """
@user
def g(x: Ptr[box]) -> None:
    h = x.call
    h(x)


@user
def f() -> None:
    box0.call = g
    g(box0)
"""
    assert violated(explore(code), code) == {"recursion"}


def test_a_softirq_interrupts_the_process_of_its_cpu_but_not_the_other_way_round() -> None:
    code = function("box0.a = 1", "box0.a = 2") + "\n@user\ndef irq() -> None:\n    box0.b = 1\n    box0.b = 2\n"
    alone = explore(code, run="process(f), softirq(irq)")
    nested = explore(code, run="process(f, cpu=0), softirq(irq, cpu=0)")
    # process: 3 places; softirq: not begun, begun, after one store, done
    assert alone.states == 3 * 4
    assert nested.states == alone.states  # every place of one with every place of the other ...
    assert nested.transitions == 3 * 3 + 2 * 2  # ... but the process steps only while the softirq is not active


def test_bottom_halves_off_keep_the_softirq_out() -> None:
    code = function("local_bh_disable()", "box0.a = 1", "box0.a = 2", "local_bh_enable()")
    code += "\n@user\ndef irq() -> None:\n    check(box0.a != 1, 'never seen')\n"
    assert not explore(code, run="process(f, cpu=0), softirq(irq, cpu=0)").violations
    assert explore(code, run="process(f), softirq(irq)").violations


def test_a_function_whose_address_the_setup_has_left_behind_still_runs() -> None:
    code = """
@user
def g(x: Ptr[box]) -> None:
    x.a = 1


@user
def prepare() -> None:
    box0.call = g


@user
def f() -> None:
    h = box0.call
    h(box0)
    check(box0.a == 0, "g was not called")
"""
    result = explore(code, setup="prepare")
    assert [v.message for v in result.violations] == ["g was not called"]


def test_a_field_that_nobody_stores_to_keeps_the_value_of_the_setup() -> None:
    code = """
@user
def prepare() -> None:
    box0.a = 4


@user
def f() -> None:
    if box0.a == 4 and list_of_two():
        box0.b = 1


@user
def list_of_two() -> bool:
    return box0.cells[2] == 0
"""
    result = explore(code, setup="prepare")
    assert (result.states, result.transitions) == (4, 3)  # both loads are steps


def test_a_field_with_a_race_property_of_its_own_does_not_hide_other_races() -> None:
    code = function("box0.a = 1", "box0.b = 1")
    own = '{"data-race(box.a)": VIOLATED}'
    options = {"run": "process(f), process(f)", "expect": own, "why": '{"data-race(box.a)": "on purpose"}'}
    assert violated(explore(code, **options), code, **options) == {"data-race", "data-race(box.a)"}
    only = function("box0.a = 1")
    assert violated(explore(only, **options), only, **options) == {"data-race(box.a)"}
