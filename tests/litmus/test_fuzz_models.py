"""The compiled models judge the executions of random tests as the naive model does, one candidate at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

import pytest
from hypothesis import HealthCheck, given, reject, settings

from psockmc.litmus.execution import RELATIONS, SETS, Execution, Rows, Skeleton
from psockmc.litmus.execution import Event as RealEvent
from psockmc.litmus.model import load_model
from psockmc.litmus.parser import parse
from psockmc.litmus.syntax import Test
from tests.litmus import naive
from tests.litmus.naive_model import Candidate, Judgement, Rel
from tests.litmus.random_tests import cycles, litmus_tests

MOST = 24
"""Candidates of one test that are compared."""

MOST_RUNS = 200
"""Tests of which one thread has more runs than these are given up."""

CLASSES = {"init": "IW", "acquire": "Acquire", "LKR": "Acquire", "release": "Release", "UL": "Release"}


def rows(relation: Rel, n: int) -> Rows:
    """The pairs as bit masks."""
    made = [0] * n
    for i, j in relation:
        made[i] |= 1 << j
    return made


def real(candidate: Candidate, judged: Judgement) -> Execution:
    """The candidate as psockmc represents it."""
    events, sets, n = [], dict.fromkeys(SETS, 0), len(candidate.events)
    for index, e in enumerate(candidate.events):
        marker = e.kind == "F" and e.location is not None
        tags = {e.tag, CLASSES.get(e.tag, ""), "Plain" if e.tag == "plain" else "Marked", "RMW" if e.rmw else ""}
        names = {*tags, "_", *((e.kind,) if not marker else ()), *(("M",) if e.kind in "RW" else ())} & set(SETS)
        for name in names:
            sets[name] |= 1 << index
        thread = -1 if e.thread is None else e.thread
        kind = "SRCU" if marker else e.kind
        events.append(RealEvent(index, thread, kind, frozenset(names - {"R", "W", "M", "F"}), e.location, None))
    relations = {
        **{name: getattr(candidate, name) for name in ("po", "addr", "data", "ctrl", "rmw")},
        "loc": judged.loc,
        "int": judged.internal,
        "ext": judged.external,
        "rcu-rscs": judged.rcu_sections,
        "srcu-rscs": judged.nested("srcu-lock", "srcu-unlock"),
    }
    assert set(relations) == set(RELATIONS)
    skeleton = Skeleton(tuple(events), sets, {k: rows(r, n) for k, r in relations.items()}, ("P0", "P1", "P2"))
    return Execution(skeleton, rows(candidate.rf, n), rows(candidate.co, n), values=candidate.values)  # type: ignore[arg-type]


def compare(text: str, name: str) -> None:
    """Every candidate is allowed by both models or by neither, and raises the same flags."""
    newest, model, test = name == "newest", load_model(name), parse(text)
    try:
        paths = naive.all_paths(test, naive.How(newest=newest, most_runs=MOST_RUNS))
    except naive.TooMuch:
        reject()
    for judged in islice(judgements(test, paths, newest=newest), MOST):
        execution = real(judged.c, judged)
        assert model.allowed(execution) == judged.allowed()
        if judged.allowed():
            raised = model.flags(execution)
            assert {flag.name for flag in raised} & {"data-race", "invalid-sleep"} == judged.flags()
            assert {pair for flag in raised if flag.name == "data-race" for pair in flag.pairs} == judged.races()


def judgements(test: Test, paths: list[list[naive.Path]], *, newest: bool) -> Iterator[Judgement]:
    """The naive judgements of all candidates."""
    for runs in product(*paths):
        joined = naive.join(test, runs)
        if naive.enough(joined):
            yield from (Judgement(candidate, newest=newest) for candidate in naive.candidates(joined))


@pytest.mark.parametrize("name", ["6.1", "newest"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=litmus_tests())
def test_models_judge_the_candidates_of_random_tests_alike(name: str, text: str) -> None:
    compare(text, name)


@pytest.mark.parametrize("name", ["6.1", "newest"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=cycles())
def test_models_judge_the_candidates_of_random_cycles_alike(name: str, text: str) -> None:
    compare(text, name)
