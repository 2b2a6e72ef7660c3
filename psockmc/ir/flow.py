"""The control-flow graph of one context while it is being built.

Nodes are emitted one after the other; edges that have no target yet dangle and are tied to the next node. Beside the
operations of `psockmc.ir.system` a graph under construction holds `Raise` and `Lower` (the context's masking and
reader counters) and expressions `Static` (what is known at every place once the counters are); `psockmc.ir.finish`
resolves them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from psockmc.ir import system as ir
from psockmc.lang.tree import Span

COUNTERS = ("preempt", "bh", "irq", "rcu")


@dataclass(frozen=True, slots=True)
class Raise:
    """The context's counter goes up: others can see it, so it is a place of its own."""

    counter: str


@dataclass(frozen=True, slots=True)
class Lower:
    """The context's counter goes down. A counter that is 0 already gives the finding."""

    counter: str
    finding: ir.Finding


@dataclass(frozen=True, slots=True)
class Static(ir.Const):
    """`in_atomic`, `rcu_held` or `readers`: known once the counters of the place are (a Const only by its type)."""

    name: str = ""


PreOperation = ir.Operation | Raise | Lower


@dataclass(slots=True)
class PreNode:
    """A node under construction. begins: others may run before it. region: number of its atomic block, 0 for none.

    again: of the Deref of a constant field, which is read at the end of a step: what must still hold when the next step
    begins, since the read may be that late.
    """

    op: PreOperation
    statement: int
    path: int
    begins: bool
    region: int
    next: int = -1
    other: int = -1
    accesses: tuple[ir.Access, ...] = ()
    done: bool = False
    loop: Span | None = None
    again: ir.Expr | None = None


Edge = tuple[int, bool]  # node, True for its `other` edge


@dataclass(slots=True)
class Flow:
    """The graph, the edges that dangle, the locals, the call paths and where we are."""

    nodes: list[PreNode] = field(default_factory=list)
    locals: list[ir.Variable] = field(default_factory=list)
    paths: dict[tuple[ir.Frame, ...], int] = field(default_factory=dict)
    dangling: list[Edge] = field(default_factory=list)
    statement: int = -1
    path: int = 0
    region: int = 0
    regions: int = 0
    _begin: bool = False

    def emit(self, op: PreOperation, *, begins: bool = False, accesses: tuple[ir.Access, ...] = ()) -> int:
        """Add a node behind everything that dangles; returns its number. Where nothing dangles, nothing leads to the
        node, nor from it.
        """
        begins = (begins or self._begin) and not self.region
        self._begin = False
        number = len(self.nodes)
        lives = bool(self.dangling) or not number
        self.nodes.append(PreNode(op, self.statement, self.path, begins, self.region, accesses=accesses))
        self.tie(number)
        self.dangling = [(number, False)] if lives else []
        return number

    def begin_step(self) -> None:
        """The next node is a place where others may run (inside an atomic block: it is not)."""
        self._begin = True

    def tie(self, target: int) -> None:
        """Lead every dangling edge to the node."""
        for number, other in self.dangling:
            if other:
                self.nodes[number].other = target
            else:
                self.nodes[number].next = target
        self.dangling = []

    def branch(self, cond: ir.Expr, *, begins: bool = False) -> tuple[list[Edge], list[Edge]]:
        """Emit a branch; returns its edges (taken when cond holds, taken when not); nothing dangles."""
        lives = bool(self.dangling)
        number = self.emit(ir.Branch(cond), begins=begins)
        self.dangling = []
        return ([(number, False)], [(number, True)]) if lives else ([], [])

    def cut(self, what: str) -> None:
        """A run that gets here leaves a bound; nothing follows."""
        self.emit(ir.Cut(what))
        self.dangling = []

    def resume(self, *edges: list[Edge]) -> None:
        """Go on where these edges lead."""
        self.dangling = [e for group in edges for e in group]

    def new_local(self, name: str, lo: int, hi: int, pool: int = -1, labels: tuple[str, ...] = ()) -> int:
        """A fresh local of the context."""
        self.locals.append(ir.Variable(name, lo, hi, pool, labels))
        return len(self.locals) - 1

    def intern_path(self, frames: tuple[ir.Frame, ...]) -> int:
        """The number of a call path."""
        return self.paths.setdefault(frames, len(self.paths))

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Everything emitted inside is one step (blocks nest into the outermost)."""
        outer = self.region
        if not outer:
            self.emit(ir.Nop(), begins=True)
            self.regions += 1
            self.region = self.regions
        try:
            yield
        finally:
            self.region = outer
