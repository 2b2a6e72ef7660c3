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
    """Tests that take `scenario` run once for each."""
    if "scenario" in metafunc.fixturenames:
        metafunc.parametrize("scenario", sorted(load().scenarios))
