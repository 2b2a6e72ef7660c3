"""psock's claims about memory order: models/litmus/claims.toml says what each test must answer."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from psockmc.litmus.answer import Options, decide
from psockmc.litmus.parser import parse
from tests.litmus import naive

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "models" / "litmus"
FINDINGS = ROOT / "reports" / "findings"
ROWS: list[dict[str, Any]] = tomllib.loads((FOLDER / "claims.toml").read_text(encoding="utf-8"))["test"]
BY_FILE = {row["file"]: row for row in ROWS}
MODELS = ("6.1", "newest")
FORMS = {"right", "broken", "limit", "finding", "fixed"}


def expected(row: dict[str, Any], model: str) -> tuple[str, set[str]]:
    """The verdict and the flags that a model must give."""
    differing = {} if row["model"] == "both" else row["model"]
    row = differing.get(model, row)
    return row["verdict"], set(row["flags"])


def holds(row: dict[str, Any]) -> bool:
    """The claim holds: the bad outcome cannot happen and nothing races."""
    return all(verdict != "Sometimes" and not flags for verdict, flags in (expected(row, m) for m in MODELS))


def text(file: str) -> str:
    return (FOLDER / file).read_text(encoding="utf-8")


def test_every_test_has_one_row() -> None:
    assert Counter(row["file"] for row in ROWS) == Counter(path.name for path in FOLDER.glob("*.litmus"))


def test_rows_name_invariants_functions_and_files() -> None:
    for row in ROWS:
        assert row["form"] in FORMS
        assert row["claim"].endswith(".")
        assert row["invariants"]
        assert all(re.fullmatch(r"I\d\d", invariant) for invariant in row["invariants"])
        assert row["functions"]
        assert row["files"]
        assert all(re.fullmatch(r"[\w/.-]+\.[ch]", file) for file in row["files"])


def test_claims_hold_in_the_right_and_in_the_fixed_form_only() -> None:
    for row in ROWS:
        assert holds(row) == (row["form"] in ("right", "fixed")), row["file"]


def test_broken_and_fixed_forms_name_the_test_that_they_change() -> None:
    for row in ROWS:
        if row["form"] in ("broken", "fixed"):
            of = BY_FILE[row["of"]]
            assert holds(row) != holds(of), row["file"]
            assert row["invariants"] == of["invariants"]


def test_most_claims_that_hold_have_a_broken_form() -> None:
    broken = {row["of"] for row in ROWS if row["form"] == "broken"}
    without = {row["file"] for row in ROWS if row["form"] == "right"} - broken
    # Their broken forms are those of the tests that they build on.
    assert without == {
        "callback-socket-lock.litmus",
        "data-ready-start-locked.litmus",
        "get-against-drop.litmus",
        "get-orders-content.litmus",
        "prot-install-socket-lock.litmus",
    }


def test_findings_have_a_page_that_names_the_test() -> None:
    for row in ROWS:
        assert ("finding" in row) == (row["form"] == "finding")
        if "finding" in row:
            assert row["file"] in (FINDINGS / row["finding"]).read_text(encoding="utf-8"), row["file"]


@pytest.mark.parametrize("file", sorted(BY_FILE))
def test_names_and_results_in_a_file_are_those_of_its_row(file: str) -> None:
    row, source = BY_FILE[file], text(file)
    result = re.search(r"\* Result: (.*)", source)
    assert result is not None
    assert parse(source, file).name == Path(file).stem
    assert re.split("[ ,;]", result[1])[0] == row["verdict"]
    assert ("data race" in result[1]) == ("data-race" in row["flags"])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("file", sorted(BY_FILE))
def test_answers(file: str, model: str) -> None:
    answer = decide(parse(text(file), file), Options(model=model, timeout=20))
    assert (answer.verdict, set(answer.flags)) == expected(BY_FILE[file], model)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("file", sorted(set(BY_FILE) - {"state-bits-plain-broken.litmus"}))
def test_the_naive_enumeration_gives_the_same_answer(file: str, model: str) -> None:
    # __clear_bit() is a load and a store in one expression, which the naive implementation does not know.
    answer = naive.decide(parse(text(file), file), naive.How(newest=model == "newest"))
    assert (answer.verdict, answer.flags) == expected(BY_FILE[file], model)
