"""Executions as people read them: statements with letters, what they read and wrote, who read from whom.

The events of one operation (the read and write of an atomic operation, its fences, a lock's two halves) are one node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from psockmc.litmus.execution import INITIAL, LOCKS, SRCU, Event, Execution
from psockmc.litmus.model import Flag

_WIDE = 118
"""Threads stand side by side up to this width."""


@dataclass(frozen=True, slots=True)
class Node:
    """What is shown as one: its events, of one thread, in order. letter: its short name."""

    letter: str
    thread: int
    events: tuple[int, ...]


class Nodes:
    """The nodes of an execution: initial writes first, then thread by thread."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        groups: list[list[int]] = []
        for event in execution.events:
            if groups and self._belongs(groups[-1][-1], event):
                groups[-1].append(event.index)
            else:
                groups.append([event.index])
        self.all: list[Node] = []
        count = 0
        for group in groups:
            first = execution.events[group[0]]
            initial = first.thread == INITIAL
            letter = f"init {first.location}" if initial else _letter(count)
            count += not initial
            self.all.append(Node(letter, first.thread, tuple(group)))
        self._of = {index: node for node in self.all for index in node.events}

    def _belongs(self, last: int, event: Event) -> bool:
        """Whether an event continues the operation that the last one is part of."""
        before = self.execution.events[last]
        if event.thread == INITIAL or (before.thread, before.span) != (event.thread, event.span):
            return False
        if before.primitive != event.primitive or not event.primitive:
            return False
        paired = bool(self.execution.skeleton.relations["rmw"][last] >> event.index & 1)
        return paired or "F" in (before.kind, event.kind)

    def of(self, index: int) -> Node:
        """The node of an event."""
        return self._of[index]

    def letter(self, index: int) -> str:
        """The letter of an event's node."""
        return self._of[index].letter

    def statement(self, node: Node) -> str:
        """The statement in the source, without its semicolon."""
        return self.execution.events[node.events[0]].text.rstrip("; ")

    def line(self, node: Node) -> int | None:
        """The line of the statement."""
        span = self.execution.events[node.events[0]].span
        return span.line if span else None

    def effect(self, node: Node) -> str:
        """What it read and wrote: `R x=0, W x=1`."""
        accesses = [i for i in node.events if self.execution.events[i].kind in ("R", "W")]
        return ", ".join(f"{self.execution.events[i].kind} {assignment(self.execution, i)}" for i in accesses)

    def row(self, node: Node) -> tuple[str, ...]:
        """Letter, thread, line, statement and effect."""
        if node.thread == INITIAL:
            return (node.letter, "", "", "", self.effect(node))
        line = self.line(node)
        place = f"line {line}" if line else ""
        return (node.letter, f"P{node.thread}", place, self.statement(node), self.effect(node))


def _letter(number: int) -> str:
    """The short name: a ... z, aa ... az, ba ..."""
    high, low = divmod(number, 26)
    return (_letter(high - 1) if high else "") + chr(ord("a") + low)


# ---------------------------------------------------------------- words for events


def owner(event: Event) -> str:
    """`P1`, or the initial value."""
    return "the initial value" if event.thread == INITIAL else f"P{event.thread}"


def reader(event: Event) -> str:
    """The thread of a read."""
    return f"P{event.thread}"


def named(event: Event) -> str:
    """A primitive, or a plain access, with its line: `smp_wmb() in line 9`."""
    name = f"{event.primitive}()" if event.primitive else f"`{event.text.rstrip('; ')}`"
    return f"{name} in line {event.span.line}" if event.span else name


def assignment(execution: Execution, index: int) -> str:
    """`x=1`: location and value of an access."""
    event = execution.events[index]
    value = execution.values[index] if execution.values else None
    return f"{event.location}={value}" if value is not None else str(event.location)


def is_marker(event: Event) -> bool:
    """Whether an event only stands for a fence, a lock or the edge of a critical section."""
    return event.kind in ("F", "SRCU") or bool(event.tags & {*LOCKS, *SRCU})


# ---------------------------------------------------------------- relations


