"""What `psockmc litmus` says of psock's claims about memory order (models/litmus/claims.toml), each decided anew."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from psockmc.content import UsageError
from psockmc.litmus.answer import Options, Verdict
from psockmc.litmus.batch import Row, decide_files

FOLDER = Path("models") / "litmus"
HOLD = ("right", "fixed")
"""Forms of a claim that must hold; in the others the bad outcome must be possible."""


@dataclass(frozen=True)
class MemoryClaim:
    """A claim. form: as claims.toml says; invariants: it belongs to; finding: its page below findings/, or "".

    holds: the bad outcome cannot happen, and nothing races. as_expected: that is what its form says.
    """

    file: str
    claim: str
    form: str
    invariants: tuple[str, ...]
    finding: str
    holds: bool
    as_expected: bool


def decided(root: Path) -> tuple[MemoryClaim, ...]:
    """All claims, in the order of the file; none without a file. Raises UsageError for a file that is wrong."""
    file = root / FOLDER / "claims.toml"
    if not file.exists():
        return ()
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8"))["test"]
        paths = [file.parent / entry["file"] for entry in entries]
        rows = decide_files(paths, Options(), 1, lambda row: None)
        return tuple(_claim(entry, row) for entry, row in zip(entries, rows, strict=True))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise UsageError(f"{file}: {error}: each [[test]] needs what the head of the file lists") from error


def _claim(entry: dict[str, object], row: Row) -> MemoryClaim:
    if row.verdict not in (Verdict.NEVER, Verdict.SOMETIMES, Verdict.ALWAYS):
        raise UsageError(f"{row.file}: psockmc litmus does not decide it: {row.error or row.reason}")
    holds = row.verdict is not Verdict.SOMETIMES and not row.flags
    invariants = entry["invariants"]
    assert isinstance(invariants, list)
    return MemoryClaim(
        str(entry["file"]),
        str(entry["claim"]),
        str(entry["form"]),
        tuple(str(invariant) for invariant in invariants),
        str(entry.get("finding", "")),
        holds,
        holds == (entry["form"] in HOLD),
    )
