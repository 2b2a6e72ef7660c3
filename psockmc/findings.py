"""Write down the violations that scenarios expect: `python -m psockmc.findings reports/findings`.

A scenario that expects a property to be VIOLATED states a finding about the kernel's code. Each becomes one Markdown
page: what is violated, why it is believed and what would refute it (the scenario's `why`), and the shortest diagram.
Pages hold no times and no paths of a machine, so the same model gives the same pages.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from psockmc import content
from psockmc.explore import search
from psockmc.explore.limits import Limits
from psockmc.explore.trace import build_trace
from psockmc.explore.verdict import judge
from psockmc.ir.lower import compile_scenario
from psockmc.lang.tree import Program, Scenario
from psockmc.render import render


def pages(program: Program) -> Iterator[tuple[str, str]]:
    """(file name, text) of every finding of the program, then of the index.

    Raises what compiling and searching raise; an expected violation that is not found has no page (its scenario fails).
    """
    rows = []
    for name in sorted(program.scenarios):
        scenario = program.scenarios[name]
        if "VIOLATED" not in scenario.expect.values():
            continue
        for id, page in _findings(program, scenario):
            file = f"{name}.{slug(id)}.md"
            rows.append(f"| [{id}]({file}) | {name} | {scenario.why.get(id, '')} |")
            yield file, page
    head = ["# Findings", "", INTRODUCTION, "", "| property | scenario | what we make of it |", "|---|---|---|"]
    yield "README.md", "\n".join([*head, *rows, "", *_elsewhere()]) + "\n"


INTRODUCTION = (
    "What the models of the current kernel violate. Each page holds the shortest run there; it is a run of the model, "
    "and believed of the kernel as far as its text says. `make findings` writes this folder anew."
)


def _elsewhere() -> list[str]:
    """Where findings of the other engines are."""
    return ["Findings about memory order, by `psockmc litmus`: [memory-order/](memory-order/README.md)."]


def slug(id: str) -> str:
    """A property's ID as part of a file name."""
    return "".join(c if c.isalnum() or c in "-." else "-" for c in id).strip("-")


def _findings(program: Program, scenario: Scenario) -> Iterator[tuple[str, str]]:
    ts = compile_scenario(program, scenario.name)
    result = search(ts, engine="auto", limits=Limits(), reporter=None)
    for verdict in judge(ts, result, scenario.expect):
        if verdict.expected == "VIOLATED" and verdict.violation is not None:
            trace = build_trace(ts, verdict.violation)
            yield verdict.id, _page(scenario, verdict.id, verdict.sentence, render(trace, "diagram"))


def _page(scenario: Scenario, id: str, sentence: str, diagram: str) -> str:
    return "\n".join(
        [
            f"# {scenario.name}: {id}",
            "",
            f"Violated: {sentence}.",
            "",
            f"Scenario: {scenario.sentence}.",
            "",
            scenario.why.get(id, ""),
            "",
            "```",
            diagram.rstrip("\n"),
            "```",
            "",
            f"Again: `psockmc check {scenario.name}`",
            "",
        ]
    )


def main(folder: Path) -> None:
    """Write all pages to the folder; pages of findings that are gone are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for file, text in pages(content.load(content.find_root())):
        (folder / file).write_text(text, encoding="utf-8")
        written.add(file)
    for old in folder.glob("*.md"):
        if old.name not in written:
            old.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
