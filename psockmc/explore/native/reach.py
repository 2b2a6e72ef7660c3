"""What a system can reach at most: nodes that may be performed, and values that cells and locals may have.

Contexts are full of code that their scenario never runs, and of fields that hold few of their type's values. Knowing
that makes programs shorter and states smaller. The analysis forgets the order of steps: a field has one set of values
for all its cells, a local one for the whole context, and each set grows until nothing changes.

No verdict rests on it: the generated program stops with an internal error when it gets to a node that should be out of
reach, or is about to store a value that should not occur.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from psockmc.explore.native import values
from psockmc.explore.native.values import NOTHING, Values, applied, interval, widened, wrapped
from psockmc.ir import system as ir

Place = tuple[int, int]  # (-1, field), or (context, local)
SHARED = -1


@dataclass(frozen=True)
class Reach:
    """nodes: of each context, those that may be performed. values: of each field and local that occurs."""

    nodes: tuple[frozenset[int], ...]
    values: dict[Place, Values]

    def field(self, number: int) -> Values:
        """The values that a field may hold."""
        return self.values[SHARED, number]

    def local(self, context: int, number: int) -> Values:
        """The values that a local may have."""
        return self.values.get((context, number), NOTHING)


def field_cells(where: ir.Field) -> range:
    """The cells of a field."""
    return range(where.base, where.base + where.count)


def reach(ts: ir.TransitionSystem) -> Reach:
    """Analyse a system."""
    analysis = _Analysis(ts)
    analysis.run()
    return Reach(tuple(frozenset(nodes) for nodes in analysis.reached), analysis.known)


@dataclass
class _Analysis:
    """Nodes whose inputs have changed are performed again until there are none."""

    ts: ir.TransitionSystem
    known: dict[Place, Values] = field(default_factory=dict)
    users: dict[Place, list[tuple[int, int]]] = field(default_factory=dict)  # reached nodes that read a place
    reads: list[list[set[Place]]] = field(default_factory=list)  # of each node
    reached: list[set[int]] = field(default_factory=list)
    todo: list[tuple[int, int]] = field(default_factory=list)

    def run(self) -> None:
        for number, where in enumerate(self.ts.fields):
            self.known[SHARED, number] = values.values(self.ts.initial[cell] for cell in field_cells(where))
        for number in self._grace_fields():
            self.known[SHARED, number] = interval(0, self.ts.fields[number].hi)
        for context in self.ts.contexts:
            self.reached.append(set())
            self.reads.append([_read(context, node) for node in context.nodes])
            self._begin(context)
        while self.todo:
            index, number = self.todo.pop()
            context = self.ts.contexts[index]
            for following in self._perform(context, context.nodes[number]):
                self._visit(index, following)

    def _grace_fields(self) -> Iterator[int]:
        """Fields whose cells lose bits when readers leave."""
        for number, where in enumerate(self.ts.fields):
            if not set(self.ts.gp_cells).isdisjoint(field_cells(where)):
                yield number

    def _begin(self, context: ir.Context) -> None:
        """Start a context at its first stop and where the initial state has it, with what its slots hold; locals that
        may be read unset are 0.
        """
        for number in _unset(context, self.reads[context.index]):
            self._join((context.index, number), values.values([0]))
        for stop in (context.stops[0], context.stops[self.ts.initial[context.pc]]):
            for number, cell in stop.live:
                self._join((context.index, number), values.values([self.ts.initial[cell]]))
            self._visit(context.index, stop.node)

    def _visit(self, context: int, number: int) -> None:
        if number not in self.reached[context]:
            self.reached[context].add(number)
            for place in self.reads[context][number]:
                self.users.setdefault(place, []).append((context, number))
            self.todo.append((context, number))

    def _add(self, place: Place, new: Values) -> None:
        """A place may be given these values; those outside its bounds cut the step."""
        context, number = place
        where = self.ts.fields[number] if context == SHARED else self.ts.contexts[context].locals[number]
        self._join(place, new.within(where.lo, where.hi))

    def _join(self, place: Place, new: Values) -> None:
        """A place may hold these values, too."""
        old = self.known.get(place, NOTHING)
        both = widened(old, new)
        if both != old:
            self.known[place] = both
            self.todo.extend(self.users.get(place, ()))

    # ------------------------------------------------------------ nodes

    def _perform(self, context: ir.Context, node: ir.Node) -> Sequence[int]:
        """Note what the node may store; the nodes at which control may go on."""
        index = context.index
        match node.op:
            case ir.Let(number, expr):
                value = self.evaluate(expr, index)
                self._add((index, number), value)
                return [node.next] if value else []
            case ir.Store(number, _, expr):
                value = self.evaluate(expr, index)
                self._add((SHARED, number), value)
                return [node.next] if value else []
            case ir.Choose(number, count):
                self._add((index, number), interval(0, count - 1))
            case ir.Alloc(number, pool, _):
                self._add((index, number), interval(1, len(self.ts.pools[pool].objects)))
                self._add((SHARED, self.ts.pools[pool].status), values.values([ir.LIVE]))
            case ir.Free(_, pool):
                self._free(self.ts.pools[pool])
            case ir.Branch(cond):
                truths = self.evaluate(cond, index).truths
                return [n for n, truth in ((node.next, True), (node.other, False)) if truth in truths]
            case ir.Wait(cond=cond) | ir.Assume(cond):
                return [node.next] if True in self.evaluate(cond, index).truths else []
            case ir.Deref(pointer, _, _):
                return [node.next] if True in self.evaluate(pointer, index).truths else []
            case ir.Cut() | ir.Finding(fatal=True):
                return []
        return [node.next] if node.next >= 0 else []

    def _free(self, pool: ir.Pool) -> None:
        self._add((SHARED, pool.status), values.values([ir.FREED]))
        for number, _, value in pool.fields:
            self._add((SHARED, number), values.values([value]))

    # ------------------------------------------------------------ expressions

    def evaluate(self, expr: ir.Expr, context: int) -> Values:
        """The values that an expression may have."""
        match expr:
            case ir.Const(value):
                return values.values([value])
            case ir.Local(number):
                return self.known.get((context, number), NOTHING)
            case ir.Load(number, index):
                return self._load(number, self.evaluate(index, context))
            case ir.Op(name, args):
                return applied(name, [self.evaluate(arg, context) for arg in args])
            case ir.Wrap(bits, signed, arg):
                return wrapped(self.evaluate(arg, context), bits, signed)
            case ir.Readers():
                return interval(0, (1 << len(self.ts.contexts)) - 1)

    def _load(self, number: int, index: Values) -> Values:
        """What a field holds; 0 outside it."""
        if not index:
            return NOTHING
        inside = index.within(0, self.ts.fields[number].count - 1)
        held = self.known[SHARED, number] if inside else NOTHING
        return held if inside == index else held.joined(values.values([0]))


# ---------------------------------------------------------------- what nodes read


def _unset(context: ir.Context, reads: Sequence[set[Place]]) -> set[int]:
    """Locals that some step may read, or store at its end, without having set or loaded them: they are 0 then.

    Lowering makes none. `needed` has the locals that a step reads from a node on before it sets them.
    """
    needed: list[set[int]] = [set() for _ in context.nodes]
    changed = True
    while changed:
        changed = False
        for at in reversed(range(len(context.nodes))):
            node = context.nodes[at]
            new = {number for owner, number in reads[at] if owner != SHARED}
            for following in (node.next, node.other):
                if following >= 0:
                    stop = context.nodes[following].stop
                    new |= needed[following] if stop < 0 else {local for local, _ in context.stops[stop].live}
            if isinstance(node.op, ir.Let | ir.Choose | ir.Alloc) and (context.index, node.op.local) not in reads[at]:
                new.discard(node.op.local)
            if new != needed[at]:
                needed[at] = new
                changed = True
    loaded = {stop.node: {local for local, _ in stop.live} for stop in context.stops}
    return {number for node, live in loaded.items() for number in needed[node] - live}


def _read(context: ir.Context, node: ir.Node) -> set[Place]:
    """The places that a node reads."""
    found: set[Place] = set()
    for expr in _expressions(node):
        _collect(expr, context.index, found)
    if isinstance(node.op, ir.Alloc):
        found.update((context.index, number) for number in node.op.live_locals)
    return found


def _expressions(node: ir.Node) -> Iterable[ir.Expr]:
    """The expressions that a node evaluates."""
    yield from (access.index for access in node.accesses)
    match node.op:
        case ir.Let(_, expr) | ir.Branch(expr) | ir.Assume(expr) | ir.Deref(expr, _, _) | ir.Free(expr, _):
            yield expr
        case ir.Acquire(index=expr):
            yield expr
        case ir.Store(_, index, expr):
            yield from (index, expr)
        case ir.Wait() as wait:
            yield wait.cond
            if wait.asleep is not None:
                yield wait.asleep


def _collect(expr: ir.Expr, context: int, found: set[Place]) -> None:
    match expr:
        case ir.Local(number):
            found.add((context, number))
        case ir.Load(number, index):
            found.add((SHARED, number))
            _collect(index, context, found)
        case ir.Op(_, args):
            for arg in args:
                _collect(arg, context, found)
        case ir.Wrap(_, _, arg):
            _collect(arg, context, found)
