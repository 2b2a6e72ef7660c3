"""psockmc gives the verdicts, flags and counts of herd7: of the tests beside this file, or of those of `--litmus DIR`.

DIR holds litmus tests and `verdicts.tsv`, with the columns file, verdict, from, positive, negative, states, flags and note. Two
things are left open there: the verdict of a test with a data race (note DATARACE; its flag is compared), and how often a
value out of thin air is counted.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from psockmc.litmus.answer import Answer, Options, Verdict, decide
from psockmc.litmus.batch import read

HERE = Path(__file__).parent
PART = 200  # tests that one test of pytest's decides
COUNT_SECONDS = 5.0  # counts that take longer are not compared
THIN_AIR = ("manual/oota/", "C-OOTA")


@dataclass(frozen=True)
class Expected:
    """A row of verdicts.tsv, in the folder root."""

    root: Path
    file: str
    verdict: str
    counts: tuple[int, int, int] | None
    race: bool
    open_verdict: bool

    @property
    def path(self) -> Path:
        return self.root / self.file

    @property
    def thin_air(self) -> bool:
        return any(mark in self.file for mark in THIN_AIR)


def rows_of(root: Path) -> list[Expected]:
    with (root / "verdicts.tsv").open(encoding="utf-8", newline="") as file:
        return [expected(root, row) for row in csv.DictReader(file, delimiter="\t")]


def expected(root: Path, row: dict[str, str]) -> Expected:
    numbers = [row[column] for column in ("positive", "negative", "states")]
    counts = tuple(map(int, numbers)) if all(numbers) else None
    assert counts is None or len(counts) == 3
    race = "data-race" in (row["flags"] or "")
    return Expected(root, row["file"], row["verdict"], counts, race, row["note"] == "DATARACE")


def differences(rows: list[Expected], options: Options) -> Iterator[str]:
    """What is not as expected, a line each."""
    for row in rows:
        answer = decide(read(row.path), options)
        if options.counts and answer.verdict is Verdict.UNDETERMINED:
            continue
        if answer.verdict != row.verdict and not (row.open_verdict and answer.verdict is not Verdict.UNDETERMINED):
            yield f"{row.file}: {answer.verdict}, expected {row.verdict}"
        if ("data-race" in answer.flags) is not row.race:
            yield f"{row.file}: flags {list(answer.flags)}, expected {'a' if row.race else 'no'} data race"
        if options.counts and row.counts is not None and not row.thin_air and numbers(answer) != row.counts:
            yield f"{row.file}: (positive, negative, states) {numbers(answer)}, expected {row.counts}"


def numbers(answer: Answer) -> tuple[int | None, int | None, int]:
    return answer.positive, answer.negative, len(answer.states or ())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each part of the rows, so that several processes share them."""
    if "rows" not in metafunc.fixturenames:
        return
    root = Path(metafunc.config.getoption("--litmus") or HERE)
    rows = rows_of(root)
    parts = [rows[i : i + PART] for i in range(0, len(rows), PART)]
    metafunc.parametrize("rows", parts, ids=[f"{i * PART}" for i in range(len(parts))])


def test_verdicts_and_data_races(rows: list[Expected]) -> None:
    assert list(differences(rows, Options(model="6.1"))) == []


@pytest.mark.slow
def test_counts(rows: list[Expected]) -> None:
    assert list(differences(rows, Options(model="6.1", counts=True, timeout=COUNT_SECONDS))) == []


def test_the_results_that_a_kernel_tree_states(request: pytest.FixtureRequest) -> None:
    kernel = request.config.getoption("--kernel")
    if kernel is None:
        pytest.skip("compares with a kernel tree: --kernel DIR")
    folder = Path(kernel) / "tools" / "memory-model" / "litmus-tests"
    answers = [decide(read(path), Options(model="newest")) for path in sorted(folder.glob("*.litmus"))]
    assert answers
    wrong = [f"{a.test.name}: {a.verdict}, not {a.test.expected}" for a in answers if a.verdict != a.test.expected]
    assert wrong == []
