"""What must happen in the end, under fair scheduling: small models with one behaviour each."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import pytest

from psockmc.explore import native
from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.replay import ReplayError
from psockmc.explore.result import SearchResult, Violation
from psockmc.explore.trace import build_trace
from psockmc.explore.tracedata import Trace
from psockmc.explore.verdict import Verdict, judge
from psockmc.explore.why import why
from psockmc.render import render
from psockmc.render.itf import itf_object
from tests.ir.tiny import Tiny, define

SCHEMA = json.loads((files("psockmc") / "schemas" / "trace.schema.json").read_text(encoding="utf-8"))


def goal(expression: str) -> str:
    """A goal G and its property."""
    return f'\n\n@eventually("G", "it comes to this")\ndef goal() -> bool:\n    return {expression}\n'


def kernel(name: str, *body: str, params: str = "") -> str:
    return define(name, *body, params=params, decorator='kernel("file.c")')


def live(run: str, code: str, expression: str, **options: str) -> Tiny:
    """The model, searched by both engines; every violated goal is replayed, and its trace outlives its JSON."""
    tiny = Tiny(code=code + goal(expression), run=run, properties="[goal]", **options)
    if not native.available():
        assert goals_missed(native.search_native(tiny.ts, Limits(), None)) == goals_missed(tiny.result)
    for missed in goals_missed(tiny.result).values():
        trace = build_trace(tiny.ts, missed)
        jsonschema.Draft202012Validator(SCHEMA).validate(trace.to_json())
        assert Trace.from_json(trace.to_json()) == trace
        assert len(trace.steps) == missed.depth
    return tiny


def goals_missed(result: SearchResult) -> dict[int, Violation]:
    """The lassos, by property."""
    return {v.property: v for v in result.violations if v.goal >= 0}


def violation(tiny: Tiny, id: str = "G") -> Violation:
    return next(v for v in tiny.result.violations if tiny.ts.properties[v.property].id == id)


WORK = (
    "class job(Struct):\n    work: work_struct\n    todo: Int[0, 3]\n    on: bool\n\njob0 = instance(job)\n"
    + kernel("again", "if job0.on:\n    queued = schedule_work(job0.work)", params="work: work_struct")
    + kernel(
        "drain", "job0.todo -= 1", "if job0.todo:\n    queued = schedule_work(job0.work)", params="work: work_struct"
    )
    + kernel("fill", "job0.todo = 2", "queued = schedule_work(job0.work)")
    + define("use_drain", "INIT_WORK(job0.work, drain)")
    + define("use_again", "INIT_WORK(job0.work, again)", "job0.on = True")
)


def test_a_worker_that_is_queued_drains_what_there_is() -> None:
    tiny = live("process(fill)", WORK, "job0.todo == 0", setup="use_drain")
    assert tiny.violated == {}


def test_data_that_no_worker_is_told_of_waits_for_ever() -> None:
    code = WORK + kernel("forget", "job0.todo = 2")
    tiny = live("process(forget)", code, "job0.todo == 0", setup="use_drain")
    found = violation(tiny)
    assert (set(tiny.violated), found.loop, found.depth) == ({"G"}, (), 1)


def test_user_space_need_not_do_anything() -> None:
    code = define("prepare", "box0.a = 1") + kernel("sys_read", "box0.a = 0")
    tiny = live("process(sys_read)", code, "box0.a == 0", setup="prepare")
    assert (violation(tiny).depth, violation(tiny).loop) == (0, ())


def test_a_system_call_that_has_begun_goes_on() -> None:
    code = kernel("sys_set", "box0.a = 1", "box0.b = 2", "box0.a = 0")
    assert live("process(sys_set)", code, "box0.a == 0").violated == {}


def test_between_two_system_calls_a_program_may_stay_for_ever() -> None:
    code = kernel("sys_set", "box0.a = 1") + kernel("sys_clear", "box0.a = 0")
    code += define("program", "sys_set()", "box0.b = 1", "sys_clear()")
    assert violation(live("process(program)", code, "box0.a == 0")).loop == ()


def test_an_interrupt_need_not_come() -> None:
    code = define("prepare", "box0.a = 1") + kernel("net_rx", "box0.a = 0")
    assert violation(live("softirq(net_rx)", code, "box0.a == 0", setup="prepare")).depth == 0


def test_an_interrupt_that_has_come_goes_on() -> None:
    code = kernel("net_rx", "box0.a = 1", "box0.b = 1", "box0.a = 0")
    assert live("softirq(net_rx)", code, "box0.a == 0").violated == {}


SPIN = kernel("spin", "while not READ_ONCE(box0.yes):\n    box0.b = 1")


def test_a_loop_that_nobody_ends_is_a_livelock() -> None:
    tiny = live("process(spin)", SPIN, "True")
    assert set(tiny.violated) == {"livelock"}
    assert len(violation(tiny, "livelock").loop) == 2


def test_a_loop_that_a_begun_context_ends_is_none() -> None:
    code = SPIN + kernel("release", "box0.a = 1", "WRITE_ONCE(box0.yes, True)")
    tiny = live("process(spin), process(release)", code, "box0.a == 0 or box0.yes")
    assert set(tiny.violated) == {"livelock"}  # release() need not begin
    assert all(tiny.ts.contexts[context].name == "spin" for context, _ in violation(tiny, "livelock").loop)
    begun = SPIN + kernel("both", "box0.a = 1", "queued = schedule_work(job0.work)", "spin()") + WORK
    begun += kernel("lets", "WRITE_ONCE(box0.yes, True)", params="work: work_struct") + define(
        "use_lets", "INIT_WORK(job0.work, lets)"
    )
    assert live("process(both)", begun, "True", setup="use_lets").violated == {}


def test_a_work_item_that_queues_itself_for_ever() -> None:
    code = WORK + kernel("start", "queued = schedule_work(job0.work)")
    tiny = live("process(start)", code, "not job0.work.pending and not job0.on", setup="use_again")
    assert violation(tiny).depth == 0  # job0.on remains, whether anything is queued or not
    tiny = live("process(start)", code, "not job0.work.pending", setup="use_again")
    assert tiny.violated == {}  # it is not pending while it runs
    tiny = live("process(start)", code, "not job0.work.pending and job0.work.running == NOBODY", setup="use_again")
    assert set(tiny.violated) == {"G"}
    assert len(violation(tiny).loop) >= 3


LOCKED = kernel("loop", "while not READ_ONCE(box0.yes):\n    spin_lock(top0.lock)\n    spin_unlock(top0.lock)")


def test_a_lock_that_is_free_again_and_again_is_given_to_everybody() -> None:
    code = LOCKED + kernel(
        "release", "box0.a = 1", "spin_lock(top0.lock)", "WRITE_ONCE(box0.yes, True)", "spin_unlock(top0.lock)"
    )
    tiny = live("process(loop), process(release)", code, "box0.a == 0 or box0.yes")
    assert set(tiny.violated) == {"livelock"}  # the one in which release() has not begun
    assert all(tiny.ts.contexts[context].name == "loop" for context, _ in violation(tiny, "livelock").loop)


def test_a_deadlock_meets_no_goal() -> None:
    code = kernel("f", "box0.a = 1", "spin_lock(top0.lock)", "spin_lock(top1.lock)", "box0.a = 0")
    code += kernel("g", "spin_lock(top1.lock)", "spin_lock(top0.lock)")
    assert {"G", "deadlock"} <= set(live("process(f), process(g)", code, "box0.a == 0").violated)


def test_a_sleeper_that_is_not_woken_waits_for_ever() -> None:
    code = kernel("reader", "box0.a = 1", "wait_event(top0.wq, box0.yes)", "box0.a = 0")
    assert violation(live("process(reader)", code, "box0.a == 0")).loop == ()


def test_each_object_has_a_goal_of_its_own() -> None:
    code = kernel("swing", "while True:\n    box0.a = 1\n    box0.a = 0\n    box1.a = 1\n    box1.a = 0")
    code += '\n\n@eventually("G", "each comes down")\ndef goal(x: Ptr[box]) -> bool:\n    return x.a == 0\n'
    tiny = Tiny(code=code, run="process(swing)", properties="[goal]")
    assert set(tiny.violated) == {"livelock"}


def test_memory_may_be_short_for_ever_where_a_scenario_says_that_it_may_be_short() -> None:
    code = kernel(
        "f",
        "box0.a = 1",
        "p = kzalloc(box, GFP_ATOMIC)",
        "while not p:\n    p = kzalloc(box, GFP_ATOMIC)",
        "box0.a = 0",
    )
    assert live("process(f)", code, "box0.a == 0", pools="{box: 1}").violated == {"leak": "box1 is never freed"}
    assert {"G", "livelock"} <= set(
        live("process(f)", code, "box0.a == 0", pools="{box: 1}", may_fail="[box]").violated
    )


SWING = kernel("swing", "while True:\n    box0.a = 1\n    box0.a = 0")


def test_a_loop_that_does_not_lead_back_is_no_lasso() -> None:
    tiny = live("process(spin)", SPIN, "True")
    found = violation(tiny, "livelock")
    with pytest.raises(ReplayError, match="lead back"):
        build_trace(tiny.ts, replace(found, loop=found.loop[:-1]))


def test_a_loop_that_is_not_fair_is_no_lasso() -> None:
    code = SPIN + kernel("release", "box0.a = 1", "WRITE_ONCE(box0.yes, True)")
    tiny = live("process(spin), process(release)", code, "True")
    found = violation(tiny, "livelock")
    begun = [*found.path]
    pc = tiny.ts.contexts[1].pc
    ready = next(s for s in range(len(tiny.ts.contexts[1].stops)) if tiny.ts.contexts[1].stops[s].active)
    begun[-1] = tuple(ready if cell == pc else value for cell, value in enumerate(begun[-1]))
    with pytest.raises(ReplayError):
        build_trace(tiny.ts, replace(found, path=tuple(begun)))


def test_a_loop_on_which_the_goal_is_met_is_no_lasso() -> None:
    tiny = live("process(swing)", SWING, "box0.a == 0")
    assert set(tiny.violated) == {"livelock"}
    found = violation(tiny, "livelock")
    number = next(i for i, g in enumerate(tiny.ts.goals) if g.expr is not None)
    with pytest.raises(ReplayError, match="its goal is met"):
        build_trace(tiny.ts, replace(found, goal=number, property=tiny.ts.goals[number].property))


def test_the_end_of_a_run_in_which_somebody_must_go_on_is_no_end() -> None:
    tiny = live("process(swing)", SWING, "box0.a == 0")
    found = violation(tiny, "livelock")
    with pytest.raises(ReplayError, match="not fair"):
        build_trace(tiny.ts, replace(found, loop=()))


def test_a_goal_that_every_fair_run_meets_holds_under_fair_scheduling() -> None:
    tiny = live("process(fill)", WORK, "job0.todo == 0", setup="use_drain")
    bases = {v.id: v.basis for v in judge(tiny.ts, tiny.result, {}) if v.verdict is Verdict.HOLDS}
    assert bases["G"] == bases["livelock"] == "exhaustive, under fair scheduling"


def test_a_lasso_says_how_long_its_parts_are() -> None:
    tiny = live("process(spin)", SPIN, "True")
    (verdict,) = (v for v in judge(tiny.ts, tiny.result, {}) if v.id == "livelock")
    assert verdict.basis == "a lasso: 2 steps, then 2 steps again and again"


def test_the_diagram_marks_where_the_loop_begins_and_where_it_goes_back() -> None:
    tiny = live("process(spin)", SPIN, "True")
    lines = [line.strip() for line in render(build_trace(tiny.ts, violation(tiny, "livelock")), "diagram").splitlines()]
    begin = lines.index("from here on, for ever (steps 3 to 4) ---->")
    end = lines.index("<---- and back to step 3, where everything is as it was")
    assert [line for line in lines[begin + 1 : end] if line] == [
        "while not READ_ONCE(box0.yes)",
        "box0.b = 1  // b stays 1",
    ]
    assert "verdict: VIOLATED livelock in 2 steps and a loop of 2;" in " ".join(lines)


def test_the_last_state_of_a_lasso_is_the_one_before_its_loop() -> None:
    tiny = live("process(spin)", SPIN, "True")
    whole = itf_object(build_trace(tiny.ts, violation(tiny, "livelock")))
    states = [{cell: value for cell, value in state.items() if cell != "#meta"} for state in whole["states"]]
    assert (whole["loop"], states[-1]) == (3, states[2])


def test_why_claims_no_swap_for_a_lasso() -> None:
    tiny = live("process(spin)", SPIN, "True")
    assert not any("swap" in sentence for sentence in why(tiny.ts, build_trace(tiny.ts, violation(tiny, "livelock"))))


def test_a_goal_may_read_an_element_of_an_array() -> None:
    code = kernel("sys_set", "box0.a = 2", "box0.cells[1] = 1", "box0.a = 1")
    tiny = live("process(sys_set)", code, "box0.cells[box0.a] == 0")
    assert len(tiny.ts.goals) > 0
    assert violation(tiny).depth == 3


def test_only_scenarios_that_ask_for_progress_are_checked_for_livelocks() -> None:
    tiny = Tiny(code=SPIN, run="process(spin)")
    assert tiny.ts.goals == ()
    assert "livelock" not in {p.id for p in tiny.ts.properties}


def test_an_incomplete_search_says_nothing_about_goals() -> None:
    tiny = live("process(spin)", SPIN, "True")
    result = search_reference(tiny.ts, Limits(max_states=2), None)
    verdicts = {v.id: v.verdict for v in judge(tiny.ts, result, {})}
    assert verdicts["livelock"] is verdicts["G"] is Verdict.UNDETERMINED


@pytest.mark.parametrize(
    ("run", "body", "reason"),
    [
        ("process(f)", ["box0.a = 1", "wait_event(top0.wq, box0.yes)", "box0.a = 0"], "CPU0 sleeps"),
        ("process(g), process(f)", ["box0.a = 1"], "CPU0 is in user space"),
        ("softirq(g), process(f)", ["box0.a = 1"], "CPU0 need not come"),
    ],
)
def test_a_run_that_may_end_says_why_nobody_goes_on(run: str, body: list[str], reason: str) -> None:
    tiny = live(run, kernel("f", *body) + kernel("g", "box0.a = 0"), "box0.a == 0")
    failure = build_trace(tiny.ts, violation(tiny)).failure
    assert failure.sentence == f"G is violated, as nothing more need happen ({reason}): it comes to this"
