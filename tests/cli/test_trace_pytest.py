"""`psockmc trace FILE --format pytest`: a test that performs the run again on the models of the checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from psockmc.cli import main

CHECK = ("check", "--engine", "reference", "two_additions", "--with", "models/variants/unlocked.py", "--traces", "t")


@pytest.fixture
def written(root: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The trace of the lost addition."""
    main(CHECK)
    capsys.readouterr()
    return root / "t" / "two_additions.I01.json"


def run_pytest(folder: Path) -> tuple[int, str]:
    """Run the tests of a folder as a user would."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout


def test_the_test_passes_and_fails_when_the_run_is_gone(
    written: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", str(written), "--format", "pytest"]) == 0
    (root / "test_it.py").write_text(capsys.readouterr().out)
    status, out = run_pytest(root)
    assert (status, "1 passed" in out) == (0, True), out
    variant = root / "models/variants/unlocked.py"
    variant.write_text(variant.read_text().replace("+= 1", "+= 2"))
    status, out = run_pytest(root)
    assert status == 1
    assert "the models have changed, and the run does not exist any more: step " in out
    assert "rerun.py" not in out, "the traceback should end in the test"


def test_a_trace_of_other_models_is_refused(written: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    variant = root / "models/variants/unlocked.py"
    variant.write_text(variant.read_text().replace("+= 1", "+= 2"))
    assert main(["trace", str(written), "--format", "pytest"]) == 2
    assert "this trace is not one of the models as they are now: " in capsys.readouterr().err


def test_the_test_runs_anywhere_in_the_checkout(
    written: Path, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root / "models")
    assert main(["trace", str(written), "--format", "pytest"]) == 0
    assert "models/variants/unlocked.py" in capsys.readouterr().out
