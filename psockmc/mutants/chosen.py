"""The mutants of the functions that somebody names."""

from __future__ import annotations

from collections.abc import Sequence

from psockmc import content
from psockmc.lang.effects import Effects
from psockmc.lang.tree import Function, Program
from psockmc.mutants.kinds import Mutant, mutants
from psockmc.mutants.valid import is_program


def chosen(program: Program, wanted: Sequence[str]) -> list[Function]:
    """The kernel functions named, or those of the files named; all of them when nothing is named.

    Raises UsageError for a name that is neither.
    """
    kernel = {f.name: f for f in program.functions.values() if f.role == "kernel" and f.body}
    by_file: dict[str, list[str]] = {}
    for name, function in kernel.items():
        by_file.setdefault(function.span.file, []).append(name)
    names = [n for w in wanted for n in by_file.get(w, [w])]
    return [kernel[name] for name in content.pick("kernel function or file", names, kernel)]


def made(program: Program, functions: Sequence[Function]) -> list[Mutant]:
    """Those of their mutants that are programs."""
    effects = Effects(program.functions, program.structs, program.instances.values())
    return [m for f in functions for m in mutants(f, program, effects) if is_program(program, m, effects)]
