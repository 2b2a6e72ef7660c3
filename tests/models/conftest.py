"""The content of this checkout, loaded once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from psockmc import content
from psockmc.lang.tree import Program

ROOT = Path(__file__).parents[2]


@cache
def load() -> Program:
    """The program of the checkout without variants."""
    return content.load(ROOT)


@pytest.fixture
def program() -> Program:
    return load()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that take `scenario` run once for each; those that are not marked as quick are slow tests."""
    if "scenario" in metafunc.fixturenames:
        scenarios = load().scenarios
        slow = {name: () if scenarios[name].quick else (pytest.mark.slow,) for name in sorted(scenarios)}
        metafunc.parametrize("scenario", [pytest.param(name, marks=marks) for name, marks in slow.items()])
