"""Goals: whether every fair run meets them (`psockmc.ir.system`, Fairness and Goals).

A goal is missed when some run stays for ever in states that do not count for it (`region`). Either the run ends there,
in a state that obliges nobody, or it goes round in a part of the graph in which every state leads to every other
and each context does what fairness asks of it: a *fair component*. Both are found and shown as a lasso: the way
to the nearest such state, and from there a short way round.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from psockmc.ir import system as ir

if TYPE_CHECKING:
    from psockmc.explore.reference import Interpreter, State, Step


@dataclass(frozen=True, slots=True)
class Edge:
    """A step from one state to another: who took it, and the number of the state that it leads to."""

    context: int
    choice: int
    target: int


@dataclass(frozen=True, slots=True)
class Obliged:
    """Bit sets of contexts that can go on in a state: from a stop that is idle, and from one that is neither idle nor
    rests. inside: contexts at stops that are active and do not rest.
    """

    idle: int
    others: int
    inside: int


def obliged(interpreter: Interpreter, state: State, steps: Iterable[Step]) -> Obliged:
    """What fairness asks of whom in a state, given all its step instances."""
    able = {s.context for s in steps if s.exists or s.cut or s.assumed_away}
    idle = others = inside = 0
    for context in interpreter.ts.contexts:
        stop = context.stops[state[context.pc]]
        bit = 1 << context.index
        if context.index in able and not stop.rests:
            idle |= bit * stop.idle
            others |= bit * (not stop.idle)
        inside |= bit * (stop.active and not stop.rests)
    return Obliged(idle, others, inside)


@dataclass
class Graph:
    """All reachable states by number, in the order of their discovery."""

    edges: list[list[Edge]] = field(default_factory=list)
    obliged: list[Obliged] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lasso:
    """How a goal is missed: in state `entry`, from which `loop` leads back to it. An empty loop: the run ends there."""

    goal: int
    entry: int
    loop: tuple[tuple[int, int], ...]


def lassos(interpreter: Interpreter, states: Sequence[State], graph: Graph) -> Iterator[Lasso]:
    """The lasso of each goal that is missed, with the entry that is nearest to the beginning."""
    in_cycles = {n for component in components(graph, range(len(states))) for n in component}
    for number, goal in enumerate(interpreter.ts.goals):
        region = _region(interpreter, states, graph, goal)
        ends = () if goal.expr is None else (n for n in range(len(states)) if region(n) and _may_end(graph, n))
        end = next(iter(ends), len(states))
        bit = 0 if goal.expr is not None else 1 << goal.context
        found = [c for c in fair_components(graph, filter(region, sorted(in_cycles))) if _moves(graph, c) & bit == bit]
        component = min(found, key=min, default=frozenset((len(states),)))
        if end < len(states) and end <= min(component):
            yield Lasso(number, end, ())
        elif min(component) < len(states):
            yield Lasso(number, min(component), _way_round(graph, component, min(component), bit))


def _region(interpreter: Interpreter, states: Sequence[State], graph: Graph, goal: ir.Goal) -> Callable[[int], bool]:
    """Whether a state, by its number, does not count for the goal."""
    expr = goal.expr
    if expr is not None:
        return lambda n: not interpreter.evaluate(expr, states[n])
    return lambda n: bool(graph.obliged[n].inside >> goal.context & 1)


def _may_end(graph: Graph, state: int) -> bool:
    """Whether nothing makes a run go on from a state."""
    return not graph.obliged[state].idle | graph.obliged[state].others


# ---------------------------------------------------------------- components


def components(graph: Graph, states: Iterable[int]) -> Iterator[frozenset[int]]:
    """The strongly connected components that some edge stays in, of the graph restricted to these states (Tarjan)."""
    inside = set(states)
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    for root in sorted(inside):
        work = [] if root in index else [(root, iter(_targets(graph, root, inside)))]
        if work:
            index[root] = low[root] = len(index)
            path.append(root)
            on_path.add(root)
        while work:
            at, targets = work[-1]
            target = next(targets, None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[at])
                if low[at] == index[at]:
                    component = set()
                    while at not in component:
                        component.add(path.pop())
                    on_path -= component
                    if len(component) > 1 or at in _targets(graph, at, inside):
                        yield frozenset(component)
            elif target not in index:
                index[target] = low[target] = len(index)
                path.append(target)
                on_path.add(target)
                work.append((target, iter(_targets(graph, target, inside))))
            elif target in on_path:
                low[at] = min(low[at], index[target])


def _targets(graph: Graph, state: int, inside: Collection[int]) -> list[int]:
    return [edge.target for edge in graph.edges[state] if edge.target in inside]


def _moves(graph: Graph, component: Collection[int]) -> int:
    """The contexts that take steps inside of a component, as bits."""
    moves = 0
    for state in component:
        for edge in graph.edges[state]:
            if edge.target in component:
                moves |= 1 << edge.context
    return moves


def fair_components(graph: Graph, states: Iterable[int]) -> Iterator[frozenset[int]]:
    """The components in which a run can go round fairly for ever, and visit everything.

    A context that takes no step in a component stands still there. If it is idle and can always go on, no run in here
    is fair. If it is not idle, a fair run in here comes only to states in which the context cannot go on.
    """
    todo = list(components(graph, states))
    while todo:
        component = todo.pop()
        still = ~_moves(graph, component)
        always = still
        refused = set()
        for state in component:
            always &= graph.obliged[state].idle
            if graph.obliged[state].others & still:
                refused.add(state)
        if always:
            continue
        if refused:
            todo += components(graph, component - refused)
        else:
            yield component


# ---------------------------------------------------------------- the way round


def lacking(obligations: Iterable[Obliged], movers: int) -> tuple[int, int]:
    """What keeps a run from being fair that comes to states with these obligations for ever, while the contexts
    `movers` take steps: contexts that must take a step, and idle ones that must do so or not be able to.
    """
    idle, others = ~0, 0
    for one in obligations:
        idle &= one.idle
        others |= one.others
    return others & ~movers, idle & ~movers


def _way_round(graph: Graph, component: frozenset[int], entry: int, must: int) -> tuple[tuple[int, int], ...]:
    """A fair way from a state of a fair component back to it, on which the contexts `must` take steps.

    It goes to the nearest step that fairness still lacks, again and again, until the shortest way home lacks nothing.
    """
    way: list[Edge] = []
    while True:
        at = way[-1].target if way else entry
        home = _nearest(graph, component, at, lambda edge: edge.target == entry) if not way or at != entry else []
        movers = 0
        for edge in (*way, *home):
            movers |= 1 << edge.context
        needed, idle = lacking((graph.obliged[e.target] for e in (*way, *home)), movers)
        needed |= must & ~movers
        if not needed and not idle:
            return tuple((edge.context, edge.choice) for edge in (*way, *home))

        def helps(edge: Edge, needed: int = needed, idle: int = idle) -> bool:
            moves = (needed | idle) >> edge.context & 1
            return bool(moves or idle & ~graph.obliged[edge.target].idle)

        way += _nearest(graph, component, at, helps)


def _nearest(graph: Graph, component: frozenset[int], start: int, wanted: Callable[[Edge], bool]) -> list[Edge]:
    """The shortest way inside of a component whose last step is wanted."""
    came: dict[int, tuple[int, Edge]] = {}
    todo = deque((start,))
    seen = {start}
    while todo:
        at = todo.popleft()
        for edge in graph.edges[at]:
            if edge.target not in component:
                continue
            if wanted(edge):
                way = [edge]
                while at != start:
                    at, before = came[at]
                    way.append(before)
                return way[::-1]
            if edge.target not in seen:
                seen.add(edge.target)
                came[edge.target] = (at, edge)
                todo.append(edge.target)
    raise AssertionError("a fair component without a fair way round")
