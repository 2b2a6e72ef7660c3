"""Fewer context switches, the same run."""

from __future__ import annotations

import random

import pytest

from psockmc.explore.replay import Recorder, ReplayError, schedule_of, states_of
from psockmc.explore.tidy import fewest_switches, switches
from tests.render.tracing import CASES, case, searched


@pytest.mark.parametrize("name", CASES)
def test_the_state_at_the_end_and_the_length_stay(name):
    found = case(name)
    recorder = Recorder(found.ts)
    schedule = schedule_of(recorder, found.violation.path)
    tidied = fewest_switches(recorder, schedule, found.violation.context)
    assert len(tidied) == len(schedule)
    assert sorted(tidied) == sorted(schedule)
    states = states_of(recorder, tidied)
    assert states is not None
    assert states[-1] == tuple(found.violation.path[-1])
    assert switches(tidied, found.violation.context) <= switches(schedule, found.violation.context)


def test_steps_of_one_context_keep_their_order():
    found = case("three-contexts")
    recorder = Recorder(found.ts)
    schedule = schedule_of(recorder, found.violation.path)
    tidied = fewest_switches(recorder, schedule)
    for context in found.ts.contexts:
        own = [m for m in tidied if m[0] == context.index]
        assert own == [m for m in schedule if m[0] == context.index]


def random_run(recorder: Recorder, seed: int, length: int) -> list[tuple[int, int]]:
    """A random schedule that can be performed."""
    choose = random.Random(seed)
    state, schedule = recorder.ts.initial, []
    while len(schedule) < length:
        steps = [s for s in recorder.steps(state) if s.exists and not s.cut and s.state is not None]
        if not steps:
            break
        step = choose.choice(steps)
        assert step.state is not None
        schedule.append((step.context, step.choice))
        state = step.state
    return schedule


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    ("model", "scenario"), [("queue", "several"), ("callbacks", "same_cpu"), ("lifecycle", "close_against_delete")]
)
def test_random_runs_end_where_they_did(model, scenario, seed):
    ts = next(iter(searched(model, scenario).values())).ts
    recorder = Recorder(ts)
    schedule = random_run(recorder, seed, 25)
    states = states_of(recorder, schedule)
    tidied = fewest_switches(recorder, schedule)
    after = states_of(recorder, tidied)
    assert states is not None
    assert after is not None
    assert after[-1] == states[-1]
    assert switches(tidied) <= switches(schedule)
    assert fewest_switches(recorder, tidied) == tidied


def test_an_interleaved_run_of_independent_steps_becomes_two_bursts():
    recorder = Recorder(searched("queue", "several")["leak"].ts)
    # A sender allocates and takes its lock, while the reader gets ready to sleep: nobody sees the other.
    assert fewest_switches(recorder, [(0, 0), (3, 0), (0, 0), (3, 0)]) == ((0, 0), (0, 0), (3, 0), (3, 0))


def test_the_failing_context_counts_as_the_last():
    assert switches([(0, 0), (1, 0)]) == 1
    assert switches([(0, 0), (1, 0)], 0) == 2
    recorder = Recorder(searched("queue", "several")["leak"].ts)
    assert fewest_switches(recorder, [(0, 0), (3, 0)], 0) == ((3, 0), (0, 0))


def test_dependent_steps_stay():
    found = case("null-call")
    recorder = Recorder(found.ts)
    schedule = schedule_of(recorder, found.violation.path)
    tidied = fewest_switches(recorder, schedule, found.violation.context)
    assert [context for context, _ in tidied] == sorted(context for context, _ in tidied)


def test_a_schedule_that_cannot_be_performed_is_refused():
    found = case("deadlock-work")
    recorder = Recorder(found.ts)
    with pytest.raises(ReplayError, match="a schedule that is to be tidied cannot be performed"):
        fewest_switches(recorder, [(0, 0)] * 50)
