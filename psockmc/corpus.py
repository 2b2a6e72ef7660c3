"""The corpus of bugs: `spec/bugs.toml`, real bugs of the kernel that variants put back.

An entry names the variant that undoes the fix, the scenario that shows the difference, and the property that is
violated before the fix and holds after it. A bug of ring arithmetic names the operation whose proof shows it in
place of a scenario; its property is the claim that is refuted before the fix and proved after it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psockmc.content import UsageError

REQUIRED = ("id", "fix", "class", "variant", "property")
PLACES = ("scenario", "operation")


@dataclass(frozen=True)
class Bug:
    """A bug. fix: the kernel commit that fixed it. kind: `class` in the file. variant: the file that puts it back.

    scenario, operation: where it shows: a scenario, or an operation of checks/ring; the other one is "". symptom,
    gist: what users saw, and what happens; "" when the file does not say.
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


def has_corpus(root: Path) -> bool:
    """Whether this content has a corpus at all; a reviewer's own folder need not have one."""
    return (root / "spec" / "bugs.toml").exists()


def load_corpus(root: Path) -> tuple[Bug, ...]:
    """All bugs of `root/spec/bugs.toml`, in its order. Raises UsageError for a file that is missing or wrong."""
    path = root / "spec" / "bugs.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no corpus of bugs {path}: run psockmc in a checkout") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    entries = data.get("bug", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path}: `bug` must be an array of tables: write [[bug]] above each entry")
    bugs = tuple(_bug(root, path, number, entry) for number, entry in enumerate(entries, 1))
    known: set[str] = set()
    for bug in bugs:
        if bug.id in known:
            raise UsageError(f"{path}: there are two bugs {bug.id}: give one of them another id")
        known.add(bug.id)
    return bugs


def _bug(root: Path, path: Path, number: int, entry: dict[str, Any]) -> Bug:
    where = f"{path}: bug {entry.get('id') or number}"
    for key in REQUIRED:
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise UsageError(f"{where} has no `{key}`: every bug needs {', '.join(REQUIRED)}, each a string")
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
    )
