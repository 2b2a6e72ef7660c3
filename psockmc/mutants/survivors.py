"""`spec/mutants.toml`: mutants that nothing can notice, and why.

An entry names the function, the kind and the change (the text of the statements, as the table prints it): no line
numbers, so that it stays valid when the file changes elsewhere.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from psockmc.content import UsageError

Key = tuple[str, str, str]
"""Function, kind, change."""

KEYS = ("function", "kind", "change", "reason")


def load_reasons(root: Path) -> dict[Key, str]:
    """The reason of each explained survivor; none when there is no file. Raises UsageError for a file that is wrong."""
    path = root / "spec" / "mutants.toml"
    if not path.exists():
        return {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    entries = data.get("survivor", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path}: write [[survivor]] above each entry")
    reasons: dict[Key, str] = {}
    for number, entry in enumerate(entries, 1):
        for key in KEYS:
            if not isinstance(entry.get(key), str) or not entry[key]:
                raise UsageError(f"{path}: survivor {number} has no `{key}`: each needs {', '.join(KEYS)}")
        name = (entry["function"], entry["kind"], entry["change"])
        if name in reasons:
            raise UsageError(f"{path}: {': '.join(name)} stands there twice: remove one of them")
        reasons[name] = entry["reason"]
    return reasons
