"""`spec/ordering.toml`: the functions whose order matters, and the scenarios in which other orders are tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psockmc.content import UsageError
from psockmc.lang.effects import Effects
from psockmc.lang.tree import Program
from psockmc.mutants.kinds import Kind, Mutant, mutants
from psockmc.mutants.moves import moves
from psockmc.mutants.valid import is_program
from psockmc.tables import tables

REMOVED = (Kind.REMOVE_PAIR, Kind.REMOVE_CALL, Kind.REMOVE_STORE, Kind.FORCE_TRUE, Kind.FORCE_FALSE)
"""The kinds that take a lock, a call, a store or the outcome of a test away."""


@dataclass(frozen=True)
class Ordered:
    """A function of the list. scenarios: where its mutants are tried, in this order. for_removals: those and more, for
    mutants that take a step away: they are few, and what a step is there for may show in a rare scenario only.

    like: steps that are not tried, because another one stands for them, by their text.
    """

    name: str
    scenarios: tuple[str, ...]
    for_removals: tuple[str, ...]
    like: Mapping[str, str] = field(default_factory=dict)


def load_ordered(root: Path, program: Program) -> tuple[Ordered, ...]:
    """The functions, in the order of the file. Raises UsageError for a file that is missing or wrong."""
    path = root / "spec" / "ordering.toml"
    try:
        rows = tables(path, "function")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; list the functions there") from error
    if not rows:
        raise UsageError(f"{path} names no function: write [[function]] above each entry")
    return tuple(_ordered(path, row, program) for row in rows)


def _ordered(path: Path, row: dict[str, Any], program: Program) -> Ordered:
    name = row.get("name")
    if not isinstance(name, str) or name not in program.functions:
        raise UsageError(f"{path}: there is no function {name!r}: name one of the models")
    scenarios, more = _scenarios(path, row, "scenarios", program), _scenarios(path, row, "removals", program)
    if not scenarios:
        raise UsageError(f"{path}: {name} has no `scenarios`: list those that run it, the quickest first")
    like = row.get("like", {})
    if not isinstance(like, dict) or not all(isinstance(other, str) for other in like.values()):
        raise UsageError(f'{path}: `like` of {name} must hold pairs such as "one step" = "the step that stands for it"')
    return Ordered(name, scenarios, tuple(dict.fromkeys(scenarios + more)), like)


def _scenarios(path: Path, row: dict[str, Any], key: str, program: Program) -> tuple[str, ...]:
    names = row.get(key, [])
    if not isinstance(names, list):
        raise UsageError(f"{path}: `{key}` of {row['name']} must be a list of scenarios: see psockmc list")
    for scenario in names:
        if scenario not in program.scenarios:
            raise UsageError(
                f"{path}: {row['name']} names the scenario {scenario!r}, which does not exist: see psockmc list"
            )
    return tuple(names)


@dataclass(frozen=True)
class Functions:
    """Makes the mutants of the functions of the list."""

    program: Program
    effects: Effects

    def require_steps(self, ordered: Ordered) -> None:
        """Raises UsageError when `like` names a step that the function does not have."""
        steps = {
            step.text
            for m in moves(self.program.functions[ordered.name], self.program, self.effects)
            for step in m.steps
        }
        for text in (*ordered.like, *ordered.like.values()):
            if text not in steps:
                raise UsageError(f"spec/ordering.toml: {ordered.name} has no step `{text}`: take a name from its page")

    def removals(self, ordered: Ordered) -> list[Mutant]:
        """What removes a step of the function, or the outcome of a test; not of steps that others stand for."""
        function = self.program.functions[ordered.name]
        return [
            m
            for m in mutants(function, self.program, self.effects)
            if m.kind in REMOVED and m.change not in ordered.like and is_program(self.program, m, self.effects)
        ]
