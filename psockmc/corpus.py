"""The corpus of bugs: `spec/bugs.toml` and `spec/bugs/*.toml`, real bugs of the kernel that variants put back.

An entry names the variant that undoes the fix, the scenario that shows the difference, and the property that is
violated before the fix and holds after it. A bug of ring arithmetic names the operation whose proof shows it in
place of a scenario; its property is the claim that is refuted before the fix and proved after it. A bug that no
model shows stands under [[left_out]] with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psockmc.content import UsageError
from psockmc.tables import tables

REQUIRED = ("id", "fix", "class", "variant", "property")
LEFT_OUT = ("id", "fix", "class", "reason")
PLACES = ("scenario", "operation")


@dataclass(frozen=True)
class Bug:
    """A bug. fix: the kernel commit that fixed it. kind: `class` in the file. variant: the file that puts it back.

    scenario, operation: where it shows: a scenario, or an operation of checks/ring; the other one is "". symptom,
    gist: what users saw, and what happens; year, cve, fixed_in: of the fix, and the release that has it first; 0 or ""
    when the file does not say.
    """

    id: str
    fix: str
    kind: str
    variant: Path
    scenario: str
    property: str
    operation: str = ""
    symptom: str = ""
    gist: str = ""
    year: int = 0
    cve: str = ""
    fixed_in: str = ""


@dataclass(frozen=True)
class LeftOut:
    """A real bug that no model shows, and why. kind: `class` in the file."""

    id: str
    fix: str
    kind: str
    reason: str


def has_corpus(root: Path) -> bool:
    """Whether this content has a corpus at all; a reviewer's own folder need not have one."""
    return any(path.exists() for path in _files(root))


def load_corpus(root: Path) -> tuple[Bug, ...]:
    """All bugs of the corpus, in the order of its files. Raises UsageError for a file that is missing or wrong."""
    bugs = tuple(_bug(root, path, number, entry) for path, number, entry in _entries(root, "bug"))
    known: set[str] = set()
    for bug in bugs:
        if bug.id in known:
            raise UsageError(f"{root / 'spec'}: there are two bugs {bug.id}: give one of them another id")
        known.add(bug.id)
    return bugs


def load_left_out(root: Path) -> tuple[LeftOut, ...]:
    """The bugs that no model shows. Raises UsageError as load_corpus() does."""
    found = []
    for path, number, entry in _entries(root, "left_out"):
        _require(f"{path}: left_out {entry.get('id') or number}", entry, LEFT_OUT)
        found.append(LeftOut(*(entry[key] for key in LEFT_OUT)))
    return tuple(found)


def _files(root: Path) -> list[Path]:
    """Where the corpus is: the first file need not exist when there are others."""
    others = sorted((root / "spec" / "bugs").glob("*.toml"))
    first = root / "spec" / "bugs.toml"
    return [first, *others] if first.exists() or not others else others


def _entries(root: Path, table: str) -> Iterator[tuple[Path, int, dict[str, Any]]]:
    """Each entry of an array of tables, with its file and its number there."""
    for path in _files(root):
        try:
            entries = tables(path, table)
        except FileNotFoundError:
            raise UsageError(f"there is no corpus of bugs {path}: run psockmc in a checkout") from None
        for number, entry in enumerate(entries, 1):
            yield path, number, entry


def _require(where: str, entry: dict[str, Any], keys: Iterable[str]) -> None:
    for key in keys:
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise UsageError(f"{where} has no `{key}`: each needs {', '.join(keys)}, each a string")


def _bug(root: Path, path: Path, number: int, entry: dict[str, Any]) -> Bug:
    where = f"{path}: bug {entry.get('id') or number}"
    _require(where, entry, REQUIRED)
    places = [key for key in PLACES if isinstance(entry.get(key), str) and entry[key]]
    if len(places) != 1:
        raise UsageError(f"{where} must name either a `scenario` or an `operation` that shows it")
    variant = root / entry["variant"]
    if not variant.is_file():
        raise UsageError(f"{where}: its variant {variant} does not exist")
    return Bug(
        entry["id"],
        entry["fix"],
        entry["class"],
        variant,
        entry.get("scenario", ""),
        entry["property"],
        entry.get("operation", ""),
        str(entry.get("symptom", "")),
        str(entry.get("gist", "")),
        int(entry.get("year", 0)),
        str(entry.get("cve", "")),
        str(entry.get("fixed_in", "")),
    )
