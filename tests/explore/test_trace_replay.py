"""A violation is believed only when the reference interpreter fails in the same way: every other one is a ReplayError."""

from __future__ import annotations

from dataclasses import replace

import pytest

from psockmc.explore.lockorder import LOCK_ORDER
from psockmc.explore.replay import Recorder, ReplayError, run, schedule_of
from psockmc.explore.trace import build_trace
from psockmc.ir.system import Const, Property
from tests.render.tracing import CASES, Case, built, case


def refuse(found: Case, sentence: str | None, /, **changes: object) -> None:
    """The changed violation does not replay."""
    with pytest.raises(ReplayError, match=sentence):
        build_trace(found.ts, replace(found.violation, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CASES)
def test_every_violation_of_the_search_replays(name):
    found, trace = case(name), built(name)
    assert trace.property.id == CASES[name][2]
    completes = found.violation.context >= 0 and found.violation.depth == len(found.violation.path)
    assert len(trace.steps) == len(found.violation.path) - 1 + completes


@pytest.mark.parametrize("name", CASES)
def test_a_trace_is_the_same_every_time(name):
    found = case(name)
    assert build_trace(found.ts, found.violation, edges=found.edges) == built(name)


def test_the_path_must_begin_in_the_initial_state():
    found = case("invariant")
    refuse(found, "the path does not begin in the initial state", path=found.violation.path[1:])
    refuse(found, "the path does not begin in the initial state", path=())


def test_a_step_that_no_context_has_is_refused():
    found = case("invariant")
    path = found.violation.path
    refuse(found, "no context has a step from state 2 of the path to state 3", path=(*path[:3], *path[4:]))


def test_a_state_that_is_never_reached_is_refused():
    found = case("invariant")
    path = list(found.violation.path)
    path[-1] = (*path[-1][:-1], path[-1][-1] + 1)
    refuse(found, "no context has a step", path=tuple(path))


def test_the_finding_must_have_the_same_words():
    refuse(case("null-deref"), r"the last step does not raise null-deref \(other words\)", message="other words")


def test_the_finding_must_be_of_the_same_property():
    found = case("null-deref")
    refuse(found, "the last step does not raise use-after-free", property=found.ts.property_index("use-after-free"))


def test_the_failing_context_must_have_the_step():
    found = case("null-deref")
    refuse(found, "has no step with choice 5", choice=5)
    refuse(found, "there is no context 77", context=77)
    others = [c.index for c in found.ts.contexts if c.index != found.violation.context]
    for other in others:
        refuse(found, None, context=other)


def test_the_property_must_exist():
    refuse(case("leak"), "there is no property 99", property=99)


def test_an_invariant_must_be_false_in_the_last_state():
    found = case("invariant")
    refuse(found, "the last state of the path does not violate I90", path=found.violation.path[:-1])


@pytest.mark.parametrize("name", ["leak", "lost-wakeup", "end-property", "deadlock-work"])
def test_an_end_must_be_the_end(name):
    found = case(name)
    refuse(found, "is not the end", path=found.violation.path[:-1])


@pytest.mark.parametrize(
    ("name", "other"),
    [("leak", "deadlock"), ("lost-wakeup", "leak"), ("deadlock-work", "leak"), ("deadlock-work", "lost-wakeup")],
)
def test_an_end_must_violate_the_property(name, other):
    found = case(name)
    number = found.ts.property_index(other)
    refuse(found, f"the last state of the path does not violate {other}", property=number)


def test_end_properties_do_not_speak_of_deadlocks():
    found = case("deadlock-work")
    ts = replace(found.ts, properties=(*found.ts.properties, Property("I92", "never", "end", Const(0))))
    with pytest.raises(ReplayError, match="does not violate"):
        build_trace(ts, replace(found.violation, property=len(ts.properties) - 1))


def test_two_steps_that_do_not_conflict_are_no_race():
    found = case("data-race")
    refuse(found, "the two last steps do not violate", other_context=found.violation.context, other_choice=0)
    early = found.violation.path[:1]
    refuse(found, "the two last steps do not violate", path=early)


def test_a_race_is_of_the_property_data_race():
    found = case("data-race")
    refuse(found, "the two last steps do not violate", property=found.ts.property_index("deadlock"))


def test_an_order_of_locks_needs_an_acquisition():
    found = case("deadlock-work")
    ts = replace(found.ts, properties=(*found.ts.properties, Property(LOCK_ORDER, "one order", "builtin", None)))
    with pytest.raises(ReplayError, match="no lock is taken in the last state of the path"):
        build_trace(ts, replace(found.violation, property=ts.property_index(LOCK_ORDER)))


def test_an_order_of_locks_is_found_without_its_context():
    found = case("lock-order")
    trace = build_trace(found.ts, replace(found.violation, context=-1, choice=-1), edges=found.edges)
    assert trace == build_trace(found.ts, found.violation, edges=found.edges)


def test_an_edge_that_is_not_made_is_refused():
    found = case("lock-order")
    wrong = replace(found.edges[0], bh_off=not found.edges[0].bh_off)
    with pytest.raises(ReplayError, match="does not take the lock at the end of the edge's path"):
        build_trace(found.ts, found.violation, edges=(wrong,))


def test_a_schedule_that_cannot_be_performed_is_refused():
    found = case("deadlock-work")
    recorder = Recorder(found.ts)
    schedule = schedule_of(recorder, found.violation.path)
    with pytest.raises(ReplayError, match=r"step \d of the schedule cannot be performed"):
        run(recorder, [*schedule, *schedule])


def test_contexts_kept_off_their_cpu_have_no_move():
    found = case("same-cpu")
    recorder = Recorder(found.ts)
    steps = run(recorder, schedule_of(recorder, found.violation.path))
    state = steps[-1].after
    softirq = found.ts.contexts[1]
    kept_off = [recorder.kept_off_by(state, c) for c in found.ts.contexts]
    assert kept_off == [(softirq.index,), (), (softirq.index,)]
    assert {context for context, _ in recorder.moves(state)} == {softirq.index}
