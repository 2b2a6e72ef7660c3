"""Why a run fails: what is said is true of the run, and a swap is claimed only when it was performed."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from psockmc.explore.reference import Interpreter
from psockmc.explore.replay import Recorder, successor_of
from psockmc.explore.swap import OtherModel, Swapped, first_legal_swap
from psockmc.explore.why import excludes as excluding
from psockmc.explore.why import last_write, why
from tests.render.tracing import CASES, built, case


@cache
def of(name: str) -> tuple[str, ...]:
    """The sentences of a case."""
    return why(case(name).ts, built(name))


@cache
def swap(name: str) -> Swapped:
    """What came of the swaps of a case."""
    swapped = first_legal_swap(case(name).ts, built(name))
    assert swapped is not None
    return swapped


@pytest.mark.parametrize("name", CASES)
def test_there_are_at_most_three_sentences(name: str) -> None:
    sentences = of(name)
    assert len(sentences) <= 3
    assert all(sentence.endswith(".") for sentence in sentences)


@pytest.mark.parametrize("name", CASES)
def test_every_step_that_is_named_is_one_of_its_context(name: str) -> None:
    trace = built(name)
    for sentence in of(name):
        for label, number in re.findall(r"that of (.*?) in step (\d+)", sentence):
            assert trace.contexts[trace.steps[int(number) - 1].context].label == label


@pytest.mark.parametrize("name", CASES)
def test_the_last_write_is_the_last_to_its_cell_before_it_is_found(name: str) -> None:
    trace = built(name)
    write = last_write(trace)
    if write is None:
        return
    assert write.change in write.step.changes
    until = write.read - 1 if write.read else len(trace.steps)
    later = [c.cell for step in trace.steps[write.step.number : until] for c in step.changes]
    assert write.read or trace.failure.object or write.change.cell not in later
    if write.read:
        assert write.change.cell not in later
        assert any(a.cell == write.change.cell for a in trace.steps[write.read - 1].accesses)


def test_a_free_is_the_last_write_of_a_use_after_it() -> None:
    assert of("use-after-free")[0] == (
        "The last write is that of CPU1 in step 8, which freed psock0: kfree(psock) in sk_psock_drop()."
    )


def test_a_reader_that_nobody_waited_for_is_the_missing_guard() -> None:
    assert of("use-after-free")[1] == (
        "No grace period kept the two apart: CPU0 was an RCU reader from step 1 on, and the free did not wait for it."
    )


def test_two_accesses_without_a_common_lock_say_what_each_held() -> None:
    assert of("null-call")[1] == (
        "No lock kept the two apart: CPU0 held sk0.sk_callback_lock (write), CPU1 held no lock."
    )


@pytest.mark.parametrize(
    ("one", "other", "excludes"),
    [
        ("a.lock (write)", "a.lock (write)", True),
        ("a.lock (read)", "a.lock (write)", True),
        ("a.lock (read)", "a.lock (read)", False),
        ("a.lock (write)", "b.lock (write)", False),
    ],
)
def test_a_lock_that_both_hold_for_reading_keeps_nobody_apart(one: str, other: str, excludes: bool) -> None:
    assert excluding(one, other) == excludes


def test_those_who_wait_for_each_other_are_told_in_a_circle() -> None:
    assert of("deadlock-two-locks")[0] == (
        "They wait for each other: CPU0 holds psock0.ingress_lock and waits for sk0.sk_callback_lock; "
        "CPU1 holds sk0.sk_callback_lock and waits for psock0.ingress_lock."
    )


def test_a_leak_names_who_took_the_last_pointer_away() -> None:
    assert of("leak")[0].startswith(
        "The last write is that of CPU2 in step 17, psock0.ingress_msg [msg0, msg1] -> [msg1]"
    )


def test_sleeping_where_one_must_not_names_where_that_began() -> None:
    assert of("sleep-under-lock") == (
        "CPU2 has bottom halves off since step 1: spin_lock_bh(psock.ingress_lock) in sk_psock_lose_msg().",
    )


def test_a_swap_of_two_steps_is_really_legal() -> None:
    """Performed here again, by hand: the use comes before the free, and the run ends without a finding."""
    found = swap("use-after-free")
    assert (found.begin, found.middle, found.end) == (8, 9, 10)
    trace, ts = built("use-after-free"), case("use-after-free").ts
    steps = [*trace.steps[:7], trace.steps[8], trace.steps[7]]
    recorder, state = Recorder(ts), ts.initial
    for step in steps:
        after = successor_of(recorder, state, step.context, max(step.choice, 0))
        assert after is not None  # as written, the last step but one has no successor: it uses freed memory
        state = after
    assert not any(step.findings for step in Interpreter(ts).steps(state))


def test_where_no_two_steps_will_do_bursts_are_swapped() -> None:
    found = swap("null-call")
    assert (found.begin, found.middle, found.end) == (1, 3, 5)
    assert of("null-call")[2] == (
        "With steps 3 to 4 (CPU1) before steps 1 to 2 (CPU0) the run is legal: re-run so, to its end after 7 steps, it "
        "does not violate null-call."
    )


def test_no_swap_is_claimed_where_none_makes_it_legal() -> None:
    """Whoever adds last, two messages are counted."""
    assert swap("invariant").begin == 0
    assert "No swap of neighbouring steps or bursts of two contexts was seen to make it legal" in of("invariant")[-1]


@pytest.mark.parametrize("name", ["lock-order", "irq-inversion"])
def test_an_order_of_locks_is_no_matter_of_swaps(name: str) -> None:
    assert first_legal_swap(case(name).ts, built(name)) is None


def test_a_run_of_one_context_has_no_pairs() -> None:
    assert swap("double-free") == Swapped()
    assert not any("swap" in sentence for sentence in of("double-free"))


def test_a_trace_of_another_model_is_refused() -> None:
    with pytest.raises(OtherModel, match="write it anew with psockmc check --traces"):
        why(case("null-call").ts, built("use-after-free"))


def test_a_trace_that_tells_another_story_is_refused() -> None:
    trace = built("null-call")
    changed = replace(trace.steps[1], changes=())
    with pytest.raises(OtherModel):
        why(case("null-call").ts, replace(trace, steps=(trace.steps[0], changed, *trace.steps[2:])))


def test_a_property_that_the_model_has_not_is_refused() -> None:
    trace = built("null-call")
    with pytest.raises(OtherModel):
        why(case("null-call").ts, replace(trace, property=replace(trace.property, id="I77")))


def test_who_waits_for_itself_is_told_since_when_it_has_its_locks() -> None:
    (sentence, *_) = of("self-deadlock")
    assert re.fullmatch(r"CPU\d( softirq)? holds \S+ \(write\) since step \d+: .* in \w+\(\)\.", sentence)
