"""A symbolic run is all runs at once: on any numbers it says what a run on these numbers says, and what C computes."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.explore.reference import Interpreter
from psockmc.ir.lower import compile_scenario
from psockmc.lang import ModelErrors, load_source
from psockmc.prove import proof, terms
from psockmc.prove.execute import SAFETY, Execution, Item
from psockmc.prove.objects import in_lane
from psockmc.prove.proof import Question
from psockmc.prove.rings import proofs
from psockmc.prove.state import Path
from psockmc.prove.terms import LANE, Term
from tests.prove.random_programs import CELLS, PRELUDE, PROOF, SCENARIO, boxes, works

ROUNDS = 6
Event = tuple[str, str, int, int]
"""What a run does not meet: kind, claim, and where it is stated."""


def question(work: str) -> Question | None:
    """The proof of a random program; None when the front end refuses it."""
    try:
        program = load_source(PRELUDE + work + PROOF)
    except ModelErrors:
        return None
    return Question.of(program, proofs(program)["random"], ROUNDS)


def first_events(failed: list[Item]) -> list[Event]:
    """What fails up to the first assumption or the first claim behind which C means nothing."""
    events: list[Event] = []
    for item in failed:
        events.append((item.kind, item.claim, item.span.line, item.span.column))
        if item.kind == "assume" or item.kind in SAFETY:
            break
    return events


def cells_of(run: Execution, values: dict[str, int]) -> dict[str, int]:
    """The box behind a run, on the values of the unknowns."""
    memo: dict[Term, int] = {}

    def resolved(path: Path) -> Path:
        return tuple(terms.evaluate(p, values, memo) if isinstance(p, Term) else p for p in path)

    written: dict[Path, Term] = {}
    for path, value in run.state.memory.items():
        assert resolved(path) not in written, f"two values for {resolved(path)}"
        written[resolved(path)] = value
    found = {}
    for cell in CELLS:
        path = ("b", *(int(p) if p.isdigit() else p for p in re.findall(r"\w+", cell)))
        value = written.get(path)
        found[cell] = terms.evaluate(run.objects.initial(path) if value is None else value, values, memo)
    return found


def failing(run: Execution, values: dict[str, int]) -> list[Item]:
    """What a run on these values does not meet."""
    memo: dict[Term, int] = {}
    return [
        item
        for item in run.items
        if item.kind != "cover"
        and terms.evaluate(item.path, values, memo)
        and not terms.evaluate(item.cond, values, memo)
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(work=works(), contents=st.lists(boxes(), min_size=4, max_size=4))
def test_symbolic_run_evaluated_is_the_run_on_numbers(work: str, contents: list[dict[str, int]]) -> None:
    asked = question(work)
    if asked is None:
        return
    seen = []
    for decided, run in proof.cases(asked):
        (first,) = decided
        lanes = first if isinstance(first, tuple) else (first,)
        seen += lanes
        for place, i in enumerate(lanes):
            for box in contents:
                values = {f"b.{cell}": value for cell, value in box.items()} | {LANE: place}
                values |= {name: values[in_lane(name, place)] for name in run.objects.unknowns}
                concrete = asked.execution((i,), values)
                kept, before = failing(run, values), cells_of(run, values)
                concrete.run(asked.proof)
                expected = first_events(failing(concrete, values))
                assert first_events(kept) == expected
                if not expected or expected[-1][0] == "check":
                    assert before == cells_of(concrete, values)
    dropped = {0, 1, 2, 3}.difference(seen)
    assert len(seen) + len(dropped) == 4
    for i in dropped:
        for box in contents:
            concrete = asked.execution((i,), {f"b.{cell}": value for cell, value in box.items()})
            concrete.run(asked.proof)
            assert first_events(failing(concrete, {}))[0][0] == "assume", "a lane is dropped for an assumption only"


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(work=works(), box=boxes(), i=st.integers(0, 3))
def test_run_on_numbers_is_that_of_the_reference_interpreter(work: str, box: dict[str, int], i: int) -> None:
    compare_with_the_interpreter(work, box, i)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(work=works(), box=boxes(), i=st.integers(0, 3))
def test_many_runs_on_numbers_are_those_of_the_reference_interpreter(work: str, box: dict[str, int], i: int) -> None:
    compare_with_the_interpreter(work, box, i)


def compare_with_the_interpreter(work: str, box: dict[str, int], i: int) -> None:
    """The prover's run on numbers leaves the cells and the findings that the interpreter does."""
    asked = question(work)
    if asked is None:
        return
    run = asked.execution((i,), {f"b.{cell}": value for cell, value in box.items()})
    run.run(asked.proof)
    events = [item for item in failing(run, {}) if item.claim != "wrap"]
    if any(item.kind == "assume" or item.kind in SAFETY for item in events):
        return
    setup = "\n    ".join(f"box0.{cell} = {value if cell != 'flag' else bool(value)}" for cell, value in box.items())
    system = compile_scenario(load_source(PRELUDE + work + SCENARIO.format(setup=setup, i=i)), "one")
    interpreter, state, failed = Interpreter(system), system.initial, []
    while steps := interpreter.steps(state):
        (step,) = steps
        failed += [message for _, message, *_ in step.findings]
        assert step.state is not None, step.findings
        state = step.state
    found = {
        re.sub(r"\.(\w+)\[(\d)\]$", r"[\2].\1", cell.name) if ".e." in cell.name else cell.name: state[number]
        for number, cell in enumerate(system.cells)
    }
    assert {cell: found.get(f"box0.{cell}") for cell in CELLS} == cells_of(run, {})
    assert len(failed) == len(events)
