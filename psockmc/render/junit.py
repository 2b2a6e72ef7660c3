"""A run of scenarios as JUnit XML, for a CI that shows tests: a suite for each scenario, a case for each property.

A verdict that is the expected one passes; of an expected violation the case says why it is expected. What was not
decided is an error and never a pass or a skip: nobody knows whether it holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from psockmc.explore.verdict import PropertyVerdict, Verdict
from psockmc.render import render

if TYPE_CHECKING:
    from psockmc.run import Outcome

Why = Mapping[str, Mapping[str, str]]  # by scenario and property: the reason of an expectation

UNDECIDED = (Verdict.UNDETERMINED, Verdict.ERROR)
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def junit(outcomes: Sequence[Outcome], why: Why) -> str:
    """The run as one XML document. why: the reasons of expectations."""
    root = ET.Element("testsuites", name="psockmc check")
    suites = [_suite(root, outcome, why.get(outcome.scenario, {})) for outcome in outcomes]
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, outcome: Outcome, why: Mapping[str, str]) -> ET.Element:
    verdicts = outcome.verdicts
    suite = ET.SubElement(root, "testsuite", name=_text(outcome.name))
    suite.set("tests", str(len(verdicts)))
    suite.set("failures", str(sum(_fails(v) for v in verdicts)))
    suite.set("errors", str(sum(v.verdict in UNDECIDED for v in verdicts)))
    suite.set("skipped", "0")
    if outcome.result is not None:
        suite.set("time", f"{outcome.result.seconds:.3f}")
    for verdict in verdicts:
        _case(suite, outcome, verdict, why.get(verdict.id, ""))
    return suite


def _fails(verdict: PropertyVerdict) -> bool:
    return verdict.verdict not in UNDECIDED and not verdict.as_expected


def _case(suite: ET.Element, outcome: Outcome, verdict: PropertyVerdict, reason: str) -> None:
    case = ET.SubElement(suite, "testcase", classname=_text(outcome.name), name=_text(verdict.id))
    if verdict.verdict in UNDECIDED:
        _say(case, "error", verdict, verdict.basis, outcome.detail)
    elif not verdict.as_expected:
        said = verdict.message or verdict.sentence
        message = said if verdict.verdict is Verdict.VIOLATED else f"expected to be {verdict.expected}, but it holds"
        _say(case, "failure", verdict, message, _picture(outcome, verdict))
    elif verdict.verdict is not Verdict.HOLDS:
        because = f": {reason}" if reason else ""
        ET.SubElement(case, "system-out").text = _text(f"{verdict.verdict}, as expected{because}")


def _say(case: ET.Element, kind: str, verdict: PropertyVerdict, message: str, text: str) -> None:
    said = ET.SubElement(case, kind, type=str(verdict.verdict), message=_text(message))
    said.text = _text("\n".join(filter(None, [verdict.sentence, verdict.basis, text])))


def _picture(outcome: Outcome, verdict: PropertyVerdict) -> str:
    """The diagram of a violation that has one."""
    trace = outcome.traces.get(verdict.id)
    return "" if trace is None else "\n" + render(trace)


def _text(text: str) -> str:
    """Text that XML can hold; what it cannot is shown as a replacement character."""
    return NOT_XML.sub("\ufffd", text)
