"""Which mutants are programs: the rules of the language that a change can break."""

from __future__ import annotations

from dataclasses import replace

from psockmc.lang import tree
from psockmc.lang.diagnostics import ModelErrors, Report
from psockmc.lang.effects import Effects
from psockmc.lang.flow import check_flow
from psockmc.lang.rules import check_rules
from psockmc.lang.source import SourceFile
from psockmc.mutants.kinds import Mutant


def with_mutant(program: tree.Program, mutant: Mutant) -> tree.Program:
    """The program with the changed function."""
    return replace(program, functions={**program.functions, mutant.function.name: mutant.function})


def is_program(program: tree.Program, mutant: Mutant, effects: Effects) -> bool:
    """Whether the changed function keeps the rules of the language; see `refusal`."""
    return not refusal(program, mutant, effects)


def refusal(program: tree.Program, mutant: Mutant, effects: Effects) -> str:
    """The rule that the changed function breaks: locals have values, results are returned, loops take steps, ...
    "" when it keeps them all.

    effects: of the unchanged program. What a change means for the callers' loops is left to the compiler.
    """
    file = mutant.function.span.file
    files = {file: SourceFile(file, program.sources[file])}
    report = Report()
    check_flow(report, files[file], mutant.function)
    check_rules(report, files, program.structs, [mutant.function], effects)
    try:
        report.raise_errors()
    except ModelErrors as errors:
        return errors.diagnostics[0].message
    return ""
