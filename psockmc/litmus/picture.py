"""What a picture of an execution shows: which edges, with which labels.

For an allowed execution: rf, co and fr, within each thread what the model preserves of program order, and data races.
For a forbidden one: the cycle, and rf to see where values come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from psockmc.litmus.derive import Derivations
from psockmc.litmus.execution import INITIAL, LOCKS, Execution
from psockmc.litmus.explain import Explanation, Unfolder
from psockmc.litmus.model import Model
from psockmc.litmus.witness import Nodes, overwritten, reads_from, write_order

Sort = Literal["po", "rf", "co", "fr", "order", "race"]

_SORTS: dict[str, Sort] = {
    **dict.fromkeys(("rf", "rfe", "rfi"), "rf"),
    **dict.fromkeys(("co", "coe", "coi"), "co"),
    **dict.fromkeys(("fr", "fre", "fri"), "fr"),
    "po": "po",
    "data-race": "race",
}


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge between two nodes, given by their positions in `Picture.nodes.all`. cycle: part of what is forbidden."""

    sort: Sort
    label: str
    source: int
    target: int
    cycle: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """The nodes of an execution and the arrows between them; program order between neighbours is not among them."""

    nodes: Nodes
    arrows: tuple[Arrow, ...]


def picture_of(model: Model, execution: Execution) -> Picture:
    """An allowed execution."""
    collector = _Collector(execution)
    for source, target in reads_from(execution):
        collector.add("rf", source, target)
    for writes in write_order(execution).values():
        for source, target in pairwise(writes):
            collector.add("co", source, target)
    for source, target in overwritten(execution):
        collector.add("fr", source, target)
    for label, source, target in _preserved(model, execution):
        collector.add(label, source, target)
    for flag in model.flags(execution):
        if flag.name == "data-race":
            for source, target in sorted({(min(pair), max(pair)) for pair in flag.pairs}):
                collector.add(flag.name, source, target)
    return collector.picture()


def picture_of_cycle(explanation: Explanation) -> Picture:
    """A forbidden execution: the steps of its explanation."""
    execution = explanation.execution
    collector = _Collector(execution)
    for step in explanation.steps:
        for edge in step.edges:
            collector.add(edge.label, edge.source, edge.target, cycle=True)
    for source, target in reads_from(execution):
        collector.add("rf", source, target)
    return collector.picture()


def _preserved(model: Model, execution: Execution) -> list[tuple[str, int, int]]:
    """What `ppo` preserves of program order between events that other threads meet; not what follows from the rest."""
    if "ppo" not in model.text.definitions:
        return []
    derivations = Derivations(model, execution)
    u = derivations.universe
    met = _met(execution)
    kept = derivations.named("ppo") & u.pack(execution.skeleton.relations["int"]) & u.product(met, met)
    nearest = kept & ~u.compose(kept, u.closure(kept))
    unfolder = Unfolder(derivations)
    return [(unfolder.label("ppo", source, target), source, target) for source, target in u.pairs(nearest)]


def _met(execution: Execution) -> int:
    """The events with an rf, co or fr to or from another thread."""
    orders = (pairwise(writes) for writes in write_order(execution).values())
    pairs = [*reads_from(execution), *overwritten(execution), *(pair for order in orders for pair in order)]
    events = execution.events
    apart = [pair for pair in pairs if INITIAL not in (a := {events[i].thread for i in pair}) and len(a) > 1]
    return sum(1 << event for event in {event for pair in apart for event in pair})


class _Collector:
    """Arrows by the nodes of their events; several reasons for one pair become one label."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.nodes = Nodes(execution)
        self.position = {node: index for index, node in enumerate(self.nodes.all)}
        self.found: dict[tuple[Sort, int, int], tuple[dict[str, None], bool]] = {}

    def add(self, label: str, source: int, target: int, cycle: bool = False) -> None:
        """One edge between events, unless there is nothing to see in it.

        That is so inside a node, for initial values, for the order of a lock's events (who takes it from whom says it),
        and for co and fr within a thread, which follow program order.
        """
        first, second = self.nodes.of(source), self.nodes.of(target)
        sort = _SORTS.get(label, "order")
        if first is second or INITIAL in (first.thread, second.thread):
            return
        if sort in ("co", "fr") and not cycle and (first.thread == second.thread or self._is_lock(target)):
            return
        key = (sort, self.position[first], self.position[second])
        labels, known_cycle = self.found.get(key, ({}, False))
        if known_cycle and not cycle:
            return  # the cycle names it already
        self.found[key] = ({**labels, label: None}, cycle or known_cycle)

    def _is_lock(self, event: int) -> bool:
        return bool(self.execution.events[event].tags & set(LOCKS))

    def picture(self) -> Picture:
        arrows = (
            Arrow(sort, ", ".join(labels), source, target, cycle)
            for (sort, source, target), (labels, cycle) in self.found.items()
        )
        return Picture(self.nodes, tuple(arrows))
