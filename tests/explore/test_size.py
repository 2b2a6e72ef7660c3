"""The size of a scenario agrees with the search, and its parts with the states."""

from __future__ import annotations

import pytest

from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.size import survey
from tests.render.tracing import case


@pytest.mark.parametrize("name", ["use-after-free", "deadlock-work", "null-call", "check"])
def test_the_states_are_those_of_the_search(name: str) -> None:
    ts = case(name).ts
    result = search_reference(ts, Limits(), None)
    found = survey(ts, 1_000_000)
    assert found.complete
    assert (found.states, len(found.levels) - 1) == (result.states, result.depth)
    assert sum(found.levels) == found.states


def test_no_part_has_more_values_than_there_are_states_or_leaves_more() -> None:
    found = survey(case("use-after-free").ts, 1_000_000)
    assert all(1 <= part.values <= found.states for part in found.parts)
    counted = [part for part in found.parts if part.without >= 0]
    assert counted
    assert all(found.states <= part.without * part.values and part.without <= found.states for part in counted)


def test_the_parts_are_the_whole_state() -> None:
    ts = case("use-after-free").ts
    cells = [cell for part in survey(ts, 10).parts for cell in part.cells]
    assert sorted(cells) == list(range(len(ts.cells)))


def test_a_limit_ends_the_survey_with_as_many_states() -> None:
    found = survey(case("check").ts, 50)
    assert (found.complete, found.states, sum(found.levels)) == (False, 50, 50)
