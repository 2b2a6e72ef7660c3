"""`psockmc size`: what makes a scenario large."""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc.cli import main


def test_it_shows_fields_depths_and_that_these_are_all(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "two_additions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (value,) = (line.split() for line in lines if line.startswith("counter.value"))
    assert value == ["counter.value", "field", "3", "16"]
    assert any(line.split()[:2] == ["0", "1"] for line in lines)
    assert lines[-1] == "two_additions: 16 states, all of them"


def test_a_limit_is_said(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "two_additions", "--max-states", "5"]) == 0
    assert capsys.readouterr().out.endswith("two_additions: 5 states, the first; --max-states 50 looks further\n")


def test_an_unknown_scenario_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "two_addition"]) == 2
    assert "did you mean two_additions?" in capsys.readouterr().err
