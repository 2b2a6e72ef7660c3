"""The violations of the tiny models beside this file, and their traces.

The renderers are tested with *recorded* traces (traces/NAME.json), so that a change of the language or of a primitive does not
change what they get. `python -m tests.render.tracing` records them anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.lockorder import LOCK_ORDER
from psockmc.explore.result import LockEdge, Violation
from psockmc.explore.trace import build_trace, load_trace
from psockmc.explore.tracedata import Trace
from psockmc.explore.verdict import judge
from psockmc.ir.lower import compile_scenario
from psockmc.ir.system import Property, TransitionSystem
from psockmc.lang import load_program

MODELS = Path(__file__).parent / "models"
RECORDED = Path(__file__).parent / "traces"

# Every kind of failure, by a name of its own: (model, scenario, property).
CASES = {
    "use-after-free": ("lifecycle", "close_against_delete", "use-after-free"),
    "three-contexts": ("lifecycle", "close_against_delete", "refcount"),
    "deadlock-two-locks": ("locks", "two_orders", "deadlock"),
    "deadlock-three-locks": ("locks", "three_orders", "deadlock"),
    "lock-order": ("locks", "no_deadlock", LOCK_ORDER),
    "self-deadlock": ("locks", "twice", "self-deadlock"),
    "deadlock-work": ("works", "cancel_under_mutex", "deadlock"),
    "deadlock-grace-period": ("works", "grace_period_under_mutex", "deadlock"),
    "irq-inversion": ("locks", "inversion", LOCK_ORDER),
    "deadlock-softirq": ("locks", "same_cpu_inversion", "deadlock"),
    "deadlock-itself": ("works", "grace_period_of_its_own", "deadlock"),
    "deadlock-nobody": ("works", "nobody_wakes", "deadlock"),
    "sleep-in-reader": ("works", "grace_period_under_mutex", "sleep-in-atomic"),
    "sleep-under-lock": ("queue", "several", "sleep-in-atomic"),
    "null-deref": ("queue", "several", "null-deref"),
    "lost-wakeup": ("queue", "several", "lost-wakeup"),
    "leak": ("queue", "several", "leak"),
    "check": ("queue", "several", "assert"),
    "invariant": ("queue", "several", "I90"),
    "end-property": ("queue", "several", "I91"),
    "double-free": ("queue", "freed_twice", "double-free"),
    "null-call": ("callbacks", "start_against_packet", "null-call"),
    "data-race": ("callbacks", "start_against_packet", "data-race"),
    "same-cpu": ("callbacks", "same_cpu", "null-call"),
    "long": ("long", "link_against_sendmsg", "use-after-free"),
}


@dataclass(frozen=True)
class Case:
    """A violation of a compiled scenario. edges: for a lock order, its acquisitions."""

    ts: TransitionSystem
    violation: Violation
    edges: tuple[LockEdge, ...]


@cache
def searched(model: str, scenario: str) -> dict[str, Case]:
    """Every violation of a scenario, by property."""
    ts = compile_scenario(load_program(MODELS, [MODELS / f"{model}.py"]), scenario)
    if LOCK_ORDER not in {p.id for p in ts.properties}:
        ts = replace(
            ts, properties=(*ts.properties, Property(LOCK_ORDER, "locks are taken in one order", "builtin", None))
        )
    verdicts = judge(ts, search_reference(ts, Limits(), None), {})
    return {v.id: Case(ts, v.violation, tuple(v.edges)) for v in verdicts if v.violation is not None}


def case(name: str) -> Case:
    """The violation of a case."""
    model, scenario, prop = CASES[name]
    return searched(model, scenario)[prop]


@cache
def built(name: str) -> Trace:
    """The trace of a case, built from its model."""
    found = case(name)
    return build_trace(found.ts, found.violation, edges=found.edges)


@cache
def recorded(name: str) -> Trace:
    """The recorded trace of a case."""
    return load_trace(RECORDED / f"{name}.json")


def record() -> None:
    """Write the traces of all cases."""
    RECORDED.mkdir(exist_ok=True)
    for name in CASES:
        (RECORDED / f"{name}.json").write_text(json.dumps(built(name).to_json()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
