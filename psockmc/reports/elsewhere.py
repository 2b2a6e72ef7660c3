"""`spec/elsewhere.toml`: claims that need no function of their own, and what decides them."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from psockmc.content import UsageError

TEXTS = ("id", "sentence", "decided_by")


@dataclass(frozen=True)
class Claim:
    """A claim. properties: built-in ones that decide it; report: the page below the reports that shows what does."""

    id: str
    sentence: str
    decided_by: str
    properties: tuple[str, ...] = ()
    report: str = ""


def load_claims(root: Path, built_in: Collection[str]) -> tuple[Claim, ...]:
    """The claims in the order of the file; none without a file. built_in: the IDs that they may name.

    Raises UsageError for a file that is wrong.
    """
    path = root / "spec" / "elsewhere.toml"
    if not path.exists():
        return ()
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("claim", [])
        claims = tuple(Claim(**{**entry, "properties": tuple(entry.get("properties", ()))}) for entry in entries)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path}: {error}: write [[claim]] tables with {', '.join(TEXTS)} and properties or report"
        ) from error
    for claim in claims:
        unknown = [id for id in claim.properties if id not in built_in]
        if unknown or not (claim.properties or claim.report):
            raise UsageError(f"{path}: {claim.id} must name built-in properties (psockmc list shows them), or a report")
    return claims
