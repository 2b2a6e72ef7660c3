"""The content of this checkout, loaded once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from psockmc import content
from psockmc.cache import cache_folder
from psockmc.cli import console
from psockmc.explore.limits import Limits
from psockmc.lang.tree import Program
from psockmc.reports.made_from import load as load_made_from
from psockmc.run import Job, Options, Outcome, run

ROOT = Path(__file__).parents[2]
RESULTS = cache_folder() / "results"
"""Those of the user, not those of the tests."""


@cache
def load() -> Program:
    """The program of the checkout without variants."""
    return content.load(ROOT)


@pytest.fixture
def program() -> Program:
    return load()


@pytest.fixture
def outcome(request: pytest.FixtureRequest) -> Callable[[Job], Outcome]:
    """Runs a job as the commands do, without cached results; golden files may be written from those of the user."""
    cache = RESULTS if request.config.getoption("--update-goldens") else None

    def outcome_of(job: Job) -> Outcome:
        with console.events(1) as events:
            (outcome,) = run([job], Options("auto", Limits(), 1, cache), events)
        assert outcome.failure is None, outcome.detail
        return outcome

    return outcome_of


@pytest.fixture
def reported(request: pytest.FixtureRequest) -> Callable[[str, str, str], None]:
    """Compares a fingerprint with that from which the committed reports were made; nothing while goldens are written.

    Reports that were never written are the complaint of another test (tests/reports/test_committed.py).
    """
    made = load_made_from(ROOT / "reports")
    known = {"scenario": made.scenarios, "bug": made.bugs}

    def compare(kind: str, name: str, fingerprint: str) -> None:
        if known[kind] and not request.config.getoption("--update-goldens"):
            then = known[kind].get(name, "")
            assert then == fingerprint, f"the reports show another {kind} {name}: `psockmc report` writes them anew"

    return compare


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that take `scenario` run once for each; those that are not marked as quick are slow tests."""
    if "scenario" in metafunc.fixturenames:
        scenarios = load().scenarios
        slow = {name: () if scenarios[name].quick else (pytest.mark.slow,) for name in sorted(scenarios)}
        metafunc.parametrize("scenario", [pytest.param(name, marks=marks) for name, marks in slow.items()])
