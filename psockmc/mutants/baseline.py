"""What the unchanged models do in each scenario, and so which scenarios may notice a mutant.

A scenario may notice a mutant only when it runs the changed statements, and that is known from a run of the unchanged
models: up to the first of these statements nothing is different. (What a test decides may be known without a step, so
a forced test counts as run where its function runs. What a setup runs is not recorded, so the functions that it calls
count as run.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from psockmc.lang.tree import Call, Program
from psockmc.lang.walk import all_expressions
from psockmc.mutants.kinds import Kind, Mutant
from psockmc.mutants.trial import stop_for
from psockmc.run import Events, Job, Options, Outcome, run

Place = tuple[str, int]
"""A statement: its file and line."""

ROOM = 4
"""A mutant often has more states than its scenario: one that takes more than this part of the budget is tried late."""


@dataclass(frozen=True)
class Baseline:
    """A scenario of the unchanged models. ran: statements; functions: (file, name) of those that ran.
    set_up: names of functions that its setup calls, not counting calls through pointers.

    usable: it was searched to its end within the budget and all is as expected; otherwise it says nothing of mutants.
    """

    scenario: str
    usable: bool
    states: int
    ran: frozenset[Place]
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
        return Baseline(outcome.name, False, 0, frozenset(), frozenset(), set_up, properties)
    return Baseline(
        outcome.name,
        outcome.result.complete and all(v.as_expected for v in outcome.verdicts),
        outcome.result.states,
        frozenset((s.file, s.line) for s in outcome.facts.ran),
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


def candidates(mutant: Mutant, known: Mapping[str, Baseline]) -> tuple[list[str], list[str]]:
    """The scenarios that may notice a mutant: those whose contexts run it, and those that only set up with it.

    A move needs a scenario whose contexts run both steps: what only a setup runs, alone, says nothing about an order.
    """
    file = mutant.function.span.file
    lines = {(file, line) for line in mutant.lines}
    and_lines = {(file, line) for line in mutant.and_lines}
    function = (file, mutant.function.name)
    forced = mutant.kind in (Kind.FORCE_TRUE, Kind.FORCE_FALSE)

    def fits(b: Baseline) -> bool:
        if and_lines:
            return bool(lines & b.ran) and bool(and_lines & b.ran)
        return bool(lines & b.ran) or (forced and function in b.functions) or mutant.function.name in b.set_up

    fit = [b for b in known.values() if b.usable and fits(b)]
    return [b.scenario for b in fit if lines & b.ran], [b.scenario for b in fit if not lines & b.ran]


def various(known: Mapping[str, Baseline], max_states: int) -> Callable[[Sequence[str]], list[str]]:
    """A function that puts scenarios into an order in which the first few are as different as can be.

    The first is the one that runs the most statements, each next one runs the most that those before it do not; those
    that run nothing more come last, small ones before large ones. Small scenarios first would be quicker, but they
    notice little: they have too few contexts to get in each other's way.
    """
    bit = {place: 1 << n for n, place in enumerate(sorted({place for b in known.values() for place in b.ran}))}
    ran = {name: sum(bit[place] for place in b.ran) for name, b in known.items()}

    def rest(name: str) -> tuple[bool, int, str]:
        return (known[name].states * ROOM > max_states, known[name].states, name)

    @cache
    def ordered(names: frozenset[str]) -> list[str]:
        left, found, seen = sorted(names, key=rest), list[str](), 0
        small = [name for name in left if not rest(name)[0]]
        while small:
            best = max(small, key=lambda name: (ran[name] & ~seen).bit_count())
            if not ran[best] & ~seen:
                break
            found.append(best)
            small.remove(best)
            seen |= ran[best]
        return found + [name for name in left if name not in found]

    return lambda names: list(ordered(frozenset(names)))
