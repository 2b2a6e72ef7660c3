"""Every scenario gets the verdicts it expects, its numbers are pinned, and it is the one that the reports show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from psockmc.explore import native
from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.result import SearchResult
from psockmc.ir.lower import compile_scenario
from psockmc.lang.tree import Program
from psockmc.reports.material import scenario_fingerprint
from psockmc.run import Job, Outcome

needs_compiler = pytest.mark.skipif(bool(native.available()), reason="the native engine needs a C compiler")


def summary(result: SearchResult) -> tuple[object, ...]:
    """Everything in which the engines must agree."""
    violations = {v.property: (v.depth, v.message, v.path) for v in result.violations}
    edges = {replace(edge, path=()) for edge in result.lock_edges}
    counts = (result.states, result.transitions, result.depth, result.terminal, result.complete)
    return counts, violations, edges, result.cuts, result.fatal, result.statements, result.covers


@needs_compiler
def test_a_scenario_gets_its_verdicts(
    scenario: str,
    program: Program,
    outcome: Callable[[Job], Outcome],
    golden: Callable[[str, str], None],
    reported: Callable[[str, str, str], None],
) -> None:
    found = outcome(Job(scenario, program, scenario))
    assert found.result is not None
    assert not [f"{v.id} is {v.verdict}: {v.basis}" for v in found.verdicts if v.verdict != v.expected]
    numbers = found.result
    lines = [f"states {numbers.states}", f"transitions {numbers.transitions}", f"depth {numbers.depth}"]
    lines += [f"{v.id} {v.verdict}" for v in found.verdicts if v.verdict != "HOLDS"]
    golden("\n".join(lines) + "\n", f"{scenario}.txt")
    reported("scenario", scenario, scenario_fingerprint(program.scenarios[scenario], found))


@needs_compiler
@pytest.mark.slow
def test_the_engines_agree_on_a_scenario(scenario: str, program: Program) -> None:
    ts = compile_scenario(program, scenario)
    reference = search_reference(ts, Limits(max_states=50_000), None)
    if not reference.complete:
        pytest.skip("more than 50,000 states are too many for the reference interpreter")
    assert summary(native.search_native(ts, Limits(), None)) == summary(reference)
