"""Objects: what is allocated, freed, embedded and pointed to."""

from __future__ import annotations

import pytest

from psockmc.ir.lower import compile_scenario
from psockmc.lang import ModelErrors, load_source
from tests.ir.tiny import PRELUDE, Tiny, define

ITEM = """
class item(Struct):
    work: work_struct
    v: Int[0, 3]


class gate(Struct):
    item: Ptr[item]
    started: bool
    open: bool


gate0 = instance(gate)
"""


def test_every_work_item_of_an_array_has_a_worker() -> None:
    code = """
class pair(Struct):
    works: Array[work_struct, 2]


pair0 = instance(pair)


@user
def g(work: work_struct) -> None:
    box0.a += 1


@at_end("I01", "both ran")
def both_ran() -> bool:
    return box0.a == 2
"""
    body = [f"INIT_WORK(pair0.works[{i}], g)\nschedule_work(pair0.works[{i}])" for i in (0, 1)]
    tiny = Tiny(*body, code=code, properties="[both_ran]")
    assert [c.name for c in tiny.ts.contexts[1:]] == ["pair0.works[0]", "pair0.works[1]"]
    # the two race with each other for box0.a; else both run to their end
    assert set(tiny.violated) == {"data-race", "I01"}
    alone = [body[0], "while box0.a == 0:\n    pass", body[1]]
    assert set(Tiny(*alone, code=code, properties="[both_ran]").violated) == {"data-race"}


def test_a_work_item_for_every_context_is_refused() -> None:
    code = "class many(Struct):\n    works: Array[work_struct, CONTEXTS]\n\n\nmany0 = instance(many)\n"
    code += define("f", "schedule_work(many0.works[0])")
    text = f'{PRELUDE}\n{code}\ns = scenario("tiny", run=[process(f)])\n'
    with pytest.raises(ModelErrors) as caught:
        compile_scenario(load_source(text, "model.py"), "s")
    assert [d.code for d in caught.value.diagnostics] == ["E0903"]


def wait_in_worker(use: str, *, pools: int) -> Tiny:
    """A worker's function waits; meanwhile its object is freed and another one is allocated; then it does `use`."""
    code = ITEM + define("touch", "x.v = 1", params="x: Ptr[item]")
    code += define("g", "gate0.started = True", "while not gate0.open:\n    pass", use, params="work: work_struct")
    prepare = define("prepare", "p = kzalloc(item, GFP_ATOMIC)", "INIT_WORK(p.work, g)", "gate0.item = p")
    body = [
        "schedule_work(gate0.item.work)",
        "while not gate0.started:\n    pass",
        "kfree(xchg(gate0.item, NULL))",
        "gate0.item = kzalloc(item, GFP_ATOMIC)",
        "gate0.open = True",
    ]
    return Tiny(*body, code=code + prepare, setup="prepare", pools=f"{{item: {pools}}}")


@pytest.mark.parametrize("use", ['touch(container_of(work, item, "work"))', "schedule_work(work)"])
def test_the_object_of_a_running_worker_is_not_reused(use: str) -> None:
    assert "the pool of item has 1 objects only" in wait_in_worker(use, pools=1).result.cuts
    assert "use-after-free" in wait_in_worker(use, pools=2).violated


def test_the_object_of_a_worker_that_does_not_look_at_it_any_more_is_reused() -> None:
    tiny = wait_in_worker("box0.a = 1", pools=1)
    assert (tiny.result.cuts, set(tiny.violated)) == ({}, {"data-race"})


def test_a_lock_in_an_array_of_another_object_is_no_obstacle_to_a_free() -> None:
    code = "class many(Struct):\n    locks: Array[spinlock_t, 2]\n"
    body = ["p = kzalloc(many, GFP_ATOMIC)", "q = kzalloc(many, GFP_ATOMIC)", "spin_lock(p.locks[1])"]
    ends = ["kfree(q)", "spin_unlock(p.locks[1])", "kfree(p)"]
    assert Tiny(*body, *ends, code=code, pools="{many: 2}").violated == {}
    assert "lock-usage" in Tiny(*body, "kfree(p)", code=code, pools="{many: 2}").violated


def test_a_pool_without_objects_cuts() -> None:
    code = "class other(Struct):\n    z: Int[0, 3]\n"
    tiny = Tiny("p = kzalloc(other, GFP_ATOMIC)", "p.z = 1", "kfree(p)", code=code)
    assert tiny.result.cuts == {"the pool of other has 0 objects only": 1}


def test_a_function_may_be_the_argument_of_a_context() -> None:
    code = define("one", "x.a = 1", params="x: Ptr[box]") + define(
        "g", "h(box0)", params="h: Callable[[Ptr[box]], None]"
    )
    assert Tiny(code=code, run="process(g, one)").violated == {}


def test_an_index_beyond_the_contexts_is_out_of_bounds() -> None:
    code = "class per(Struct):\n    v: Array[Int[0, 3], CONTEXTS]\n\n\nper0 = instance(per)\n"
    assert set(Tiny("box0.a = per0.v[7]", code=code).violated) == {"out-of-bounds"}
    assert set(Tiny("per0.v[current()] = 1", "box0.a = per0.v[0]", code=code).violated) == set()


def test_allocations_of_the_setup_do_not_fail() -> None:
    tiny = Tiny("p = top0.box", "check(p != NULL, 'there')", setup="publish", may_fail="[box]", pools="{box: 1}")
    assert tiny.violated == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (["while box0.a == 0:\n    pass"], "never ends"),
        (["x = choose(2)", "box0.a = x"], "chooses"),
        (["box0.next.a = 1"], "fails at model.py:"),
        (["box0.a = 9", "box0.a += 1"], "holds 0..9 only"),
        (["wait_event(top0.wq, box0.a == 1)"], "it waits for something nobody will do"),
    ],
)
def test_a_setup_that_does_not_reach_its_end_is_refused(body: list[str], words: str) -> None:
    text = f"{PRELUDE}{define('prepare', *body)}{define('f', 'box0.a = 1')}"
    program = load_source(f'{text}\ns = scenario("tiny", run=[process(f)], setup=prepare)\n', "model.py")
    with pytest.raises(ModelErrors) as caught:
        compile_scenario(program, "s")
    (error,) = caught.value.diagnostics
    assert error.code == "E0901"
    assert words in error.message


def test_the_worker_of_a_static_object_holds_nothing() -> None:
    code = ITEM + define("g", 'touch(container_of(work, item, "work"))', params="work: work_struct")
    code += define("touch", "x.v = 1", params="x: Ptr[item]") + "\n\nitem0 = instance(item)\n"
    tiny = Tiny("INIT_WORK(item0.work, g)", "schedule_work(item0.work)", code=code)
    worker = tiny.ts.contexts[1]
    assert all(tiny.ts.cells[cell].pool < 0 for cell in worker.slots)
