"""Outcomes of runs, made of recorded traces, for the forms that show a whole run."""

from __future__ import annotations

from psockmc.explore.result import SearchResult
from psockmc.explore.verdict import PropertyVerdict, Verdict
from psockmc.run import Failure, Outcome
from tests.render.tracing import recorded

HOSTILE = "\"]]></failure><script>alert(1)</script>&amp;\x00\x1b[31m\ud800\uffff\n'--"
"""Markup, a terminal's escape, and characters that XML cannot hold."""

RESULT = SearchResult("reference", 10, 20, 5, True, "", 1.25, (), (), {}, {}, frozenset(), frozenset(), 1)

HOLDS = PropertyVerdict("I01", "every addition is counted", Verdict.HOLDS, "exhaustive")
UNDECIDED = PropertyVerdict("I02", "nothing is lost", Verdict.UNDETERMINED, "partial: the time limit was reached")
GONE = PropertyVerdict("data-race", "no data races", Verdict.HOLDS, "exhaustive", expected=Verdict.VIOLATED)


def violated(id: str, expected: Verdict = Verdict.HOLDS, sentence: str = "what must not be") -> PropertyVerdict:
    """A violated property."""
    return PropertyVerdict(id, sentence, Verdict.VIOLATED, "a trace of 3 steps", expected=expected)


def outcome(*verdicts: PropertyVerdict, name: str = "a_scenario", **cases: str) -> Outcome:
    """An outcome with these verdicts. cases: recorded traces by property, `_` in place of `-`."""
    traces = {id.replace("_", "-"): recorded(case) for id, case in cases.items()}
    return Outcome(name, name, verdicts, RESULT, None, traces)


def failed(failure: Failure, verdict: Verdict, detail: str) -> Outcome:
    """A scenario that came to nothing."""
    return Outcome(
        "a_failure", "a_failure", (PropertyVerdict("*", "", verdict, "why"),), failure=failure, detail=detail
    )
