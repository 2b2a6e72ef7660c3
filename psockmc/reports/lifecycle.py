"""The part `lifecycle`: the states of a psock, and whose steps lead from one to another in runs of the models."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from textwrap import dedent
from typing import TYPE_CHECKING

from psockmc import content
from psockmc.lang.types import Bool, Pointer
from psockmc.render.ladder_svg import Arrow, Card, ladder_svg
from psockmc.reports import markdown as md
from psockmc.reports.material import require_settled
from psockmc.run import Job
from psockmc.watch import FREED, NOT_ALLOCATED, UNNAMED

if TYPE_CHECKING:
    from psockmc.lang.tree import Function, Program
    from psockmc.reports.material import Material
    from psockmc.watch import Change

STATES = "spec/lifecycle.py"
Edge = tuple[str, str]
"""A state and the one that follows it."""


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """lifecycle.svg and lifecycle.md; nothing where the content names no states.

    Raises NotSettled, and UsageError for a function that is no state.
    """
    if not (material.root / STATES).is_file():
        return
    program = content.load(material.root, also=[material.root / STATES])
    states = states_of(program)
    names = sorted(name for name, scenario in program.scenarios.items() if scenario.quick)
    jobs = [Job(name, program, name, watch=tuple(state.name for state in states)) for name in names]
    outcomes = material.search(jobs)
    material.used.add("scenarios")  # watched ones, but what changes a scenario changes these
    for outcome in outcomes:
        require_settled(outcome)
    life = Life(program, states, {outcome.scenario: outcome.changes for outcome in outcomes})
    yield "lifecycle.svg", picture(life)
    yield "lifecycle.md", document(life)


def states_of(program: Program) -> list[Function]:
    """The states of the program, in the order of a life. Raises UsageError for a function that is none."""
    states = [function for function in program.functions.values() if function.span.file == STATES]
    structs = {_struct(function) for function in states}
    for function in states:
        if len(structs) > 1 or "" in structs:
            raise content.UsageError(
                f"{STATES}:{function.span.line}: {function.name}() is no state: give every function of this file the"
                " decorator @pure, the result bool, and one parameter, a pointer to the same struct"
            )
    return states


def _struct(function: Function) -> str:
    """The struct whose state a function is; "" when it is none."""
    types = [param.type for param in function.params]
    right = function.role == "pure" and isinstance(function.result, Bool) and len(types) == 1
    return types[0].struct if right and isinstance(types[0], Pointer) else ""


class Life:
    """The states, and who was seen to change them.

    states: functions of the modelling language, in the order of a life. changes: by scenario.
    """

    def __init__(self, program: Program, states: Sequence[Function], changes: Mapping[str, Sequence[Change]]) -> None:
        self.program, self.functions, self.scenarios = program, states, sorted(changes)
        self.found = [(change, name) for name in self.scenarios for change in changes[name]]

    @cached_property
    def edges(self) -> dict[Edge, dict[Change, set[str]]]:
        """For each pair of states, who leads from one to the other, and in which scenarios."""
        edges: dict[Edge, dict[Change, set[str]]] = {}
        for change, name in sorted(self.found):
            edges.setdefault((change.before, change.after), {}).setdefault(change, set()).add(name)
        position = {state: i for i, state in enumerate([NOT_ALLOCATED, *self._names, UNNAMED, FREED])}
        return dict(sorted(edges.items(), key=lambda item: (position[item[0][0]], position[item[0][1]])))

    @property
    def _names(self) -> list[str]:
        return [function.name for function in self.functions]

    @cached_property
    def states(self) -> dict[str, str]:
        """The states that are drawn, and what each means."""
        meanings = {
            NOT_ALLOCATED: "Never allocated so far.",
            FREED: "Given back by kfree(); its memory may become another psock.",
        }
        meanings[UNNAMED] = "Allocated, and in none of the states that have a name."
        meanings |= {function.name: " ".join(function.doc.split()) for function in self.functions}
        met = {state for edge in self.edges for state in edge}
        order = [NOT_ALLOCATED, *self._names, UNNAMED, FREED]
        return {state: meanings[state] for state in order if state in met or state in self._names}

    def scenarios_of(self, edge: Edge, function: str) -> set[str]:
        """The scenarios in which a function leads from one state to the other."""
        return {name for change, names in self.edges[edge].items() if change.function == function for name in names}

    def functions_of(self, edge: Edge) -> list[str]:
        """Who leads from one state to the other."""
        return sorted({change.function for change in self.edges[edge]})

    def condition(self, function: Function) -> str:
        """What a state's function returns, as it is written."""
        lines = self.program.sources[function.span.file].splitlines()[function.span.line - 1 : function.span.end_line]
        (definition,) = ast.parse(dedent("\n".join(lines))).body
        return next(
            ast.unparse(node.value) for node in ast.walk(definition) if isinstance(node, ast.Return) and node.value
        )


def shown(state: str) -> str:
    """A state's name as a text."""
    return state.replace("_", " ")


def picture(life: Life) -> str:
    """lifecycle.svg."""
    cards = []
    for state, meaning in life.states.items():
        arrows = [
            Arrow(shown(before), f"from {shown(before)}:", _label(life, (before, after)))
            for before, after in life.edges
            if after == state
        ]
        cards.append(Card(shown(state), (meaning,), (), tuple(arrows)))
    description = "; ".join(
        f"from {shown(before)} to {shown(after)} by {', '.join(life.functions_of((before, after)))}"
        for before, after in life.edges
    )
    notes = [f"In parentheses: in how many of {len(life.scenarios)} scenarios. Their setups are not counted."]
    return ladder_svg("The life of a psock", description, cards, notes, chain=True)


def _label(life: Life, edge: Edge) -> str:
    return ", ".join(f"{name}() ({len(life.scenarios_of(edge, name))})" for name in life.functions_of(edge))


INTRODUCTION = (
    "Every step that takes a psock from one state to another, in any run of {count} scenarios: those that"
    " `psockmc check --quick` runs, below. Each operation of each function was watched, on the way of every run; a pair"
    " of states that is not here does not follow each other in any of them (a run ends where a finding, such as a use"
    " after free, makes the rest meaningless). What the setup of a scenario does comes before its runs and is not"
    " counted."
)


def document(life: Life) -> str:
    """lifecycle.md."""
    return md.page(
        md.heading(1, "The life of a psock"),
        INTRODUCTION.format(count=len(life.scenarios)),
        "![The states of a psock](lifecycle.svg)",
        md.heading(2, "States"),
        f"A psock that is allocated is in the first of these whose condition is true of it ({md.code(STATES)}).",
        md.table(("state", "condition", "meaning"), _states(life)),
        md.heading(2, "Changes"),
        md.table(("from", "to", "by", "in", "kernel file", "scenarios", "such as"), _changes(life), numbers=[5]),
        md.heading(2, "Scenarios"),
        ", ".join(map(md.code, life.scenarios)) + ".",
    )


def _states(life: Life) -> Iterator[tuple[str, ...]]:
    for function in life.functions:
        meaning = md.text(life.states[function.name])
        yield shown(function.name), md.code(life.condition(function)), meaning


def _changes(life: Life) -> Iterator[tuple[str, ...]]:
    for edge, changes in life.edges.items():
        for function in life.functions_of(edge):
            some = [change for change in changes if change.function == function]
            scenarios = life.scenarios_of(edge, function)
            yield (
                shown(edge[0]),
                shown(edge[1]),
                md.code(function),
                md.text(", ".join(sorted({change.kind for change in some}))),
                md.code(some[0].kernel_file),
                f"{len(scenarios):,}",
                md.code(min(scenarios)),
            )
