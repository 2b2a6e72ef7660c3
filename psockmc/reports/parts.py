"""The parts of the reports: what each is called, who makes its pages, and which files are its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psockmc.reports.material import Material

Pages = Callable[["Material"], Iterator[tuple[str, str]]]
"""Gives (path below the folder of the reports, text) of every file of a part."""


@dataclass(frozen=True)
class Part:
    """A part of the reports.

    made_by: "module:function", a function of the type Pages, whose module is imported when it is used. owns: patterns
    (of Path.glob, below the folder of the reports) of the part's files: it writes no others, and those of them that it
    does not write any more are removed. reads: patterns of texts, below the root of the content, that decide the pages
    of a part beside what is searched. command: what writes it, where that is not `psockmc report`.
    """

    name: str
    made_by: str
    owns: tuple[str, ...]
    reads: tuple[str, ...] = ()
    command: str = ""

    @property
    def mended_by(self) -> str:
        """The command that writes the part anew."""
        return self.command or f"psockmc report {self.name}"

    def load(self) -> Pages:
        """The function that makes the pages."""
        module, _, name = self.made_by.partition(":")
        function: Pages = getattr(import_module(module), name)
        return function

    def is_its_own(self, path: str) -> bool:
        """Whether a file may be written by this part. path: below the folder of the reports, with slashes."""
        file = PurePosixPath(path)
        return any(
            file.match(pattern) and len(file.parts) == len(PurePosixPath(pattern).parts) for pattern in self.owns
        )


CORPUS = ("spec/bugs.toml", "spec/bugs/*.toml")
LITMUS = ("models/litmus/*",)
RINGS = ("models/ring/*.py", "spec/ring*", "checks/ring/*.py")
TRIED = ("spec/mutants.toml", "reports/mutants.json", "reports/ordering.json")

PARTS = {
    part.name: part
    for part in (
        Part("findings", "psockmc.reports.findings:pages", ("findings/*.md",), ("spec/findings.toml",)),
        Part(
            "invariants",
            "psockmc.reports.invariants:pages",
            ("invariants.md", "scenarios.md"),
            ("spec/elsewhere.toml", "spec/findings.toml", *CORPUS, *LITMUS, *TRIED),
        ),
        Part(
            "bugs",
            "psockmc.reports.bugs:pages",
            ("bugs/*.md",),
            (*CORPUS, "models/variants/**/*.py", "models/ring/variants/*.py", *RINGS),
        ),
        Part("locks", "psockmc.reports.locks:pages", ("lock-order.md", "lockgraph.svg")),
        Part("lifecycle", "psockmc.reports.lifecycle:pages", ("lifecycle.md", "lifecycle.svg")),
        Part("ordering", "psockmc.reports.ordering:pages", ("ordering.md", "ordering/*.md")),
        Part("mutants", "psockmc.reports.mutants:pages", ("mutants.md",)),
        Part("states", "psockmc.reports.states:pages", ("states.md",)),
        Part("unrun", "psockmc.reports.unrun:pages", ("unrun.md",), ("spec/unrun.toml",)),
        Part(
            "overview",
            "psockmc.reports.overview:pages",
            ("README.md",),
            ("spec/*.toml", "spec/bugs/*.toml", "reports/ring.md", *LITMUS),
        ),
    )
}
"""By name, in the order in which they are written."""

HTML = Part("html", "psockmc.reports.html_pages:pages", ("index.html", "findings/*.html", "bugs/*.html"))
"""Beside the others: pages for a browser, which are not kept in the repository."""

RING = Part(
    "ring",
    "psockmc.render.ring_report:pages",
    ("ring.md", "findings/ring/*"),
    RINGS,
    command="psockmc ring --report reports",
)
"""What proofs have found."""
