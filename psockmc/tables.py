"""Reading the files of spec/ that are arrays of tables in TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from psockmc.content import UsageError


def tables(path: Path, name: str) -> list[dict[str, Any]]:
    """The tables under [[name]], in the order of the file; none when it has none.

    Raises UsageError for a file that is not TOML, or in which the name stands for something else, and OSError for one
    that cannot be read.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get(name, [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path}: `{name}` must be an array of tables: write [[{name}]] above each entry")
    return entries
