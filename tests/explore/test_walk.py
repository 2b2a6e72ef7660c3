"""Walks: every violation that a search finds can be walked to, and is said there."""

from __future__ import annotations

import pytest

from psockmc.explore.replay import schedule_of
from psockmc.explore.walk import Walk
from tests.render.tracing import CASES, case


def walked(name: str) -> Walk:
    """A walk along the violation of a case, its failing step included."""
    found = case(name)
    walk = Walk(found.ts)
    moves = list(schedule_of(walk.recorder, found.violation.path))
    if found.violation.context >= 0 and found.violation.other_context < 0:
        moves.append((found.violation.context, found.violation.choice))
    for move in moves:
        (option,) = (o for o in walk.options() if o.move == move)
        walk.take(option)
    return walk


@pytest.mark.parametrize("name", [n for n in CASES if CASES[n][2] != "lock-order"])
def test_a_walk_to_a_violation_says_it(name: str) -> None:
    walk, id = walked(name), CASES[name][2]
    findings = {e.text.partition(":")[0] for e in walk.steps[-1].events if e.kind == "finding"}
    assert id in findings | {violated for violated, _ in walk.violations()}


def test_nothing_follows_a_fatal_finding_but_one_can_go_back() -> None:
    walk = walked("use-after-free")
    assert walk.ended == "a fatal finding ends the run"
    assert walk.options() == []
    walk.undo()
    assert walk.options()


def test_going_back_and_forth_tells_the_same_steps() -> None:
    walk = walked("invariant")
    told = list(walk.steps)
    moves = [(step.context, max(step.choice, 0)) for step in told]
    while walk.undo():
        pass
    for move in moves:
        (option,) = (o for o in walk.options() if o.move == move)
        walk.take(option)
    assert list(walk.steps) == told


def test_fields_of_objects_that_are_not_live_are_not_shown() -> None:
    walk = walked("use-after-free")
    assert ("psock0", "freed") in list(walk.values())
    assert not any(name.startswith("psock0.") for name, _ in walk.values())
    while walk.undo():
        pass
    assert any(name.startswith("psock0.") for name, _ in walk.values())
