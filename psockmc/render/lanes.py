"""The lanes of a trace: for each lock, for the RCU readers and for each grace period, who has it after each step.

Pages and pictures draw them as narrow columns beside the code: filled while somebody holds the thing, outlined while
somebody waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from psockmc.explore.tracedata import Step, Trace

READERS = "RCU readers"


@dataclass(frozen=True, slots=True)
class Hold:
    """One lane after one step. owners: contexts that hold it (or are in it); reads: they share it; waiters: who waits.

    A grace period has no owners: its waiters are the readers that it waits for.
    """

    owners: tuple[int, ...] = ()
    reads: bool = False
    waiters: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane. name: the lock's, that of the grace period's cell, or `RCU readers`. holds: after step n at [n - 1]."""

    name: str
    kind: Literal["lock", "rcu", "grace period"]
    holds: tuple[Hold, ...]

    def after(self, number: int) -> Hold:
        """After step `number`; 0 is the beginning, of which only what outlasts the first step is known."""
        if number > 0:
            return self.holds[number - 1]
        return Hold()


FREE = Hold()


def lanes_of(trace: Trace) -> list[Lane]:
    """The lanes in which something happens: locks in the order in which they are taken, readers, grace periods.

    The readers have one only when somebody waits for them: else they say nothing.
    """
    names: dict[tuple[str, str], None] = {}
    for step in trace.steps:
        names.update(dict.fromkeys(("lock", held.lock) for held in step.held))
        names.update(dict.fromkeys(("grace period", grace.cell) for grace in step.grace_periods))
    if any(kind == "grace period" for kind, _ in names) or "rcu" in trace.property.id:
        names["rcu", READERS] = None
    order = {"lock": 0, "rcu": 1, "grace period": 2}
    chosen = sorted(names, key=lambda one: order[one[0]])
    rows = [_after(trace, step) for step in trace.steps]
    return [Lane(name, _kind(kind), tuple(row.get((kind, name), FREE) for row in rows)) for kind, name in chosen]


def _kind(kind: str) -> Literal["lock", "rcu", "grace period"]:
    return "lock" if kind == "lock" else "rcu" if kind == "rcu" else "grace period"


def _after(trace: Trace, step: Step) -> dict[tuple[str, str], Hold]:
    """Every lane that is not free after a step."""
    found: dict[tuple[str, str], Hold] = {}
    waiting: dict[str, list[int]] = {}
    for context, lock in _waiting(trace, step):
        waiting.setdefault(lock, []).append(context)
    for held in step.held:
        before = found.get(("lock", held.lock), FREE)
        waiters = tuple(waiting.get(held.lock, ()))
        found["lock", held.lock] = Hold((*before.owners, held.context), held.mode == "read", waiters)
    if step.readers:
        found["rcu", READERS] = Hold(step.readers, reads=True)
    for grace in step.grace_periods:
        found["grace period", grace.cell] = Hold(waiters=grace.waits_for)
    return found


def _waiting(trace: Trace, step: Step) -> Iterator[tuple[int, str]]:
    """Who waits for which lock after a step."""
    for intent in step.intents:
        if intent.status == "blocked":
            yield intent.context, intent.what


def hold_text(lane: Lane, hold: Hold) -> str:
    """The digits of the owners; of a grace period, of the readers that it waits for."""
    return "".join(map(str, hold.owners or (hold.waiters if lane.kind != "lock" else ())))


def hold_title(trace: Trace, lane: Lane, hold: Hold) -> str:
    """What a lane says, in words."""
    owners = " and ".join(trace.contexts[c].label for c in hold.owners)
    waiters = " and ".join(trace.contexts[c].label for c in hold.waiters)
    if lane.kind == "rcu":
        return f"{owners} in an RCU reader"
    if lane.kind == "grace period":
        return f"{lane.name} waits for {waiters}" if waiters else f"{lane.name} can end"
    held = f"{lane.name} held by {owners}{' for reading' if hold.reads else ''}" if owners else lane.name
    return f"{held}, waited for by {waiters}" if waiters else held
