"""The order in which locks are taken, judged as the kernel's lockdep judges it (kernel/locking/lockdep.c).

Input is every reachable acquisition of a lock (`SearchResult.lock_edges`). Two orders that form a cycle are a finding
although no run of the scenario may deadlock: with one more CPU, or other timing, one could.

* A *cycle* is a sequence of edges in which each edge takes the class that the next one holds. Readers of an rwlock
  are recursive: where one side of a joint takes the class as a reader and the other holds it as a reader, nobody waits
  and the joint does not count (lockdep's "strong" dependency paths). So readers of one class inside each other
  are no cycle, while two instances of one class held together are, as soon as a writer is among them.
* An *irq inversion* is a class that is taken in interrupt context and also by code that this interrupt may hit: taken
  in a softirq and by a task with bottom halves enabled, or in a hardirq and with interrupts enabled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psockmc.explore.result import LockEdge, SearchResult
from psockmc.ir.system import TransitionSystem

if TYPE_CHECKING:
    import networkx as nx

    ClassGraph = nx.DiGraph[str]
    EdgeGraph = nx.DiGraph[int]

LOCK_ORDER = "lock-order"

TASK, SOFTIRQ, HARDIRQ = 0, 1, 2
LEVELS = ("task", "softirq", "hardirq")


@dataclass(frozen=True, slots=True)
class Cycle:
    """Edges in a ring: each takes the class that the next one holds. A single edge: two instances of its class."""

    edges: tuple[LockEdge, ...]

    @property
    def witness(self) -> LockEdge:
        """The acquisition to show: the one that takes longest to come to."""
        return max(self.edges, key=lambda edge: len(edge.path))

    def sentence(self, ts: TransitionSystem) -> str:
        """Who takes what inside what, in one sentence."""
        if len(self.edges) == 1:
            (edge,) = self.edges
            return f"{ts.contexts[edge.context].name} holds two locks of class {ts.locks[edge.held].name} at once"
        return "; ".join(
            f"{ts.contexts[e.context].name} takes {_class(ts, e.taken, e.taken_write)} while it holds "
            f"{_class(ts, e.held, e.held_write)}"
            for e in self.edges
        )


@dataclass(frozen=True, slots=True)
class Inversion:
    """Two acquisitions of one class: in an interrupt, and by code that this interrupt may hit meanwhile."""

    inside: LockEdge
    outside: LockEdge

    @property
    def edges(self) -> tuple[LockEdge, ...]:
        """Both acquisitions."""
        return (self.inside, self.outside)

    @property
    def witness(self) -> LockEdge:
        """The acquisition to show: the one that the interrupt may hit, because that one is to be changed."""
        return self.outside

    def sentence(self, ts: TransitionSystem) -> str:
        """Who takes the class where, in one sentence."""
        interrupt, victim = ts.contexts[self.inside.context], ts.contexts[self.outside.context]
        enabled = "bottom halves" if interrupt.level == SOFTIRQ else "interrupts"
        return (
            f"{victim.name} takes {_class(ts, self.outside.taken, self.outside.taken_write)} with {enabled} enabled, "
            f"and {interrupt.name} takes it in {LEVELS[interrupt.level]} context"
        )


@dataclass(frozen=True, slots=True)
class LockOrder:
    """What is wrong with the order of locks. classes, orders: how many took part in the judgement."""

    cycles: tuple[Cycle, ...]
    inversions: tuple[Inversion, ...]
    classes: int
    orders: int

    @property
    def findings(self) -> tuple[Cycle | Inversion, ...]:
        """Everything that is wrong, cycles first."""
        return (*self.cycles, *self.inversions)


def lock_order(ts: TransitionSystem, result: SearchResult) -> LockOrder:
    """All lock-order findings of a search. Of cycles, the shortest through each edge, each set of orders once."""
    edges = _wherever(result.lock_edges)
    return LockOrder(
        cycles=tuple(cycles(edges)),
        inversions=tuple(inversions(edges, [c.level for c in ts.contexts])),
        classes=len({e.taken for e in edges}),
        orders=len({(e.held, e.taken) for e in edges if e.held >= 0}),
    )


def _wherever(edges: Sequence[LockEdge]) -> list[LockEdge]:
    """Of edges that differ only in the place, the one with the shortest way to it: an order is judged, not a place."""
    nearest: dict[LockEdge, LockEdge] = {}
    for edge in edges:
        key = replace(edge, site=-1, path=())
        nearest[key] = min(nearest.get(key, edge), edge, key=lambda one: len(one.path))
    return list(nearest.values())


def class_graph(ts: TransitionSystem, result: SearchResult) -> ClassGraph:
    """The graph of lock classes by name; an arc A -> B means B was taken while A was held."""
    import networkx as nx

    graph: ClassGraph = nx.DiGraph()
    graph.add_nodes_from(lock.name for lock in ts.locks)
    graph.add_edges_from((ts.locks[e.held].name, ts.locks[e.taken].name) for e in result.lock_edges if e.held >= 0)
    return graph


def _class(ts: TransitionSystem, lock: int, write: bool) -> str:
    return ts.locks[lock].name + ("" if write else " (read)")


def cycles(uses: Sequence[LockEdge]) -> Iterator[Cycle]:
    """Shortest cycles of strong joints. The graph's vertices are the edges, so that each joint can be judged."""
    import networkx as nx  # takes a while to import

    edges = [edge for edge in uses if edge.held >= 0]
    graph: EdgeGraph = nx.DiGraph()
    graph.add_nodes_from(range(len(edges)))
    for i, first in enumerate(edges):
        for j, second in enumerate(edges):
            if first.taken == second.held and (first.taken_write or second.held_write):
                graph.add_edge(i, j)
    seen: set[frozenset[tuple[int, int]]] = set()
    for start in graph:
        cycle = Cycle(tuple(edges[i] for i in _shortest_ring(graph, start)))
        orders = frozenset((e.held, e.taken) for e in cycle.edges)
        if orders and orders not in seen:
            seen.add(orders)
            yield cycle


def _shortest_ring(graph: EdgeGraph, start: int) -> list[int]:
    """The vertices of a shortest cycle through `start`, beginning with it; [] when there is none."""
    import networkx as nx

    distances = nx.single_target_shortest_path(graph, start)
    rings = [[start, *distances[n][:-1]] for n in graph.successors(start) if n in distances]
    return min(rings, key=len, default=[])


def inversions(edges: Sequence[LockEdge], levels: Sequence[int]) -> Iterator[Inversion]:
    """The first pair of acquisitions for each class, interrupt and victim. levels: of each context."""
    seen: set[tuple[int, int, int]] = set()
    for inside in edges:
        level = levels[inside.context]
        for outside in edges:
            key = (inside.taken, inside.context, outside.context)
            if (
                inside.taken == outside.taken
                and level > levels[outside.context]
                and not _masked(level, outside)
                and (inside.taken_write or outside.taken_write)  # a reader does not wait for a reader
                and key not in seen
            ):
                seen.add(key)
                yield Inversion(inside, outside)


def _masked(level: int, edge: LockEdge) -> bool:
    """Whether an interrupt of this level is kept out while the lock of this edge is held."""
    return edge.irq_off or (level == SOFTIRQ and edge.bh_off)
