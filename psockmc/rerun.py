"""From a trace back to the models: the transition system that it is a run of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from psockmc import content
from psockmc.corpus import has_corpus, load_corpus
from psockmc.explore.rerun import NoLongerViolated, Rerun, RunIsGone

if TYPE_CHECKING:
    from psockmc.ir.system import TransitionSystem

__all__ = ["NoLongerViolated", "RunIsGone", "rerun", "system_of"]


def rerun(scenario: str, variant: str = "") -> Rerun:
    """A run of a scenario of the checkout that the current folder is in, about to begin.

    variant: as traces have it: files, or a bug's id. Raises what system_of() does.
    """
    return Rerun(system_of(scenario, variant))


def system_of(scenario: str, variant: str = "") -> TransitionSystem:
    """The scenario with the variant that a trace names, compiled.

    Raises UsageError when there is no such scenario or variant, and psockmc.lang.diagnostics.ModelErrors.
    """
    from psockmc.ir.lower import compile_scenario

    root = content.find_root()
    program = content.load(root, list(_variants(root, variant)))
    (name,) = content.pick("scenario", [scenario], program.scenarios)
    return compile_scenario(program, name)


def _variants(root: Path, variant: str) -> Iterator[Path]:
    """The files that a trace names, found from the current folder or from the checkout; a bug's id names its own."""
    names = [name for name in variant.split(", ") if name]
    files = {name: file for name in names for file in (root / name, Path(name)) if file.is_file()}
    if files.keys() < set(names) and has_corpus(root):
        files |= {bug.id: bug.variant for bug in load_corpus(root)}
    return (files.get(name, Path(name)) for name in names)
