"""`psockmc report`: write the documents for reviewers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psockmc import content
from psockmc.cli import console
from psockmc.cli.options import json_option, results_cache, run_options, search_options
from psockmc.cli.status import Status, print_json, user_errors
from psockmc.corpus import Bug
from psockmc.reports.made_from import load
from psockmc.reports.material import Material, NotSettled
from psockmc.reports.parts import HTML, PARTS, Part
from psockmc.reports.writing import Written, require_writable, write
from psockmc.run import Job, Options, Outcome, run

if TYPE_CHECKING:
    from psockmc.ring_trials import RingTrial


@click.command(name="report")
@click.argument("parts", nargs=-1, metavar="[PART]...")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="write to DIR [default: reports/ of the checkout, or reports/html/]",
)
@click.option(
    "--html", "as_html", is_flag=True, help="an index and a page for each violation, to be opened in a browser"
)
@search_options
@json_option
@user_errors({"parts": [], "ok": False})
def report_(parts: tuple[str, ...], folder: Path | None, as_html: bool, as_json: bool, **search: Any) -> Status:
    """Write the documents for reviewers: the parts named, or all of them.

    The parts are findings, invariants, bugs, locks, lifecycle, ordering, mutants, states, unrun and overview.

    A part is written when all its pages are made, and only the files that change are touched. What was searched before
    is not searched again, so a run that was interrupted goes on where it was.

    Exit status: 0 everything is written, 1 some verdict is not the expected one, 2 usage or model error, 3 something is
    undetermined, 70 internal error.
    """
    root = content.find_root()
    chosen = _chosen(parts, as_html)
    folder = folder or _reports_of(root, as_html)
    require_writable(folder)
    options = run_options(**search)
    material = Material(root, _searching(options), _proving(root, options), results_cache(options))
    done: list[Written] = []
    problem, status = "", Status.EXPECTED
    try:
        for written in _write_all(chosen, material, folder):
            done.append(written)
            click.echo(_line(written, folder), err=True)
    except NotSettled as error:
        problem, status = str(error), Status.UNDETERMINED if error.undetermined else Status.UNEXPECTED
    if as_json:
        print_json(as_object(done, problem))
    if problem:
        click.echo(f"psockmc: {problem}", err=True)
        left = [part.name for part in chosen[len(done) :]]
        click.echo(f"psockmc: not written: {', '.join(left)}", err=True)
    return status


def _chosen(names: Sequence[str], as_html: bool) -> list[Part]:
    """The parts to write, in their order. Raises UsageError for an unknown name, and for names beside --html."""
    wanted = content.pick("part", names, PARTS, "psockmc report --help")
    if not as_html:
        return [part for part in PARTS.values() if part.name in wanted]
    if names:
        raise content.UsageError("--html writes all its pages, for they point to each other: name no part with it")
    return [HTML]


def _reports_of(root: Path, as_html: bool) -> Path:
    """The folder for the reports in a checkout. Raises UsageError for the copy of the content inside the package."""
    if root == content.PACKAGE / "content":
        raise content.UsageError("there is no checkout here whose reports could be written: name a folder with --to")
    return root / "reports" / "html" if as_html else root / "reports"


def _searching(options: Options) -> Any:
    """What runs the searches of the material, with progress on stderr."""

    def search(jobs: Sequence[Job]) -> Sequence[Outcome]:
        with console.events(len(jobs), expectations=False) as events:
            return run(jobs, options, events)

    return search


def _proving(root: Path, options: Options) -> Any:
    """What tries the bugs of ring arithmetic, with progress on stderr."""

    def prove(bugs: Sequence[Bug]) -> Sequence[RingTrial]:
        from psockmc.ring_trials import try_rings

        return try_rings(root, bugs, options.processes, results_cache(options), console.progress)

    return prove


def _write_all(parts: Sequence[Part], material: Material, folder: Path) -> Iterator[Written]:
    made = load(folder)
    for part in parts:
        click.echo(f"{part.name} ...", err=True)
        material.used.clear()
        pages = _distinct(part.load()(material))
        written = write(folder, part, pages)
        if part is not HTML:
            made.note(part, pages, material)
            made.save(folder)
        yield written


def _distinct(pages: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Pages by path. Raises ValueError for two of one path."""
    found: dict[str, str] = {}
    for path, text in pages:
        if path in found:
            raise ValueError(f"two pages are called {path}")
        found[path] = text
    return found


def _line(written: Written, folder: Path) -> str:
    counts = [(written.written, "written"), (written.removed, "removed"), (written.unchanged, "unchanged")]
    words = ", ".join(f"{len(files):,} {what}" for files, what in counts if files)
    return f"{written.part}: {words or 'no files'} in {folder}"


def as_object(done: Sequence[Written], problem: str) -> dict[str, Any]:
    """The object of `report --json` (psockmc/schemas/report.schema.json)."""
    rows = [{"part": w.part, "written": w.written, "removed": w.removed, "unchanged": w.unchanged} for w in done]
    return {"parts": rows, "ok": not problem, **({"error": problem} if problem else {})}
