"""Random systems that go round: both engines find the same lassos, and each is replayed."""

from __future__ import annotations

import networkx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from psockmc.explore import native
from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.liveness import obliged
from psockmc.explore.reference import Interpreter
from psockmc.explore.trace import build_trace
from psockmc.ir.lower import compile_scenario
from psockmc.ir.system import TransitionSystem
from psockmc.lang import load_source
from tests.explore.test_random_models import summary

pytestmark = pytest.mark.skipif(bool(native.available()), reason="the native engine needs a C compiler")

PRELUDE = """
from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.kernel.work import INIT_WORK, cancel_work, schedule_work, work_struct
from psockmc.lang import (
    NOBODY, READ_ONCE, WRITE_ONCE, Int, Struct, choose, eventually, instance, kernel, process, scenario, softirq, user, xchg,
)


class world(Struct):
    a: Int[0, 2]
    b: bool
    lock: spinlock_t
    work: work_struct


w = instance(world)


@user
def prepare() -> None:
    INIT_WORK(w.work, worker)


@eventually("G1", "a is 0 again and again")
def a_is_0() -> bool:
    return w.a == 0


@eventually("G2", "b is false, or a is 2")
def b_is_served() -> bool:
    return not w.b or w.a == 2


@eventually("G3", "the worker rests")
def worker_rests() -> bool:
    return w.work.pending == False and w.work.running == NOBODY


@eventually("G4", "somebody holds the lock again and again")
def lock_is_taken() -> bool:
    return w.lock.owner != NOBODY
"""
STATEMENTS = [
    "WRITE_ONCE(w.a, 0)",
    "WRITE_ONCE(w.a, 1)",
    "WRITE_ONCE(w.a, 2)",
    "WRITE_ONCE(w.a, choose(3))",
    "was = xchg(w.b, True)",
    "was = xchg(w.b, False)",
    "queued = schedule_work(w.work)",
    "cancelled = cancel_work(w.work)",
]
CONDITIONS = ["READ_ONCE(w.a) == 1", "READ_ONCE(w.a) != 2", "READ_ONCE(w.b)", "not READ_ONCE(w.b)"]


@st.composite
def blocks(draw: st.DrawFn, loops: bool) -> list[str]:
    """A few statements; loops: some of them round and round."""
    result: list[str] = []
    for _ in range(draw(st.integers(1, 2))):
        inner = [f"    {draw(st.sampled_from(STATEMENTS))}" for _ in range(draw(st.integers(1, 2)))]
        match draw(
            st.sampled_from(["plain", "if", "lock", "while", "while", "for ever"] if loops else ["plain", "if"])
        ):
            case "plain":
                result += [line.strip() for line in inner]
            case "if":
                result += [f"if {draw(st.sampled_from(CONDITIONS))}:", *inner]
            case "lock":
                result += ["spin_lock(w.lock)", *(line.strip() for line in inner), "spin_unlock(w.lock)"]
            case "while":
                result += [f"while {draw(st.sampled_from(CONDITIONS))}:", *inner]
            case _:
                result += ["while True:", *inner]
                return result
    return result


@st.composite
def models(draw: st.DrawFn) -> str:
    """Two or three contexts and a worker."""

    def function(name: str, params: str, loops: bool) -> str:
        decorator = "user" if loops and draw(st.integers(0, 3)) == 0 else 'kernel("file.c")'
        body = "".join(f"    {line}\n" for line in draw(blocks(loops)))
        return f"\n\n@{decorator}\ndef {name}({params}) -> None:\n{body}"

    text = PRELUDE + function("worker", "work: work_struct", False)
    runs = []
    for i in range(draw(st.integers(1, 3))):
        text += function(f"f{i}", "", True)
        cpu = draw(st.sampled_from(["", "", ", cpu=0"]))
        runs.append(f"{draw(st.sampled_from(['process', 'process', 'softirq']))}(f{i}{cpu})")
    goals = "[a_is_0, b_is_served, worker_rests, lock_is_taken]"
    return f'{text}\n\ns = scenario("random", setup=prepare, run=[{", ".join(runs)}], properties={goals})\n'


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(models())
def test_engines_find_the_same_lassos(text: str) -> None:
    ts = compile_scenario(load_source(text, "random.py"), "s")
    reference = search_reference(ts, Limits(max_states=3000), None)
    assume(reference.complete)
    assert summary(native.search_native(ts, Limits(), None)) == summary(reference)
    for violation in reference.violations:
        if violation.goal >= 0:
            assert len(build_trace(ts, violation).steps) == violation.depth


def naive(ts: TransitionSystem) -> set[int]:
    """The goals that some fair run misses, by trying each set of contexts that might take steps for ever."""
    interpreter = Interpreter(ts)
    number = {ts.initial: 0}
    states, edges, obligations = [ts.initial], [], []
    for state in states:
        steps = interpreter.steps(state)
        obligations.append(obliged(interpreter, state, steps))
        for step in steps:
            if step.exists and not step.cut and step.state is not None:
                if step.state not in number:
                    number[step.state] = len(states)
                    states.append(step.state)
                edges.append((number[state], step.context, number[step.state]))
    missed = set()
    for i, goal in enumerate(ts.goals):
        if goal.expr is not None:
            region = {n for n, s in enumerate(states) if not interpreter.evaluate(goal.expr, s)}
            if any(not obligations[n].idle | obligations[n].others for n in region):
                missed.add(i)
        else:
            region = {n for n, o in enumerate(obligations) if o.inside >> goal.context & 1}
        for movers in range(1, 1 << len(ts.contexts)):
            if goal.expr is None and not movers >> goal.context & 1:
                continue
            allowed = {n for n in region if not obligations[n].others & ~movers}
            graph = networkx.MultiDiGraph()
            graph.add_nodes_from(allowed)
            graph.add_edges_from(
                (a, b, {"by": c}) for a, c, b in edges if a in allowed and b in allowed and movers >> c & 1
            )
            for component in networkx.strongly_connected_components(graph):
                moving = {data["by"] for _, _, data in graph.subgraph(component).edges(data=True)}
                idle = ~movers
                for n in component:
                    idle &= obligations[n].idle
                if moving == {c for c in range(len(ts.contexts)) if movers >> c & 1} and not idle:
                    missed.add(i)
    return missed


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(models())
def test_a_goal_is_missed_when_some_set_of_contexts_can_go_round_without_it(text: str) -> None:
    ts = compile_scenario(load_source(text, "random.py"), "s")
    reference = search_reference(ts, Limits(max_states=1000), None)
    assume(reference.complete)
    found = {v.property for v in reference.violations if v.goal >= 0}
    assert found == {ts.goals[i].property for i in naive(ts)}
