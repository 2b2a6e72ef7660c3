"""The reports of this checkout are what its models, its texts and psockmc make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import pytest

from psockmc import content
from psockmc.cli import console
from psockmc.cli.options import results_cache
from psockmc.corpus import Bug, load_corpus
from psockmc.explore import resolve
from psockmc.explore.limits import Limits
from psockmc.lang.tree import Program
from psockmc.reports.made_from import load, stale
from psockmc.reports.markdown import anchor
from psockmc.reports.material import Material, Search
from psockmc.reports.parts import PARTS, RING, Part
from psockmc.ring_trials import RingTrial, try_rings
from psockmc.run import Job, Options, Outcome, run

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"

pytestmark = pytest.mark.skipif(not REPORTS.is_dir(), reason="not a checkout")


@pytest.fixture(scope="module")
def program() -> Program:
    return content.load(ROOT)


def without_search() -> list[Part]:
    """The parts whose pages were made without a search."""
    made = load(REPORTS).parts
    return [
        part for name, part in PARTS.items() if name in made and not made[name].inputs.keys() & {"scenarios", "bugs"}
    ]


def differing(part: Part, material: Material) -> list[str]:
    """The files that the part does not make as they are, byte for byte: sentences, each with what mends it."""
    pages = {path: text.encode() for path, text in part.load()(material)}
    there = {file.relative_to(REPORTS).as_posix() for pattern in part.owns for file in REPORTS.glob(pattern)}
    others = sorted(p for p in there | set(pages) if p not in there or (REPORTS / p).read_bytes() != pages.get(p))
    return [f"{path} is stale: `psockmc report {part.name}` writes it anew" for path in others]


def test_no_report_is_stale_as_far_as_can_be_seen_without_a_search(program: Program) -> None:
    assert list(stale(ROOT, REPORTS, (*PARTS.values(), RING), program.scenarios)) == []


@pytest.mark.slow
def test_pages_that_need_no_search_are_what_psockmc_writes(program: Program) -> None:
    def refused(jobs: Sequence[Job]) -> Sequence[Outcome]:
        raise AssertionError("made_from.json does not say that this part needs a search: `psockmc report` does")

    material = Material(ROOT, refused)
    material.program = program
    assert not [sentence for part in without_search() for sentence in differing(part, material)]


def test_every_link_of_the_reports_leads_to_a_file_and_a_heading() -> None:
    texts = {file.resolve(): file.read_text(encoding="utf-8") for file in REPORTS.rglob("*.md")}
    missing = []
    for file, text in texts.items():
        for path, part in re.findall(r"\]\((?!https?:)([^()#\s]*)(?:#([^()\s]+))?\)", without_code(text)):
            there = (file.parent / unquote(path)).resolve() if path else file
            headings = re.findall(r"^#+ (.*)$", texts.get(there, ""), re.MULTILINE)
            if not there.exists() or (part and there in texts and part not in map(anchor, headings)):
                missing.append(f"{file.relative_to(REPORTS)}: {path}#{part}")
    assert missing == []


def without_code(text: str) -> str:
    """Markdown without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


class OfOneBug(Material):
    """A bug and the scenario that shows it, and no others."""

    def __init__(self, id: str, program: Program, search: Search) -> None:
        super().__init__(ROOT, search)
        self.program = program
        (bug,) = self.bugs = tuple(bug for bug in load_corpus(ROOT) if bug.id == id)
        (outcome,) = search([Job(bug.scenario, program, bug.scenario, explain=True)])
        self._outcomes = {bug.scenario: outcome}


def searching(options: Options) -> Search:
    """Searches as `psockmc report` does."""

    def search(jobs: Sequence[Job]) -> Sequence[Outcome]:
        with console.events(len(jobs), expectations=False) as events:
            return run(jobs, options, events)

    return search


def test_the_page_of_a_small_bug_is_what_psockmc_writes(program: Program) -> None:
    material = OfOneBug("unix-iter-update-deadlock", program, searching(Options(resolve("auto"), Limits(), 1, None)))
    made = dict(PARTS["bugs"].load()(material))["bugs/unix-iter-update-deadlock.md"]
    page = REPORTS / "bugs" / "unix-iter-update-deadlock.md"
    assert page.is_file(), "there are no bug pages: `psockmc report bugs` writes them"
    assert made == page.read_text(encoding="utf-8"), "bug pages are stale: `psockmc report bugs` writes them anew"


@pytest.mark.deep
def test_every_page_is_what_psockmc_writes(tmp_path: Path) -> None:
    options = Options(resolve("auto"), Limits(), 2, tmp_path)

    def prove(bugs: Sequence[Bug]) -> Sequence[RingTrial]:
        return try_rings(ROOT, bugs, options.processes, results_cache(options), console.progress)

    material = Material(ROOT, searching(options), prove)
    assert not [sentence for part in PARTS.values() for sentence in differing(part, material)]


def test_every_part_has_its_module_and_files_of_its_own() -> None:
    parts = (*PARTS.values(), RING)
    for part in parts:
        assert callable(part.load())
    patterns = [pattern for part in parts for pattern in part.owns]
    assert len(patterns) == len(set(patterns))
