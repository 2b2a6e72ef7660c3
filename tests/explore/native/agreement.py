"""What it means that two engines agree."""

from __future__ import annotations

import dataclasses

from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.native import search_native
from psockmc.explore.result import LockEdge, SearchResult, Violation
from psockmc.ir.system import TransitionSystem
from tests.explore.native.systems import Builder

# What may differ between engines.
OWN = {"engine", "seconds", "cached", "bytes_per_state", "notes", "lock_edges"}


def facts(result: SearchResult) -> dict[str, object]:
    """Everything in which engines must agree; lock edges are a set."""
    same = {f.name: getattr(result, f.name) for f in dataclasses.fields(result) if f.name not in OWN}
    edges: set[LockEdge] = set(result.lock_edges)
    assert len(edges) == len(result.lock_edges)
    return {**same, "lock_edges": edges}


def agreed(ts: TransitionSystem, limits: Limits | None = None) -> SearchResult:
    """The native engine's result, after comparing it with the reference's in every number."""
    limits = limits or Limits()
    native = search_native(ts, limits, None)
    theirs = facts(search_reference(ts, limits, None))
    assert {key: (value, theirs[key]) for key, value in facts(native).items() if value != theirs[key]} == {}
    return native


def check(b: Builder) -> tuple[TransitionSystem, SearchResult]:
    """The system and the result on which both engines agree."""
    ts = b.build()
    return ts, agreed(ts)


def violation(ts: TransitionSystem, result: SearchResult, id: str) -> Violation:
    """The violation of a property; there must be one."""
    (found,) = [v for v in result.violations if ts.properties[v.property].id == id]
    return found


def violated(ts: TransitionSystem, result: SearchResult) -> set[str]:
    """The ids of the violated properties."""
    return {ts.properties[v.property].id for v in result.violations}
