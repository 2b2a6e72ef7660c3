"""Answers to random litmus tests: verdict mode, count mode and the naive enumeration agree, and so do the models."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from psockmc.litmus.answer import Answer, Options, Verdict, decide
from psockmc.litmus.parser import parse
from tests.litmus import naive
from tests.litmus.random_tests import Shape, cycles, litmus_tests

MOST = 120
"""Candidates, and runs of one thread, that the naive enumeration may try for one test."""

FLAGS = {"data-race", "invalid-sleep"}

SAME = Shape(plain=False, atomics=False, srcu=False, unlock_lock_fence=False)
"""What both models speak of in the same way: no plain accesses, release sequences or SRCU, no fence after unlock and lock."""

fuzz = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
texts = st.one_of(litmus_tests(), cycles())


def answered(text: str, model: str, *, counts: bool) -> Answer:
    """psockmc's answer, which has to be one."""
    answer = decide(parse(text), Options(model=model, counts=counts, timeout=20))
    assume(answer.verdict is not Verdict.UNDETERMINED)
    return answer


def naively(text: str, how: naive.How) -> naive.Answer:
    """The naive answer; tests that take too long are given up."""
    try:
        return naive.decide(parse(text), replace(how, most=MOST, most_runs=MOST))
    except naive.TooMuch:
        reject()


@pytest.mark.parametrize("model", ["6.1", "newest"])
@settings(fuzz, max_examples=25)
@given(text=texts)
def test_counts_states_and_flags_are_those_of_the_naive_enumeration(model: str, text: str) -> None:
    compare(text, model)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["6.1", "newest"])
@settings(fuzz, max_examples=600)
@given(text=texts)
def test_counts_states_and_flags_of_many_tests(model: str, text: str) -> None:
    compare(text, model)


def compare(text: str, model: str) -> None:
    """Count mode and the naive enumeration find the same executions."""
    expected = naively(text, naive.How(newest=model == "newest", thin_air=True))
    assume(not expected.thin_air)
    answer = answered(text, model, counts=True)
    assert (answer.positive, answer.negative) == (expected.positive, expected.negative)
    assert answer.verdict == expected.verdict
    assert set(answer.states or ()) == expected.states
    assert set(answer.flags) & FLAGS == expected.flags


@pytest.mark.parametrize("model", ["6.1", "newest"])
@fuzz
@given(text=st.one_of(litmus_tests(Shape(accesses=12)), cycles()))
def test_verdict_mode_agrees_with_count_mode(model: str, text: str) -> None:
    quick, full = answered(text, model, counts=False), answered(text, model, counts=True)
    assert quick.verdict == full.verdict
    assert set(quick.flags) == set(full.flags)


@fuzz
@given(text=st.one_of(litmus_tests(replace(SAME, accesses=9)), cycles(SAME)))
def test_models_agree_where_nothing_has_changed(text: str) -> None:
    old, new = (answered(text, model, counts=True) for model in ("6.1", "newest"))
    assert (old.positive, old.negative, old.states, set(old.flags)) == (
        new.positive,
        new.negative,
        new.states,
        set(new.flags),
    )


@fuzz
@given(text=st.one_of(litmus_tests(Shape(srcu=False)), cycles(Shape(srcu=False))))
def test_the_newest_model_allows_no_more_than_that_of_6_1(text: str) -> None:
    # Without SRCU, whose sections 6.1 makes too long, the changes only add order.
    old, new = (answered(text, model, counts=True) for model in ("6.1", "newest"))
    assert new.states is not None
    assert old.states is not None
    assert new.states <= old.states
    assert ("data-race" in new.flags) <= ("data-race" in old.flags)


@settings(fuzz, max_examples=30)
@given(text=st.one_of(litmus_tests(Shape(threads=2, accesses=5)), cycles(Shape(threads=2))))
def test_srcu_markers_are_as_good_as_srcu_accesses(text: str) -> None:
    # tools/memory-model makes srcu_read_lock() a load and srcu_read_unlock() a store of the srcu_struct.
    assume("srcu_read_lock" in text)
    markers = naively(text, naive.How(newest=True))
    accesses = naively(text, naive.How(newest=True, srcu_accesses=True))
    assert (markers.verdict, markers.states, markers.flags) == (accesses.verdict, accesses.states, accesses.flags)
