"""`psockmc trace FILE --format why`: the models that the trace is a run of are asked."""

from __future__ import annotations

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


def test_a_trace_is_explained(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(written), "--format", "why"]) == 0
    out = capsys.readouterr().out
    text = " ".join(out.split())
    assert text.startswith("two_additions: I01 is violated: every addition is counted The last write is that of ")
    assert "the run is legal: re-run so, to its end after" in text
    assert max(map(len, out.splitlines())) <= 75


def test_the_width_is_kept(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(written), "--format", "why", "--width", "40"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40


def test_a_model_that_has_changed_is_said(written: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    variant = root / "models/variants/unlocked.py"
    variant.write_text(variant.read_text().replace("+= 1", "+= 0 + 1"))
    assert main(["trace", str(written), "--format", "why"]) == 2
    assert "write it anew with psockmc check --traces" in capsys.readouterr().err


def test_a_variant_that_is_gone_is_said(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = (root / "models/variants/unlocked.py").rename(root / "mine.py")
    (root / "spec/bugs.toml").unlink()
    main([*CHECK[:4], "--with", "mine.py", "--traces", "t"])
    mine.unlink()
    assert main(["trace", "t/two_additions.I01.json", "--format", "why"]) == 2
    assert "the variant mine.py does not exist" in capsys.readouterr().err


def test_a_trace_of_a_bug_is_explained_too(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bugs", "--engine", "reference", "unlocked-addition", "--traces", "t"]) == 0
    capsys.readouterr()
    (file,) = (root / "t").glob("unlocked-addition*I01.json")
    assert main(["trace", str(file), "--format", "why"]) == 0
    assert "The last write is that of" in capsys.readouterr().out


def test_the_page_of_a_trace_says_why(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(written), "--format", "html"]) == 0
    seen = capsys.readouterr()
    assert "<h2>Why</h2>\n<p>The last write is that of " in seen.out
    assert seen.err == ""


def test_a_page_without_its_models_is_a_page_and_a_warning(
    written: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variant = root / "models/variants/unlocked.py"
    variant.write_text(variant.read_text().replace("+= 1", "+= 0 + 1"))
    assert main(["trace", str(written), "--format", "html"]) == 0
    seen = capsys.readouterr()
    assert "<h2>Why</h2>" not in seen.out
    assert "warning: the page does not say why: " in seen.err
