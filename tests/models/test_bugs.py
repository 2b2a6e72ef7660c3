"""Every bug of the corpus is found when it is put back; the way there is pinned as a diagram, and is in the reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from psockmc import content
from psockmc.corpus import Bug, load_corpus
from psockmc.explore import native
from psockmc.lang.tree import Program
from psockmc.render import render
from psockmc.reports.material import bug_fingerprint
from psockmc.run import Job, Outcome
from psockmc.variants import fix_diff, variant_diff

ROOT = Path(__file__).parents[2]
BUGS = {bug.id: bug for bug in load_corpus(ROOT) if bug.scenario}
FIRST = list(BUGS)[:9]
"""These are put back in the everyday tests; the others are slow tests."""


@pytest.mark.skipif(bool(native.available()), reason="the native engine needs a C compiler")
@pytest.mark.parametrize("id", [*FIRST, *(pytest.param(id, marks=pytest.mark.slow) for id in BUGS if id not in FIRST)])
def test_a_bug_put_back_is_found(
    id: str,
    outcome: Callable[[Job], Outcome],
    golden: Callable[[str, str], None],
    reported: Callable[[str, str, str], None],
) -> None:
    bug = BUGS[id]
    program = content.load(ROOT, [bug.variant])
    found = outcome(Job(id, program, bug.scenario, str(bug.variant.relative_to(ROOT))))
    assert bug.property in found.traces
    golden(render(found.traces[bug.property], "diagram"), f"{bug.id}.txt")
    reported("bug", id, bug_fingerprint((variant_diff(program), fix_diff(program)), found))


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_the_scenario_of_a_bug_expects_nothing_of_it(bug: Bug, program: Program) -> None:
    scenario = program.scenarios[bug.scenario]
    assert bug.property not in scenario.expect
    assert bug.id not in scenario.name + scenario.sentence
