"""Code that cannot run is not built, and costs nothing; whoever is wrong about that is told."""

from __future__ import annotations

import pytest

from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.verdict import Verdict, judge
from psockmc.ir import system as ir
from psockmc.ir.dataflow import Dataflow
from psockmc.ir.lower import compile_scenario
from psockmc.lang import load_source
from tests.ir.tiny import PRELUDE, Tiny, define

ATTACH = define("helper", "box1.c = 7", "box1.c = 8") + define(
    "attach",
    "parser = READ_ONCE(top0.box)",
    "xchg(box0.next, parser)",
    "if box0.next:\n    helper()",
)


def stores(ts: ir.TransitionSystem, field: str) -> int:
    """How many nodes store to a field."""
    return sum(
        isinstance(node.op, ir.Store) and ts.fields[node.op.field].name == field
        for context in ts.contexts
        for node in context.nodes
    )


def test_a_pointer_that_is_only_copied_from_null_stays_null() -> None:
    tiny = Tiny(code=ATTACH, run="process(attach)")
    assert stores(tiny.ts, "box.c") == 0
    assert not tiny.violated


def test_loads_and_stores_of_such_a_field_remain_steps() -> None:
    assert Tiny(code=ATTACH, run="process(attach)").result.states == 4


def test_fields_of_code_that_cannot_run_have_no_cells() -> None:
    names = {field.name for field in Tiny(code=ATTACH, run="process(attach)").ts.fields}
    assert "box.next" in names
    assert "box.c" not in names


def test_the_same_code_runs_when_somebody_else_sets_the_source() -> None:
    code = ATTACH + define("other", "top0.box = box1")
    tiny = Tiny(code=code, run="process(attach), process(other)")
    assert stores(tiny.ts, "box.c") == 2
    assert any("attach" in s.function or "helper" in s.function for s in tiny.ts.statements)


def test_work_items_of_code_that_cannot_run_have_no_worker() -> None:
    code = (
        "class job(Struct):\n    work: work_struct\n    on: bool\n\njob0 = instance(job)\n"
        + define("works", "box0.a = 1", params="work: work_struct")
        + define("start", "if job0.on:\n    INIT_WORK(job0.work, works)\n    queued = schedule_work(job0.work)")
    )
    assert [c.kind for c in Tiny(code=code, run="process(start)").ts.contexts] == ["process"]
    assert len(Tiny(code=code + define("on", "job0.on = True"), run="process(start), process(on)").ts.contexts) == 3


def test_a_worker_whose_item_nobody_queues_has_no_code() -> None:
    code = (
        "class job(Struct):\n    work: work_struct\n\njob0 = instance(job)\n"
        + define("works", "box0.a = 1", params="work: work_struct")
        + define("start", "INIT_WORK(job0.work, works)")
    )
    assert stores(Tiny(code=code, run="process(start)").ts, "box.a") == 0


def test_flags_that_nobody_sets_are_clear() -> None:
    code = define("f", "set_bit(LOW, box0.flags)", "if test_bit(HIGH, box0.flags):\n    box0.a = 1")
    assert stores(Tiny(code=code, run="process(f)").ts, "box.a") == 0


def test_flags_that_somebody_sets_are_not() -> None:
    code = define("f", "set_bit(LOW, box0.flags)", "if test_bit(LOW, box0.flags):\n    box0.a = 1")
    assert stores(Tiny(code=code, run="process(f)").ts, "box.a") == 1


def test_a_list_to_which_nothing_is_added_is_not_walked() -> None:
    code = define("f", "for x in top0.list:\n    x.a = 1")
    assert stores(Tiny(code=code, run="process(f)").ts, "box.a") == 0


def test_parameters_and_results_carry_values() -> None:
    code = (
        define("same", "return x", params="x: Ptr[box]", result="Ptr[box]")
        + define("f", "if same(top0.box):\n    box0.a = 1")
        + define("g", "top0.box = same(top0.box)")
    )
    assert stores(Tiny(code=code, run="process(f), process(g)").ts, "box.a") == 0


def test_a_field_with_two_values_is_not_taken_for_one() -> None:
    code = define("f", "box0.b = choose(2)", "if box0.b == 1:\n    box0.a = 1\nif box0.b == 2:\n    box0.a = 2")
    assert stores(Tiny(code=code, run="process(f)").ts, "box.a") == 1


def test_a_cover_of_the_environment_in_code_that_cannot_run_is_still_missed() -> None:
    code = define("f", "top0.box = top1.box", "if top0.box:\n    cover('there is one')")
    tiny = Tiny(code=code, run="process(f)")
    verdict = next(v for v in judge(tiny.ts, tiny.result, {}) if v.id == "cover")
    assert verdict.verdict is Verdict.UNDETERMINED
    assert "there is one" in verdict.basis


def test_an_object_that_is_allocated_has_its_default_again() -> None:
    code = (
        "class thing(Struct):\n    on: bool = True\n\n"
        + define("clear", "p = kzalloc(thing, GFP_ATOMIC)", "p.on = False", "kfree(p)")
        + define("f", "p = kzalloc(thing, GFP_ATOMIC)", "if p.on:\n    box0.a = 1", "kfree(p)")
    )
    tiny = Tiny(code=code, run="process(f)", setup="clear", pools="{thing: 1}")
    assert stores(tiny.ts, "box.a") == 1


@pytest.mark.parametrize("cond", ["box0.next", "not box0.next", "box0.next or box0.a", "box0.next and box0.a"])
def test_a_wrong_fact_cuts_the_run(cond: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The analysis is made to overlook a store: no verdict rests on what it says then."""
    overlooked = Dataflow._assign

    def forgetful(self: Dataflow, target: object, values: object) -> None:
        keep = None if getattr(target, "name", "") != "next" else frozenset((0,))
        overlooked(self, target, values if keep is None else keep)  # type: ignore[arg-type]

    monkeypatch.setattr(Dataflow, "_assign", forgetful)
    text = PRELUDE + define("f", "box0.next = box1", f"if {cond}:\n    box0.b = 1")
    ts = compile_scenario(load_source(text + '\ns = scenario("wrong", run=[process(f)])\n', "model.py"), "s")
    result = search_reference(ts, Limits(), None)
    assert any("thought never to get" in what for what in result.cuts)
    assert {v.verdict for v in judge(ts, result, {}) if v.id != "cover"} == {Verdict.UNDETERMINED}


def test_a_store_that_was_overlooked_altogether_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dataflow, "_write", lambda self, place, values: None)
    text = PRELUDE + define("f", "box0.a = 1") + '\ns = scenario("wrong", run=[process(f)])\n'
    with pytest.raises(AssertionError, match="thought never to change"):
        compile_scenario(load_source(text, "model.py"), "s")
