"""Part `states`: how many states, transitions and steps every scenario has.

A number that changes without a reason is a change of the models, or of psockmc, that somebody did not mean. The tests
compare the table with the numbers that they pin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from psockmc.explore.result import SearchResult

if TYPE_CHECKING:
    from psockmc.reports.material import Material

HEAD = """# The numbers of the scenarios

States, steps from a state to another, and the steps to the deepest state, of each scenario. `psockmc report states`
writes this file anew.

| scenario | states | transitions | depth |
|---|--:|--:|--:|
"""


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """The table. Raises NotSettled as the material's outcomes do."""
    yield "states.md", table((o.name, o.result) for o in material.outcomes.values() if o.result is not None)


def table(results: Iterable[tuple[str, SearchResult]]) -> str:
    """The file, for results by scenario. Raises ValueError for one that is not complete: it has no number to pin."""
    rows = []
    for name, result in sorted(results, key=lambda each: each[0]):
        if not result.complete:
            raise ValueError(f"{name} was not searched to its end: {result.reason}")
        rows.append(f"| {name} | {result.states:,} | {result.transitions:,} | {result.depth:,} |\n")
    return HEAD + "".join(rows)


def rows(text: str) -> dict[str, tuple[int, int, int]]:
    """States, transitions and depth by scenario, from the file."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4 and cells[1] != "states":
            states, transitions, depth = (int(cell.replace(",", "")) for cell in cells[1:])
            found[cells[0]] = (states, transitions, depth)
    return found
