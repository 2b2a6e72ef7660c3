"""JUnit XML: what a CI makes of a run."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from psockmc.explore.verdict import Verdict
from psockmc.render.junit import junit
from psockmc.run import Failure
from tests.render.outcomes import GONE, HOLDS, HOSTILE, UNDECIDED, failed, outcome, violated

EVERYTHING = (
    outcome(HOLDS, violated("use-after-free"), UNDECIDED, use_after_free="use-after-free"),
    outcome(violated("data-race", Verdict.VIOLATED), name="expected"),
    outcome(GONE, name="gone"),
    failed(Failure.MODEL, Verdict.ERROR, "models/x.py:3: wrong"),
)


def read(outcomes, why=None):
    """The document, parsed."""
    return ET.fromstring(junit(outcomes, why or {}))


def case(outcomes, name, why=None):
    """One test case."""
    (found,) = (c for c in read(outcomes, why).iter("testcase") if c.get("name") == name)
    return found


def test_the_counts_are_those_of_the_cases():
    root = read(EVERYTHING)
    suites = list(root)
    assert [s.get("name") for s in suites] == ["a_scenario", "expected", "gone", "a_failure"]
    for counted in (root, *suites):
        assert int(counted.get("tests")) == len(list(counted.iter("testcase")))
        assert int(counted.get("failures")) == len(list(counted.iter("failure")))
        assert int(counted.get("errors")) == len(list(counted.iter("error")))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("6", "2", "2")


def test_nothing_is_ever_skipped():
    assert not list(read(EVERYTHING).iter("skipped"))
    assert {suite.get("skipped") for suite in read(EVERYTHING)} == {"0"}


def test_a_case_is_at_most_one_of_failure_and_error():
    for found in read(EVERYTHING).iter("testcase"):
        assert {child.tag for child in found} <= {"failure", "error", "system-out"}
        assert len(found) <= 1


def test_what_holds_passes_without_a_word():
    assert len(case(EVERYTHING, "I01")) == 0


def test_a_violation_fails_with_its_diagram():
    (failure,) = case(EVERYTHING, "use-after-free")
    assert (failure.tag, failure.get("type"), failure.get("message")) == ("failure", "VIOLATED", "what must not be")
    assert "^ use of psock0 after it was freed by CPU1" in failure.text


def test_undetermined_is_an_error():
    (error,) = case(EVERYTHING, "I02")
    assert (error.tag, error.get("type")) == ("error", "UNDETERMINED")
    assert error.get("message") == "partial: the time limit was reached"


def test_undetermined_is_an_error_even_when_somebody_expects_it():
    (error,) = case([outcome(replace(UNDECIDED, expected=Verdict.UNDETERMINED))], "I02")
    assert error.tag == "error"


def test_an_expected_violation_passes_with_its_reason():
    (said,) = case([EVERYTHING[1]], "data-race", {"expected": {"data-race": "look() reads plainly"}})
    assert (said.tag, said.text) == ("system-out", "VIOLATED, as expected: look() reads plainly")


def test_an_expected_violation_that_is_gone_fails():
    (failure,) = case([EVERYTHING[2]], "data-race")
    assert failure.get("message") == "expected to be VIOLATED, but it holds"


def test_a_scenario_that_came_to_nothing_is_an_error_with_what_went_wrong():
    (error,) = case(EVERYTHING, "*")
    assert error.get("type") == "ERROR"
    assert "models/x.py:3: wrong" in error.text


def test_the_time_is_that_of_the_search():
    assert [suite.get("time") for suite in read(EVERYTHING)] == ["1.250", "1.250", "1.250", None]


@pytest.mark.parametrize("verdict", [Verdict.VIOLATED, Verdict.UNDETERMINED])
def test_hostile_names_stay_text(verdict):
    hostile = replace(violated(HOSTILE, sentence=HOSTILE), verdict=verdict, basis=HOSTILE)
    root = read([outcome(hostile, name=HOSTILE)], {HOSTILE: {HOSTILE: HOSTILE}})
    assert {element.tag for element in root.iter()} <= {"testsuites", "testsuite", "testcase", "failure", "error"}
    (found,) = root.iter("testcase")
    shown = HOSTILE
    for character in "\x00\x1b\ud800\uffff":
        shown = shown.replace(character, "\ufffd")
    assert found.get("name") == found.get("classname") == shown
    assert shown in found[0].text


def test_the_reason_of_a_hostile_model_stays_text():
    why = {"expected": {"data-race": HOSTILE}}
    (said,) = case([EVERYTHING[1]], "data-race", why)
    assert "<script>alert(1)</script>" in said.text
    assert len(said) == 0
