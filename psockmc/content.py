"""Where models, specifications and scenarios are, and loading them.

Content is read from the checkout that the current folder is in, else from the checkout that psockmc itself is in, else
from the copy inside the installed wheel.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psockmc.lang.tree import Program

PACKAGE = Path(__file__).resolve().parent
PROOFS = "ring"
"""The folder of checks/ that holds proofs: a program of its own, with its own structs."""


class UsageError(Exception):
    """What the user asked for cannot be done; the text is one sentence: what, where, and what to do instead."""


def find_root(start: Path | None = None) -> Path:
    """The folder that holds `models/` and `checks/`, looked for upwards from `start` (default: the current folder).

    Raises UsageError when there is none anywhere.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, PACKAGE.parent, PACKAGE / "content"):
        if (folder / "models").is_dir() and (folder / "checks").is_dir():
            return folder
    raise UsageError(f"there are no models/ and checks/ in {here} or above it: run psockmc in a checkout")


def load(root: Path, variants: Sequence[Path] = (), also: Sequence[Path] = ()) -> Program:
    """All scenarios under `root/checks`, with the functions that the variant files replace. also: more files to load.

    Raises UsageError for a missing file and psockmc.lang.diagnostics.ModelErrors for a model that is wrong.
    """
    require_variants(variants)
    proofs = root / "checks" / PROOFS
    files = sorted(file for file in (root / "checks").rglob("*.py") if not file.is_relative_to(proofs))
    if not files:
        raise UsageError(f"there are no scenarios in {root / 'checks'}")
    from psockmc.lang import load_program

    return load_program(root, [*files, *also], [v.resolve() for v in variants])


def require_variants(variants: Sequence[Path]) -> None:
    """Raises UsageError for a variant that is no file, with the name that comes close."""
    for variant in variants:
        if variant.is_dir():
            raise UsageError(f"the variant {variant} is a folder: give a Python file, such as those in models/variants")
        if not variant.is_file():
            raise UsageError(f"the variant {variant} does not exist{_close_files(variant)}")


def pick(kind: str, wanted: Iterable[str], known: Iterable[str], shown_by: str = "psockmc list") -> list[str]:
    """The names that were asked for, or all known ones when none was. shown_by: the command that shows all names.

    Raises UsageError for a name that is not known, with the names that come close.
    """
    names = list(known)
    wanted = list(dict.fromkeys(wanted))
    for name in wanted:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(close)}?" if close else f"{shown_by} shows them all"
            raise UsageError(f"there is no {kind} {name or repr(name)}: {hint}")
    return wanted or names


def _close_files(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    close = difflib.get_close_matches(path.name, [p.name for p in path.parent.iterdir()], n=1, cutoff=0.6)
    return f": did you mean {path.parent / close[0]}?" if close else ""
