"""The naive enumeration gives herd7's verdicts, flags and numbers of executions: it is worth comparing with."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from psockmc.litmus.parser import parse
from tests.litmus import naive

HERE = Path(__file__).parent
EVERY = 25
"""One of so many tests is run every day."""

MOST = 3000
"""Candidates of one test; the few tests with more are left out."""


def rows() -> list[dict[str, str]]:
    with (HERE / "verdicts.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def differences(chosen: list[dict[str, str]]) -> list[str]:
    """The tests on which the naive enumeration and herd7 disagree."""
    found = []
    for row in chosen:
        test = parse((HERE / row["file"]).read_text(encoding="utf-8"), row["file"])
        try:
            answer = naive.decide(test, naive.How(most=MOST))
        except naive.TooMuch:
            continue
        expected = (row["verdict"], "data-race" in row["flags"], row["positive"], row["negative"])
        if (answer.verdict, "data-race" in answer.flags, str(answer.positive), str(answer.negative)) != expected:
            found.append(row["file"])
    return found


def test_a_part_of_the_directed_tests() -> None:
    assert differences(rows()[::EVERY]) == []


@pytest.mark.slow
def test_all_directed_tests() -> None:
    assert differences(rows()) == []
