"""Write down the numbers of all scenarios: `python -m psockmc.states spec/states.md`.

The table is generated, and compared with what is found: a number that changes without a reason is a change of the
models, or of psockmc, that somebody did not mean. It holds no times and nothing of a machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from psockmc import content
from psockmc.cache import cache_folder
from psockmc.cli import console
from psockmc.explore import resolve
from psockmc.explore.limits import Limits
from psockmc.explore.result import SearchResult
from psockmc.run import Job, Options, run

HEAD = """# The numbers of the scenarios

States, steps from a state to another, and the steps to the deepest state, of each scenario. `python -m psockmc.states
spec/states.md` writes this file anew.

| scenario | states | transitions | depth |
|---|--:|--:|--:|
"""


def table(results: Iterable[tuple[str, SearchResult]]) -> str:
    """The file, for results by scenario. Raises ValueError for one that is not complete: it has no number to pin."""
    rows = []
    for name, result in sorted(results):
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


def main(path: Path, processes: int = 2) -> None:
    """Search every scenario (what is in the cache need not be searched again) and write the table."""
    program = content.load(content.find_root())
    jobs = [Job(name, program, name) for name in program.scenarios]
    options = Options(resolve("auto"), Limits(), processes, cache_folder() / "results")
    with console.events(len(jobs)) as events:
        outcomes = run(jobs, options, events)
    lost = [f"{o.name}: {o.detail}" for o in outcomes if o.result is None]
    if lost:
        raise SystemExit("\n".join(lost))
    path.write_text(table((o.name, o.result) for o in outcomes if o.result is not None), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
