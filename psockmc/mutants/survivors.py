"""`spec/mutants.toml`: mutants that nothing can notice, and why.

An entry names the function, the kind and the change (the text of the statements, as the table prints it): no line
numbers, so that it stays valid when the file changes elsewhere. The same file says why a property notices no mutant.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from psockmc.content import UsageError
from psockmc.tables import tables

Key = tuple[str, str, str]
"""Function, kind, change."""

KEYS = ("function", "kind", "change", "reason")


PROPERTY_KEYS = ("property", "reason")


def load_reasons(root: Path) -> dict[Key, str]:
    """The reason of each explained survivor; none when there is no file. Raises UsageError for a file that is wrong."""
    reasons: dict[Key, str] = {}
    for entry in _entries(root, "survivor", KEYS):
        name = (entry["function"], entry["kind"], entry["change"])
        if name in reasons:
            raise UsageError(f"{_file(root)}: {': '.join(name)} stands there twice: remove one of them")
        reasons[name] = entry["reason"]
    return reasons


def load_property_reasons(root: Path) -> dict[str, str]:
    """Why a property notices no mutant, by its ID. Raises UsageError for a file that is wrong."""
    return {entry["property"]: entry["reason"] for entry in _entries(root, "quiet", PROPERTY_KEYS)}


def _file(root: Path) -> Path:
    return root / "spec" / "mutants.toml"


def _entries(root: Path, table: str, keys: Sequence[str]) -> list[dict[str, str]]:
    """The entries under [[table]], each with all keys."""
    path = _file(root)
    if not path.exists():
        return []
    entries = tables(path, table)
    for number, entry in enumerate(entries, 1):
        for key in keys:
            if not isinstance(entry.get(key), str) or not entry[key]:
                raise UsageError(f"{path}: {table} {number} has no `{key}`: each needs {', '.join(keys)}")
    return entries
