"""The page of statements that no scenario runs, and the file of reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc import content
from psockmc.content import UsageError
from psockmc.ir.system import Statement
from psockmc.reports import unrun
from psockmc.reports.material import Material
from psockmc.reports.unrun import Coverage, Reason
from tests.reports.harmless import require_harmless

LOST = Statement("models/life.py", 7, "return -1", "leave", "net/core/sock.c")
RUN = Statement("models/life.py", 5, "leave(sk)", "enter", "net/core/sock.c")
FOUND = Coverage(ran=frozenset({RUN}), unrun=frozenset({LOST}))


@pytest.fixture
def written(material: Material, monkeypatch: pytest.MonkeyPatch) -> Material:
    """A content in which something is not run."""
    monkeypatch.setattr(unrun, "coverage", lambda material: FOUND)
    return material


def reasons(material: Material, toml: str) -> tuple[Reason, ...]:
    (material.root / unrun.REASONS).write_text(toml, encoding="utf-8")
    return unrun.load_reasons(material.root, material.program)


def test_what_is_run_in_some_scenario_is_not_listed(material: Material) -> None:
    ((path, text),) = unrun.pages(material)
    assert path == "unrun.md"
    assert "0 of 3 statements" in text


def test_a_statement_stands_with_its_file_and_its_reason(written: Material) -> None:
    name = next(iter(written.program.functions))
    reasons(written, f'[[unrun]]\nfunction = "{name}"\nreason = "<b>never</b>"\n')
    ((_, text),) = unrun.pages(written)
    require_harmless(text)
    assert "1 of 2 statements" in text
    assert "## `net/core/sock.c`" in text
    assert "| `leave` | `return -1` |" in text


def test_a_reason_without_statements_is_about_the_whole_function() -> None:
    assert Reason("leave", "why").is_about(LOST)
    assert Reason("leave", "why", ("return -1",)).is_about(LOST)
    assert not Reason("leave", "why", ("return 0",)).is_about(LOST)
    assert not Reason("enter", "why").is_about(LOST)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason("leave", "why"), []),
        (Reason("enter", "why"), ["any statement of enter"]),
        (Reason("leave", "why", ("return -1", "return 0")), ["`return 0` of leave"]),
    ],
)
def test_a_reason_for_what_does_run_is_named(reason: Reason, said: list[str]) -> None:
    sentences = unrun.superfluous(FOUND, [reason])
    assert len(sentences) == len(said)
    assert all(part in sentence for part, sentence in zip(said, sentences, strict=True))


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[[unrun]", "is not TOML"),
        ("unrun = 1", "above each entry"),
        ('[[unrun]]\nfunction = "enter"', "a function and a reason"),
        ('[[unrun]]\nfunction = "nobody"\nreason = "why"', "no function 'nobody'"),
    ],
)
def test_a_wrong_file_of_reasons_is_refused(material: Material, toml: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        reasons(material, toml)


def test_the_committed_reasons_are_about_functions_of_the_models() -> None:
    root = Path(__file__).parents[2]
    assert unrun.load_reasons(root, content.load(root))
