"""Where a primitive is one step and the kernel takes several: whoever uses it can tell no difference.

Each scenario of refinement/socket_users.py is explored and the values of the users' own fields in all reachable states are
compared: the same for the primitive and for the kernel's steps.
"""

from __future__ import annotations

from pathlib import Path

from psockmc.explore.reference import Interpreter
from psockmc.ir.lower import compile_scenario
from psockmc.lang import load_program

FOLDER = Path(__file__).parent / "refinement"
OBSERVED = ("sk.log", "sk.in_use", "sk.seen")

Seen = tuple[int, ...]


def observed(scenario: str) -> tuple[set[Seen], set[Seen]]:
    """The values of the observed fields in all reachable states, and in those in which nothing can happen any more."""
    program = load_program(FOLDER, [FOLDER / "socket_users.py"], [])
    ts = compile_scenario(program, scenario)
    cells = [i for name in OBSERVED for i, cell in enumerate(ts.cells) if cell.name == name]
    assert len(cells) == len(OBSERVED)
    interpreter = Interpreter(ts)
    known, todo = {ts.initial}, [ts.initial]
    ends = set()
    while todo:
        state = todo.pop()
        steps = [step for step in interpreter.steps(state) if step.exists]
        assert not any(step.cut or step.findings for step in steps)
        if not steps:
            assert not interpreter.stuck(state)
            ends.add(tuple(state[i] for i in cells))
        for step in steps:
            if step.state is not None and step.state not in known:
                known.add(step.state)
                todo.append(step.state)
    return {tuple(state[i] for i in cells) for state in known}, ends


def test_one_step_lock_sock_shows_what_the_kernels_steps_show() -> None:
    assert observed("one_step") == observed("in_detail")


def test_the_comparison_sees_a_softirq_that_does_not_ask() -> None:
    assert observed("without_asking") != observed("in_detail")
