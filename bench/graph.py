"""What exporters ask of a transition system; read from psockmc.ir.system alone, as exports judge the engines."""

from __future__ import annotations

from collections.abc import Iterator

from psockmc.ir import system as ir


class NotExportableError(Exception):
    """The system computes with numbers that the other model checker does not have."""


def choices(context: ir.Context, stop: ir.Stop) -> int:
    """How many instances the step at a stop has; none where the context is done."""
    op = context.nodes[stop.node].op
    return 0 if stop.done else op.count if isinstance(op, ir.Choose) else 1


def following(node: ir.Node) -> tuple[int, ...]:
    """The nodes at which execution may go on."""
    match node.op:
        case ir.Branch():
            return node.next, node.other
        case ir.Cut() | ir.Finding(fatal=True):
            return ()
    return (node.next,)


def within_step(context: ir.Context, number: int) -> list[int]:
    """The nodes after this one in the same step: those that are no stops."""
    return [n for n in following(context.nodes[number]) if n >= 0 and context.nodes[n].stop < 0]


def passed(context: ir.Context, entry: int) -> Iterator[int]:
    """The nodes of a step that begins at `entry`, the entry first: up to the nodes that are stops."""
    seen, todo = {entry}, [entry]
    while todo:
        number = todo.pop()
        yield number
        for n in within_step(context, number):
            if n not in seen:
                seen.add(n)
                todo.append(n)


def cells_of(field: ir.Field) -> range:
    return range(field.base, field.base + field.count)


def stored_fields(ts: ir.TransitionSystem, op: ir.Operation) -> Iterator[int]:
    """Fields of which the operation may set a cell."""
    match op:
        case ir.Store(field):
            yield field
        case ir.Alloc(pool=pool):
            yield ts.pools[pool].status
        case ir.Free(pool=pool):
            yield ts.pools[pool].status
            yield from (field for field, _, _ in ts.pools[pool].fields)


def changing_cells(ts: ir.TransitionSystem) -> set[int]:
    """Cells that some node may change, and what belongs to contexts. The others are constants of the program."""
    changing = set(ts.gp_cells)
    for context in ts.contexts:
        changing |= {context.pc, *context.slots}
    freed = set()
    for op in {node.op for context in ts.contexts for node in context.nodes}:
        if isinstance(op, ir.Free):
            freed.add(op.pool)
            changing.update(cells_of(ts.fields[ts.pools[op.pool].status]))
        else:
            changing.update(cell for field in stored_fields(ts, op) for cell in cells_of(ts.fields[field]))
    for pool in freed:  # a field that nobody else stores to has its initial value, mostly the one that it gets back
        for field, _, value in ts.pools[pool].fields:
            changing.update(cell for cell in cells_of(ts.fields[field]) if ts.initial[cell] != value)
    return changing


def local_bounds(context: ir.Context, local: int) -> tuple[int, int]:
    """Values of a local: its own, 0 before it was set, and what a choice gives it."""
    variable = context.locals[local]
    counts = [n.op.count for n in context.nodes if isinstance(n.op, ir.Choose) and n.op.local == local]
    return min(variable.lo, 0), max(variable.hi, 0, *counts)


def field_bounds(ts: ir.TransitionSystem, field: ir.Field) -> tuple[int, int]:
    """Values of a field's cells, and 0."""
    initial = [ts.initial[cell] for cell in cells_of(field)]
    return min(field.lo, 0, *initial), max(field.hi, 0, *initial)
