"""`psockmc trace SCENARIO PROPERTY`: the scenario is searched when there is no file."""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc.cli import main

LOST = ("trace", "two_additions", "I01", "--with", "models/variants/unlocked.py")


@pytest.mark.usefixtures("root")
def test_a_violation_is_shown_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LOST, "--format", "steps"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "# failure I01 is violated: every addition is counted"


@pytest.mark.usefixtures("root")
def test_it_is_the_trace_that_check_writes(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", *LOST[1:2], *LOST[3:], "--traces", "t"])
    capsys.readouterr()
    main(["trace", "t/two_additions.I01.json", "--format", "json"])
    written = capsys.readouterr().out
    main([*LOST, "--format", "json"])
    assert capsys.readouterr().out == written


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["two_additions", "I01"], "I01 is not violated in two_additions, so there is no trace of it"),
        (["two_addition", "I01"], "there is no scenario two_addition: did you mean two_additions?"),
        (["two_additions", "I1"], "there is no property I1: did you mean I01?"),
        (["two_additions"], "to search a scenario, name a property, too: psockmc trace two_additions PROPERTY"),
        (["t.json", "--with", "models/variants/unlocked.py"], "t.json is a trace with variants of its own"),
    ],
)
def test_what_cannot_be_shown_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_model_that_is_wrong_is_an_error(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = root / "models/counter.py"
    model.write_text(model.read_text() + "\n\nimport os\n")
    assert main(["trace", "two_additions", "I01"]) == 2
    assert "error[" in capsys.readouterr().err