def reads_from(execution: Execution) -> list[tuple[int, int]]:
    """The pairs of rf, sorted by read."""
    pairs = [(w, r) for w, row in enumerate(execution.rf) for r in range(execution.n) if row >> r & 1]
    return sorted(pairs, key=lambda pair: pair[1])


def write_order(execution: Execution) -> dict[str, list[int]]:
    """The writes of each location in coherence order."""
    orders: dict[str, list[int]] = {}
    for event in execution.events:
        if event.kind == "W" and event.location is not None:
            orders.setdefault(event.location, []).append(event.index)
    for writes in orders.values():
        writes.sort(key=lambda write: -execution.co[write].bit_count())
    return orders


def overwritten(execution: Execution) -> list[tuple[int, int]]:
    """Each read with the first write behind the one that it read from."""
    after = {write: later for writes in write_order(execution).values() for write, later in pairwise(writes)}
    return [(read, after[write]) for write, read in reads_from(execution) if write in after]


# ---------------------------------------------------------------- the text


def witness_lines(execution: Execution) -> list[str]:
    """An execution as text: threads side by side where there is room, then rf, co and fr by letters."""
    nodes = Nodes(execution)
    own = [[node for node in nodes.all if node.thread == thread] for thread in range(len(execution.skeleton.threads))]
    return [*_columns(nodes, own), "", *_relations(nodes)]


def _columns(nodes: Nodes, own: Sequence[Sequence[Node]]) -> list[str]:
    blocks = []
    for thread, shown in enumerate(own):
        rows = [(node.letter, nodes.statement(node), nodes.effect(node)) for node in shown]
        blocks.append([nodes.execution.skeleton.threads[thread], *aligned(rows)])
    widths = [max(map(len, block)) for block in blocks]
    if sum(widths) + 4 * len(widths) > _WIDE:
        return ["  " + line for block in blocks for line in block]
    height = max(map(len, blocks))
    padded = [[f"{line:<{width}}" for line in block] for block, width in zip(blocks, widths, strict=True)]
    filled = [[*block, *[" " * width] * (height - len(block))] for block, width in zip(padded, widths, strict=True)]
    return ["  " + "    ".join(row).rstrip() for row in zip(*filled, strict=True)]


def _relations(nodes: Nodes) -> list[str]:
    execution = nodes.execution
    rows = [("rf", _listed(nodes, reads_from(execution)))]
    chains = [writes for writes in write_order(execution).values() if len(writes) > 1]
    rows.append(("co", ", ".join(" -> ".join(nodes.letter(write) for write in writes) for writes in chains)))
    rows.append(("fr", _listed(nodes, overwritten(execution))))
    return [f"  {name}  {text}" for name, text in rows if text]


def _listed(nodes: Nodes, pairs: Sequence[tuple[int, int]]) -> str:
    shown = [f"{nodes.letter(i)} -> {nodes.letter(j)}" for i, j in pairs if nodes.of(i) is not nodes.of(j)]
    return ", ".join(dict.fromkeys(shown))


def flag_lines(execution: Execution, flag: Flag) -> list[str]:
    """A flag with what raises it: the accesses of a race, or the statement that is misused."""
    nodes = Nodes(execution)
    involved = sorted({event for pair in flag.pairs for event in pair})
    rows = [(*nodes.row(nodes.of(event))[:4], _access(execution, event)) for event in involved]
    if flag.name != "data-race":
        return [f"{flag.name}:", *("  " + line for line in aligned(rows))]
    both = [rows[involved.index(event)] for event in sorted(flag.pairs[0])]
    others = len({frozenset(pair) for pair in flag.pairs}) - 1
    more = [f"  and {others} more pair{'s' if others > 1 else ''}"] if others else []
    return ["data-race: nothing orders", *("  " + line for line in aligned(both)), *more]


def _access(execution: Execution, index: int) -> str:
    """`plain write of x`."""
    event = execution.events[index]
    if event.kind not in ("R", "W"):
        return ""
    sort = "plain" if "Plain" in event.tags else "marked"
    return f"{sort} {'read' if event.kind == 'R' else 'write'} of {event.location}"


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows with their columns below one another; empty columns vanish."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    texts = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True) if width) for row in rows]
    return [text.rstrip() for text in texts]
