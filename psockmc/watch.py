"""Which function's step takes an object from one state of its life to another, in any run of a scenario.

The states are conditions of the modelling language. A search cannot be asked about pairs of states, so the transition
system is changed to notice them: around each operation that may change what a condition reads, it compares the state of
each object before and after, and marks a pair that differ as covered. Nothing else is different, so the runs are the
same; which pairs there are is read off the covers that the search has reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psockmc.explore.callpaths import KERNEL
from psockmc.ir import system as ir
from psockmc.ir.lower import compile_with

if TYPE_CHECKING:
    from psockmc.lang.tree import Program

NOT_ALLOCATED, FREED, UNNAMED = "not allocated", "freed", "none of these states"


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """Some step takes an object from a state to another one.

    function: whose operation it is, of the models; kernel_file: "" when it is not the kernel's. kind: of its context.
    """

    before: str
    after: str
    function: str
    kernel_file: str
    kind: str


@dataclass(frozen=True)
class Watched:
    """A scenario that notices changes. changes: what each of its covers means."""

    ts: ir.TransitionSystem
    changes: tuple[Change, ...]

    def seen(self, covers: frozenset[int]) -> tuple[Change, ...]:
        """The changes behind covers that a search has reached."""
        return tuple(sorted({self.changes[number] for number in covers}))


def watch(program: Program, scenario: str, states: Sequence[str]) -> Watched:
    """The scenario, watching all objects of a struct. states: conditions, as `compile_with` wants them.

    An object is in the first state whose condition is true. Raises as `compile_scenario` does.
    """
    ts, objects = compile_with(program, scenario, states)
    watching = _Watching(ts, objects, [NOT_ALLOCATED, *states, UNNAMED, FREED])
    contexts = tuple(watching.context(context) for context in ts.contexts)
    covers = tuple(str(change) for change in watching.changes)
    watched = replace(ts, contexts=contexts, covers=covers, begun_covers=frozenset(), promised=frozenset())
    return Watched(watched, tuple(watching.changes))


class _Watching:
    def __init__(self, ts: ir.TransitionSystem, objects: Mapping[str, tuple[ir.Expr, ...]], names: list[str]) -> None:
        self.ts, self.names = ts, names
        self.changes: dict[Change, int] = {}
        self.files = {s.function: s.file for s in ts.statements}
        self.states = [self._state(name, conditions) for name, conditions in objects.items()]
        self.fields = frozenset(field for state in self.states for field in _read(state))
        passing = [f.name for f in map(ts.fields.__getitem__, sorted(self.fields)) if f.base in ts.gp_cells]
        if passing:
            raise ValueError(f"a state reads {passing[0]}, which ends by itself: no step of a function changes it")

    def _state(self, name: str, conditions: tuple[ir.Expr, ...]) -> ir.Expr:
        """The number of the state that an object is in, as an index into `names`."""
        last = len(self.names) - 1
        state: ir.Expr = ir.Const(last - 1)
        for number in range(len(conditions), 0, -1):
            state = ir.Op("?:", (conditions[number - 1], ir.Const(number), state))
        pool = next(pool for pool in self.ts.pools if name in pool.objects)
        if pool.status < 0:
            return state
        status = ir.Load(pool.status, ir.Const(pool.objects.index(name)))
        dead = ir.Op("?:", (ir.Op("==", (status, ir.Const(ir.FREED))), ir.Const(last), ir.Const(0)))
        return ir.Op("?:", (ir.Op("==", (status, ir.Const(ir.LIVE))), state, dead))

    # ------------------------------------------------------------ nodes

    def context(self, context: ir.Context) -> ir.Context:
        """The context with tests around every operation that may change a state, and without covers of its own."""
        nodes = [replace(n, op=ir.Nop()) if isinstance(n.op, ir.Cover) else n for n in context.nodes]
        first = len(context.locals)
        for number, node in enumerate(context.nodes):
            if self._may_change(node.op):
                self._surround(context, nodes, number, first)
        noted = [ir.Variable(f"state {i}", 0, len(self.names) - 1, -1, ()) for i in range(2 * len(self.states))]
        return replace(context, nodes=tuple(nodes), locals=(*context.locals, *noted))

    def _may_change(self, op: ir.Operation) -> bool:
        match op:
            case ir.Store(field=field):
                return field in self.fields
            case ir.Alloc(pool=pool) | ir.Free(pool=pool):
                where = self.ts.pools[pool]
                return not self.fields.isdisjoint({where.status, *(field for field, _, _ in where.fields)})
        return False

    def _surround(self, context: ir.Context, nodes: list[ir.Node], number: int, first: int) -> None:
        """First note the states, then do it, then compare; the node's own number stands for the first of these."""
        node = nodes[number]
        inner = replace(node, stop=-1, accesses=())
        sequence = [ir.Let(first + 2 * i, state) for i, state in enumerate(self.states)]
        nodes[number] = replace(inner, op=sequence[0], stop=node.stop, next=len(nodes))
        for let in sequence[1:]:
            nodes.append(replace(inner, op=let, next=len(nodes) + 1))
        at = len(nodes)
        nodes.append(node)  # its place; where it goes on is known when the comparisons stand
        target = node.next
        for i, state in enumerate(self.states):
            before = first + 2 * i
            compare = self._compare(context, nodes, inner, before, target)
            nodes.append(replace(inner, op=ir.Let(before + 1, state), next=compare))
            target = len(nodes) - 1
        nodes[at] = replace(node, stop=-1, next=target)

    def _compare(self, context: ir.Context, nodes: list[ir.Node], like: ir.Node, before: int, done: int) -> int:
        """Nodes that mark the change of one object and go on to `done`, made from the last to the first: its number.

        before: the local that holds its old state; the one behind it holds the new one.
        """

        def add(op: ir.Operation, following: int, other: int = -1) -> int:
            nodes.append(replace(like, op=op, next=following, other=other))
            return len(nodes) - 1

        was, now = ir.Local(before), ir.Local(before + 1)
        first = done
        for old in range(len(self.names)):
            chain = done
            for new in range(len(self.names)):
                if new != old:
                    cover = add(ir.Cover(self._change(context, like, old, new)), done)
                    chain = add(ir.Branch(ir.Op("==", (now, ir.Const(new)))), cover, chain)
            first = add(ir.Branch(ir.Op("==", (was, ir.Const(old)))), chain, first)
        return add(ir.Branch(ir.Op("==", (was, now))), done, first)

    def _change(self, context: ir.Context, node: ir.Node, old: int, new: int) -> int:
        """The number of the cover that says so."""
        path = context.paths[node.path]
        frames = [f for f in path if not self.files.get(f.function, "").startswith(KERNEL)] or list(path)
        change = Change(self.names[old], self.names[new], frames[-1].function, frames[-1].kernel_file, context.kind)
        return self.changes.setdefault(change, len(self.changes))


def _read(expr: ir.Expr) -> Iterator[int]:
    """The fields that an expression reads."""
    if isinstance(expr, ir.Load):
        yield expr.field
        yield from _read(expr.index)
    elif isinstance(expr, ir.Wrap):
        yield from _read(expr.arg)
    elif isinstance(expr, ir.Op):
        for arg in expr.args:
            yield from _read(arg)
