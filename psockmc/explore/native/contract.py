"""What the native engine takes for granted about a transition system, tested before any C is written.

The reference interpreter would notice a breach by a Python exception or not at all; C would compute nonsense. Sizes
that only this engine limits are refused here, too.
"""

from __future__ import annotations

from collections.abc import Iterator

from psockmc.explore.native.errors import EngineError
from psockmc.ir import system as ir

MOST_CONTEXTS = 63
MOST_OBJECTS = 63


def check_contract(ts: ir.TransitionSystem) -> None:
    """Raise EngineError for a system that breaks the contract of `psockmc.ir.system`, or that is too large for this
    engine.
    """
    for problem in _too_large(ts):
        raise EngineError(f"{problem}: make the scenario smaller, or use --engine reference")
    for problem in _breaches(ts):
        raise EngineError(
            f"internal error: the transition system of {ts.name} is malformed: {problem}; please report this model"
        )


def _too_large(ts: ir.TransitionSystem) -> Iterator[str]:
    if len(ts.contexts) > MOST_CONTEXTS:
        yield f"the native engine handles {MOST_CONTEXTS} contexts and {ts.name} has {len(ts.contexts)}"
    for context in ts.contexts:
        for variable in context.locals:
            if max(abs(variable.lo), abs(variable.hi)) >= 1 << 127:
                yield f"the native engine computes with 128 bits and {variable.name} in {context.name} needs more"
    for pool in ts.pools:
        if len(pool.objects) > MOST_OBJECTS:
            yield f"the native engine handles {MOST_OBJECTS} objects per struct and {pool.name} has {len(pool.objects)}"


def _breaches(ts: ir.TransitionSystem) -> Iterator[str]:
    if len(ts.initial) != len(ts.cells):
        yield f"{len(ts.initial)} initial values for {len(ts.cells)} cells"
    for cell, value in zip(ts.cells, ts.initial, strict=False):
        if not cell.lo <= value <= cell.hi:
            yield f"{cell.name} holds {cell.lo}..{cell.hi} and begins with {value}"
    for field in ts.fields:
        for cell in ts.cells[field.base : field.base + field.count]:
            if (cell.lo, cell.hi) != (field.lo, field.hi):
                yield f"{cell.name} does not hold the values {field.lo}..{field.hi} of its field {field.name}"
    for number in ts.gp_cells:
        if ts.cells[number].lo != 0:
            yield f"the grace period {ts.cells[number].name} may be negative"
    for pool in ts.pools:
        for number, per_object, value in pool.fields:
            field = ts.fields[number]
            if (pool.status >= 0 and not field.lo <= value <= field.hi) or field.count != per_object * len(
                pool.objects
            ):
                yield f"{field.name} does not belong to {pool.name} as the pool says"
    for context in ts.contexts:
        yield from (f"{problem} in context {context.name}" for problem in _context_breaches(ts, context))


def _context_breaches(ts: ir.TransitionSystem, context: ir.Context) -> Iterator[str]:
    for number, node in enumerate(context.nodes):
        if problem := _node_breach(ts, context, node):
            yield f"{problem} at node {number}"
    pc = ts.cells[context.pc]
    if pc.lo > 0 or pc.hi < len(context.stops) - 1:
        yield f"the program counter holds {pc.lo}..{pc.hi} and there are {len(context.stops)} stops"
    for stop in context.stops:
        for local, slot in stop.live:
            variable, cell = context.locals[local], ts.cells[slot]
            if slot not in context.slots or variable.lo < cell.lo or variable.hi > cell.hi:
                yield f"{cell.name} cannot hold {variable.name}"
    begins = min(ts.initial[context.pc], len(context.stops) - 1)
    stored = {slot for stop in (context.stops[0], context.stops[begins]) for _, slot in stop.live}
    for slot in context.slots:
        if not ts.cells[slot].lo <= 0 <= ts.cells[slot].hi:
            yield f"{ts.cells[slot].name} cannot hold 0"
        if slot not in stored and ts.initial[slot] != 0:
            yield f"{ts.cells[slot].name} is not 0 at the beginning and not live"


def _node_breach(ts: ir.TransitionSystem, context: ir.Context, node: ir.Node) -> str:
    """What is wrong with a node, or ""."""
    match node.op:
        case ir.Cut() | ir.Finding(fatal=True):
            return ""
        case ir.Nop() if node.stop >= 0 and context.stops[node.stop].done:
            return ""
        case ir.Finding(number) if ts.properties[number].kind != "builtin":
            return f"a finding of {ts.properties[number].id}, which is no built-in property"
        case ir.Choose(number, count) if node.stop < 0 or count - 1 > context.locals[number].hi or count < 1:
            return "a misplaced or impossible choice"
        case ir.Alloc(pool=pool) | ir.Free(pool=pool) if ts.pools[pool].status < 0:
            return f"an object of {ts.pools[pool].name} cannot be allocated or freed"
    following = (node.next, node.other) if isinstance(node.op, ir.Branch) else (node.next,)
    return "" if all(0 <= n < len(context.nodes) for n in following) else "control leaves the context"
