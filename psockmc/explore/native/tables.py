"""The numbers by which a generated program speaks of things that only Python knows by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from psockmc.explore.native.reach import Reach
from psockmc.ir import system as ir


@dataclass(frozen=True, slots=True)
class Edge:
    """A lock order edge without its path; the fields are those of `psockmc.explore.result.LockEdge`."""

    held: int
    held_write: bool
    taken: int
    taken_write: bool
    context: int
    bh_off: bool
    irq_off: bool
    site: int


@dataclass
class Tables:
    """Sentences of cuts, edges of the lock order and cells of the data-race check, each by number."""

    ts: ir.TransitionSystem
    reach: Reach
    sentences: list[str] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    _edge_base: dict[tuple[int, bool, int, bool, bool, int], int] = field(default_factory=dict)

    def sentence(self, text: str) -> int:
        """The number of a sentence about a bound."""
        if text not in self.sentences:
            self.sentences.append(text)
        return self.sentences.index(text)

    def builtin(self, id: str) -> int:
        """The number of a built-in property, or -1: then the program stops when it would be violated."""
        for number, prop in enumerate(self.ts.properties):
            if prop.id == id and prop.kind == "builtin":
                return number
        return -1

    def edges_of(self, acquire: ir.Acquire, context: int, site: int) -> int:
        """The number of the edge that stands for the use of the lock alone.

        The edge from class c held for reading has this number + 1 + 2c, held for writing + 2 + 2c.
        """
        key = (acquire.lock, acquire.write, context, acquire.bh_off, acquire.irq_off, site)
        if key not in self._edge_base:
            self._edge_base[key] = len(self.edges)
            self.edges.append(Edge(-1, False, *key))
            for held in range(len(self.ts.locks)):
                self.edges += [Edge(held, False, *key), Edge(held, True, *key)]
        return self._edge_base[key]

    @cached_property
    def race_cells(self) -> dict[int, int]:
        """Fields that can take part in a data race, with consecutive numbers for their cells: number of the first.

        Accesses to other fields need not be noted. A race needs two contexts, a write and an access that is not marked.
        """
        kinds: dict[int, set[tuple[int, bool, bool]]] = {}
        for context in self.ts.contexts:
            for number in self.reach.nodes[context.index]:
                for access in context.nodes[number].accesses:
                    kinds.setdefault(access.field, set()).add((context.index, access.write, access.marked))
        bases: dict[int, int] = {}
        total = 0
        for number, accesses in sorted(kinds.items()):
            if _may_race(accesses) and self.ts.race_property(number) >= 0:
                bases[number] = total
                total += self.ts.fields[number].count
        return bases

    @property
    def race_properties(self) -> list[int]:
        """For every cell that can take part in a data race, the property that the race violates."""
        fields = sorted(self.race_cells, key=lambda number: self.race_cells[number])
        return [self.ts.race_property(number) for number in fields for _ in range(self.ts.fields[number].count)]


def _may_race(accesses: set[tuple[int, bool, bool]]) -> bool:
    return any(
        one != other and (one_writes or other_writes) and not (one_marked and other_marked)
        for one, one_writes, one_marked in accesses
        for other, other_writes, other_marked in accesses
    )
