"""Which nodes are compiled together.

A step runs from one stop to the next. The nodes it may pass are few, and most stops share none of theirs with another
stop. A *region* is a smallest set of nodes that is closed under "some stop's step may pass both": every node is in
one region (or in none when it is unreachable), so it is emitted once, and each region becomes one C function. Small
functions keep the compiler fast: its time grows faster than the length of a function.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psockmc.ir import system as ir


@dataclass(frozen=True, slots=True)
class Region:
    """stops: numbers of the stops whose steps begin here. nodes: in the order of emission. loops: nodes that close a
    cycle.
    """

    stops: tuple[int, ...]
    nodes: tuple[int, ...]
    loops: frozenset[int]


def regions(context: ir.Context, reached: frozenset[int]) -> tuple[Region, ...]:
    """The regions of a context, in the order of their first stops; of nodes that may be reached only.

    Stops that are done have no step and no region.
    """
    owner: dict[int, int] = {}  # node -> the stop that leads its class
    leader = {n: n for n, stop in enumerate(context.stops) if not stop.done and stop.node in reached}

    def find(stop: int) -> int:
        while leader[stop] != stop:
            leader[stop] = stop = leader[leader[stop]]
        return stop

    for number in leader:
        for node in _passed(context, reached, number):
            other = find(owner.setdefault(node, number))
            mine = find(number)
            leader[max(other, mine)] = min(other, mine)
    classes: dict[int, list[int]] = {}
    for number in leader:
        classes.setdefault(find(number), []).append(number)
    return tuple(_region(context, reached, stops) for stops in classes.values())


def successors(node: ir.Node) -> tuple[int, ...]:
    """The nodes to which control may pass, in the order of preference for falling through."""
    if isinstance(node.op, ir.Branch):
        return (node.next, node.other)
    if isinstance(node.op, ir.Cut) or (isinstance(node.op, ir.Finding) and node.op.fatal):
        return ()
    return (node.next,)


def inner_successors(context: ir.Context, reached: frozenset[int], number: int) -> Iterator[int]:
    """Successors at which the step goes on, because no stop stands there."""
    return (n for n in successors(context.nodes[number]) if context.nodes[n].stop < 0 and n in reached)


def _passed(context: ir.Context, reached: frozenset[int], stop: int) -> set[int]:
    """The nodes that a step from the stop may pass."""
    todo = [context.stops[stop].node]
    seen = set(todo)
    while todo:
        new = set(inner_successors(context, reached, todo.pop())) - seen
        seen |= new
        todo.extend(new)
    return seen


def _region(context: ir.Context, reached: frozenset[int], stops: list[int]) -> Region:
    """Order the nodes depth-first, so that a node falls through to its `next` where possible."""
    order: list[int] = []
    loops: set[int] = set()
    done: set[int] = set()
    for stop in stops:
        entry = context.stops[stop].node
        if entry in done or entry in order:
            continue
        order.append(entry)
        active = {entry}
        stack = [(entry, inner_successors(context, reached, entry))]
        while stack:
            number, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                active.discard(number)
                done.add(number)
            elif following in active:
                loops.add(following)
            elif following not in done:
                order.append(following)
                active.add(following)
                stack.append((following, inner_successors(context, reached, following)))
    return Region(tuple(stops), tuple(order), frozenset(loops))
