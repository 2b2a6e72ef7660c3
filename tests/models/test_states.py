"""The table of numbers: what it says, and that it says what the pinned verdicts say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from psockmc.explore.result import SearchResult
from psockmc.reports.states import rows, table

RESULT = SearchResult("", 1234, 5678, 90, True, "", 0.1, (), (), {}, {}, frozenset(), frozenset(), 1)
ROOT = Path(__file__).parents[2]


def test_the_table_reads_as_it_was_written() -> None:
    text = table([("b", RESULT), ("a", replace(RESULT, states=7))])
    assert rows(text) == {"a": (7, 5678, 90), "b": (1234, 5678, 90)}
    assert text.index("| a |") < text.index("| b |")


def test_a_search_that_was_cut_short_has_no_number() -> None:
    with pytest.raises(ValueError, match="a was not searched to its end: interrupted"):
        table([("a", replace(RESULT, complete=False, reason="interrupted"))])


def test_the_table_has_the_numbers_of_the_pinned_verdicts() -> None:
    pinned = {}
    for path in (Path(__file__).parent / "golden").glob("*.txt"):
        numbers = re.match(r"states (\d+)\ntransitions (\d+)\ndepth (\d+)\n", path.read_text(encoding="utf-8"))
        if numbers:
            pinned[path.stem] = tuple(map(int, numbers.groups()))
    assert rows((ROOT / "reports/states.md").read_text(encoding="utf-8")) == pinned
