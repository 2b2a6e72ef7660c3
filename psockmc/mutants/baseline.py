"""What the unchanged models do in each scenario, and so which scenarios may notice a mutant.

A scenario may notice a mutant only when it runs the changed statements, and that is known from a run of the unchanged
models: up to the first of these statements nothing is different. (What a test decides may be known without a step, so
a forced test counts as run where its function runs. What a setup runs is not recorded, so the functions that it calls
count as run.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psockmc.lang.tree import Call, Program
from psockmc.lang.walk import all_expressions
from psockmc.mutants.kinds import Kind, Mutant
from psockmc.mutants.trial import stop_for
from psockmc.run import Events, Job, Options, Outcome, run

Place = tuple[str, int]
"""A statement: its file and line."""


@dataclass(frozen=True)
class Baseline:
    """A scenario of the unchanged models. ran: statements, with their text; functions: (file, name) of those that ran.
    set_up: names of functions that its setup calls, not counting calls through pointers.

    usable: it was searched to its end within the budget and all is as expected; otherwise it says nothing of mutants.
    """

    scenario: str
    usable: bool
    states: int
    ran: Mapping[Place, str]
    functions: frozenset[tuple[str, str]]
    set_up: frozenset[str]
    properties: tuple[str, ...]


def baselines(program: Program, names: Iterable[str], options: Options, events: Events) -> dict[str, Baseline]:
    """Run the unchanged models. Raises Interrupted and InternalError."""
    outcomes = run([Job(name, program, name) for name in names], options, events)
    stop_for(outcomes)
    return {o.name: _baseline(o, _called_from(program, program.scenarios[o.name].setup)) for o in outcomes}


def _baseline(outcome: Outcome, set_up: frozenset[str]) -> Baseline:
    properties = tuple(v.id for v in outcome.verdicts)
    if outcome.result is None or outcome.facts is None:
        return Baseline(outcome.name, False, 0, {}, frozenset(), set_up, properties)
    return Baseline(
        outcome.name,
        outcome.result.complete and all(v.as_expected for v in outcome.verdicts),
        outcome.result.states,
        {(s.file, s.line): s.text for s in outcome.facts.ran},
        frozenset((s.file, s.function) for s in outcome.facts.ran),
        set_up,
        properties,
    )


def _called_from(program: Program, setup: str) -> frozenset[str]:
    """The functions that a function calls, and those that they call."""
    found: set[str] = set()
    pending = [setup]
    while pending:
        function = program.functions.get(pending.pop())
        calls = {e.function for e in all_expressions(function.body) if isinstance(e, Call)} if function else set()
        pending += calls - found
        found |= calls
    return frozenset(found)


def candidates(mutant: Mutant, known: Mapping[str, Baseline]) -> tuple[frozenset[str], frozenset[str]]:
    """The scenarios that may notice a mutant: those whose contexts run it, and those of which this is not known.

    A move needs a scenario whose contexts run both steps: what only a setup runs, alone, says nothing about an order.
    """
    file = mutant.function.span.file
    lines, and_lines = places(mutant, mutant.lines), places(mutant, mutant.and_lines)
    function = (file, mutant.function.name)
    forced = mutant.kind in (Kind.FORCE_TRUE, Kind.FORCE_FALSE)

    def fits(b: Baseline) -> bool:
        if and_lines:
            return bool(lines & b.ran.keys()) and bool(and_lines & b.ran.keys())
        return bool(lines & b.ran.keys()) or (forced and function in b.functions) or mutant.function.name in b.set_up

    fit = frozenset(name for name, b in known.items() if b.usable and fits(b))
    run_it = frozenset(name for name in fit if lines & known[name].ran.keys())
    return run_it, fit - run_it


def places(mutant: Mutant, lines: Iterable[int]) -> set[Place]:
    """Lines of a mutant's file as places."""
    return {(mutant.function.span.file, line) for line in lines}
