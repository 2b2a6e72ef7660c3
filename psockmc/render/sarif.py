"""A run of scenarios as SARIF 2.1.0, for what shows findings beside code: editors, code review, scanning services.

Each violation is a result: where it is in the model is its physical location, the function of the kernel its logical
one, and its run a code flow with a thread for each context. A violation that is expected is a warning with its reason.
What was not decided is a result of kind `open`; what holds is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from psockmc.explore.places import Where, where
from psockmc.explore.tracedata import Step, Trace
from psockmc.explore.verdict import PropertyVerdict, Verdict
from psockmc.render.wording import statement_text

if TYPE_CHECKING:
    from psockmc.run import Outcome

Why = Mapping[str, Mapping[str, str]]  # by scenario and property: the reason of an expectation
Json = dict[str, Any]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
UNDECIDED = (Verdict.UNDETERMINED, Verdict.ERROR)


def sarif(outcomes: Sequence[Outcome], why: Why, written: Mapping[str, tuple[str, int]], version: str) -> str:
    """The run as one JSON object. why: reasons of expectations. written: file and line of each scenario.

    version: that of psockmc.
    """
    shown = [(o, v) for o in outcomes for v in o.verdicts if v.verdict is not Verdict.HOLDS or not v.as_expected]
    sentences: dict[str, str] = {}
    for _, verdict in shown:
        sentences[verdict.id] = sentences.get(verdict.id) or verdict.sentence
    rules = list(sentences)
    results = [
        {
            "ruleId": verdict.id,
            "ruleIndex": rules.index(verdict.id),
            **_result(outcome, verdict, why.get(outcome.scenario, {}).get(verdict.id, ""), written),
        }
        for outcome, verdict in shown
    ]
    driver = {"name": "psockmc", "version": version, "rules": [_rule(id, text) for id, text in sentences.items()]}
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(outcomes)],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(id: str, sentence: str) -> Json:
    return {"id": id, "shortDescription": {"text": sentence}} if sentence else {"id": id}


def _invocation(outcomes: Sequence[Outcome]) -> Json:
    """Whether every scenario came to verdicts, and why not."""
    failed = [o for o in outcomes if o.failure is not None]
    said = [{"level": "error", "message": {"text": f"{o.name}: {o.detail}"}} for o in failed]
    whole: Json = {"executionSuccessful": not failed}
    return {**whole, "toolExecutionNotifications": said} if said else whole


# ---------------------------------------------------------------- results


def _result(outcome: Outcome, verdict: PropertyVerdict, reason: str, written: Mapping[str, tuple[str, int]]) -> Json:
    trace = outcome.traces.get(verdict.id)
    kind, level, message = _judgement(verdict, reason)
    result: Json = {
        "kind": kind,
        "level": level,
        "message": {"text": f"{outcome.name}: {message}"},
        "partialFingerprints": {"scenarioAndProperty/v1": f"{outcome.name}/{verdict.id}"},
    }
    properties = {"scenario": outcome.scenario, "basis": verdict.basis, "expected": str(verdict.expected)}
    at = _blamed(trace) if trace is not None else None
    if at is None:
        file, line = written.get(outcome.scenario, ("", 0))
        result["locations"] = [{"physicalLocation": _physical(file, line)}] if file else []
        return {**result, "properties": properties}
    assert trace is not None
    if at.kernel_function:
        properties |= {"kernelFile": at.kernel_file, "kernelFunction": at.kernel_function}
    return {**result, "locations": [_location(at)], "codeFlows": [_flow(trace)], "properties": properties}


def _judgement(verdict: PropertyVerdict, reason: str) -> tuple[str, str, str]:
    """Kind, level and text of a result."""
    if verdict.verdict in UNDECIDED:
        return "open", "none", f"{verdict.id} is {verdict.verdict}: {verdict.basis}"
    if verdict.verdict is Verdict.HOLDS:
        return "fail", "error", f"{verdict.id} holds, but it is expected to be {verdict.expected}"
    said = f"{verdict.id} is violated: {verdict.message or verdict.sentence}"
    if not verdict.as_expected:
        return "fail", "error", said
    return "fail", "warning", f"{said}. It is expected{f': {reason}' if reason else ''}"


def _blamed(trace: Trace) -> Where | None:
    """Where it fails: the failing statement, or the last step before a state that should not be."""
    if trace.failure.place is not None:
        return where(trace.calls, trace.failure.place)
    waiting = [wait.place for wait in trace.failure.waits]
    places = waiting or [step.place for step in trace.steps[-1:]]
    return where(trace.calls, places[0]) if places else None


# ---------------------------------------------------------------- locations


def _physical(file: str, line: int) -> Json:
    """A line of a file. Files of the content have relative names, which are those of the checkout."""
    artifact = (
        {"uri": f"file://{quote(file, errors='replace')}"}
        if file.startswith("/")
        else {"uri": quote(file, errors="replace"), "uriBaseId": "SRCROOT"}
    )
    physical: Json = {"artifactLocation": artifact}
    return {**physical, "region": {"startLine": line}} if line > 0 else physical


def _location(at: Where, message: str = "") -> Json:
    location: Json = {}
    if at.file:
        location["physicalLocation"] = _physical(at.file, at.line)
    name, file = at.kernel_function or at.function, at.kernel_file
    if name:
        full = f"{file}:{name}" if file else name
        location["logicalLocations"] = [{"name": name, "fullyQualifiedName": full, "kind": "function"}]
    return {**location, "message": {"text": message}} if message else location


def _flow(trace: Trace) -> Json:
    """The run: a thread for each context that takes part, its steps numbered as in every other form."""
    return {"threadFlows": list(_threads(trace))}


def _threads(trace: Trace) -> Iterator[Json]:
    for number, context in enumerate(trace.contexts):
        own = [step for step in trace.steps if step.context == number]
        if own:
            text = f"{context.label} ({context.kind}: {context.name})"
            yield {"id": context.name, "message": {"text": text}, "locations": [_stop(trace, step) for step in own]}


def _stop(trace: Trace, step: Step) -> Json:
    at = where(trace.calls, step.place)
    changes = [f"{c.cell} {c.old} -> {c.new}" for c in step.changes]
    message = f"{step.number}: {statement_text(at.statement) or at.function}"
    return {
        "location": _location(at, f"{message}  // {'; '.join(changes)}" if changes else message),
        "executionOrder": step.number,
    }
