"""`psockmc trace FILE --eval EXPR`."""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc.cli import main

TRACE = str(Path(__file__).parent.parent / "render" / "traces" / "use-after-free.json")


def test_each_step_that_changes_the_value_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", TRACE, "--eval", "sk0.sk_user_data == NULL"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "at first: false"
    assert second.startswith("step 6: true  // CPU1, ")


def test_an_expression_that_means_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", TRACE, "--eval", "nowhere.value"]) == 2
    assert "the trace has no nowhere.value" in capsys.readouterr().err
