"""SARIF: findings beside the code they are about."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from psockmc.explore.verdict import Verdict
from psockmc.render.sarif import sarif
from psockmc.run import Failure
from tests.render.outcomes import GONE, HOLDS, HOSTILE, UNDECIDED, failed, outcome, violated
from tests.render.tracing import CASES, recorded


def closed(required: str, **properties: object) -> dict[str, object]:
    """An object that has these properties and no other."""
    return {"type": "object", "properties": properties, "required": required.split(), "additionalProperties": False}


TEXT = {"type": "string"}
NUMBER = {"type": "integer", "minimum": 1}
MESSAGE = closed("text", text={"type": "string", "minLength": 1})
ARTIFACT = closed("uri", uri={"type": "string", "pattern": r"^[!-~]*$"}, uriBaseId={"const": "SRCROOT"})
PHYSICAL = closed("artifactLocation", artifactLocation=ARTIFACT, region=closed("startLine", startLine=NUMBER))
LOGICAL = closed("name fullyQualifiedName kind", name=TEXT, fullyQualifiedName=TEXT, kind={"const": "function"})
LOCATION = closed("", physicalLocation=PHYSICAL, logicalLocations={"type": "array", "items": LOGICAL}, message=MESSAGE)
STOP = closed("location executionOrder", location=LOCATION, executionOrder=NUMBER)
THREAD = closed("id locations", id=TEXT, message=MESSAGE, locations={"type": "array", "items": STOP, "minItems": 1})
FLOW = closed("threadFlows", threadFlows={"type": "array", "items": THREAD, "minItems": 1})
RESULT = closed(
    "ruleId ruleIndex kind level message locations",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    kind={"enum": ["pass", "open", "informational", "notApplicable", "review", "fail"]},
    level={"enum": ["none", "note", "warning", "error"]},
    message=MESSAGE,
    locations={"type": "array", "items": LOCATION},
    codeFlows={"type": "array", "items": FLOW},
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    properties={"type": "object"},
)
NOTIFICATION = closed("message level", message=MESSAGE, level={"const": "error"})
INVOCATION = closed(
    "executionSuccessful",
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications={"type": "array", "items": NOTIFICATION},
)
RULE = closed("id", id=TEXT, shortDescription=MESSAGE)
DRIVER = closed("name", name={"const": "psockmc"}, version=TEXT, rules={"type": "array", "items": RULE})
RUN = closed(
    "tool results",
    tool=closed("driver", driver=DRIVER),
    invocations={"type": "array", "items": INVOCATION},
    columnKind={"const": "unicodeCodePoints"},
    results={"type": "array", "items": RESULT},
)
PART_OF_SARIF = closed(
    "version runs",
    **{"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": {"type": "array", "items": RUN, "minItems": 1}},
)
"""The part of SARIF 2.1.0 that psockmc writes: its names, its words, and what the standard requires of them."""


def read(*outcomes, why=None):
    """The run object, of a document that is SARIF."""
    whole = json.loads(sarif(outcomes, why or {}, {"a_scenario": ("checks/it is.py", 7)}, "1.2"))
    jsonschema.validate(whole, {"required": [], **PART_OF_SARIF})
    (run,) = whole["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"] == "fail") == (result["level"] != "none")  # 3.27.10 of the standard
    assert len({rule["id"] for rule in rules}) == len(rules)
    return run


def one(*outcomes, why=None):
    """The only result."""
    (result,) = read(*outcomes, why=why)["results"]
    return result


def test_a_violation_is_an_error_where_the_model_fails():
    result = one(outcome(HOLDS, violated("use-after-free"), use_after_free="use-after-free"))
    assert (result["kind"], result["level"]) == ("fail", "error")
    (location,) = result["locations"]
    place = recorded("use-after-free").failure.place
    physical = location["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "lifecycle.py"
    assert place.file != "lifecycle.py"  # it fails inside a primitive, and the model's statement is what is shown
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "include/linux/skmsg.h:sk_psock_get"
    assert result["properties"]["kernelFile"] == "include/linux/skmsg.h"
    assert result["properties"]["kernelFunction"] == "sk_psock_get"


@pytest.mark.parametrize("name", CASES)
def test_each_kind_of_failure_is_sarif(name):
    trace = recorded(name)
    id = trace.property.id
    result = one(replace(outcome(violated(id)), traces={id: trace}))
    threads = result["codeFlows"][0]["threadFlows"]
    order = sorted(stop["executionOrder"] for thread in threads for stop in thread["locations"])
    assert order == [step.number for step in trace.steps]
    assert "uri" in result["locations"][0]["physicalLocation"]["artifactLocation"]


def test_an_expected_violation_is_a_warning_with_its_reason():
    found = outcome(violated("data-race", Verdict.VIOLATED), data_race="data-race")
    result = one(found, why={"a_scenario": {"data-race": "it reads plainly"}})
    assert result["level"] == "warning"
    assert result["message"]["text"].endswith("It is expected: it reads plainly")


def test_what_is_undecided_is_open():
    result = one(outcome(UNDECIDED))
    assert (result["kind"], result["level"]) == ("open", "none")
    assert "UNDETERMINED: partial: the time limit was reached" in result["message"]["text"]


def test_what_holds_is_no_result():
    assert read(outcome(HOLDS))["results"] == []


def test_an_expected_violation_that_is_gone_is_an_error_at_its_scenario():
    result = one(outcome(GONE))
    assert (result["kind"], result["level"]) == ("fail", "error")
    physical = result["locations"][0]["physicalLocation"]
    assert physical == {
        "artifactLocation": {"uri": "checks/it%20is.py", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 7},
    }


def test_the_rules_say_what_the_properties_say():
    (rule,) = read(outcome(violated("I07", sentence="it never leaks")))["tool"]["driver"]["rules"]
    assert rule == {"id": "I07", "shortDescription": {"text": "it never leaks"}}


def test_a_scenario_that_came_to_nothing_is_told_by_the_invocation():
    (invocation,) = read(failed(Failure.INTERNAL, Verdict.ERROR, "Traceback"))["invocations"]
    assert not invocation["executionSuccessful"]
    assert "Traceback" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_a_run_without_failures_was_successful():
    assert read(outcome(violated("I07")))["invocations"] == [{"executionSuccessful": True}]


def test_fingerprints_stay_and_tell_results_apart():
    results = read(outcome(violated("I07"), violated("I08")), outcome(violated("I07"), name="other"))["results"]
    prints = [result["partialFingerprints"]["scenarioAndProperty/v1"] for result in results]
    assert prints == ["a_scenario/I07", "a_scenario/I08", "other/I07"]


def test_hostile_names_stay_text():
    result = one(outcome(violated(HOSTILE, sentence=HOSTILE), name=HOSTILE))
    assert result["ruleId"] == HOSTILE
    assert HOSTILE in result["message"]["text"]


def test_hostile_file_names_are_quoted():
    trace = recorded("null-call")
    place = replace(trace.failure.place, file='models/"><x> é#?.py', path=())
    hostile = replace(trace, failure=replace(trace.failure, place=place))
    result = one(replace(outcome(violated("null-call")), traces={"null-call": hostile}))
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "models/%22%3E%3Cx%3E%20%C3%A9%23%3F.py"


def test_a_variant_outside_of_the_checkout_is_a_file_of_this_machine():
    trace = recorded("null-call")
    place = replace(trace.failure.place, file="/tmp/a variant.py", path=())
    outside = replace(trace, failure=replace(trace.failure, place=place))
    result = one(replace(outcome(violated("null-call")), traces={"null-call": outside}))
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///tmp/a%20variant.py"}
