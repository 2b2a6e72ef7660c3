"""Random transition systems for Hypothesis: every operation, every operator, in any order that the contract allows.

They mean nothing, which is the point: engines must agree on nonsense, too. What the contract excludes is not made: a
loop without a stop, a choice away from a stop, an index outside its field where a node stores.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from psockmc.ir import system as ir
from tests.explore.native.systems import Builder, FieldRef, PoolRef, Program, op

EDGES = (0, 1, 2, 3, 5, -1, -7, 31, 63, 64, 255, 2**31 - 1, -(2**31), 2**32, 2**63 - 1, -(2**63), 2**63, 2**64 - 1)
BINARY = ("+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>", "==", "!=", "<", "<=", ">", ">=", "and", "or")
CONTEXTS = 3


@dataclass
class World:
    """What expressions and operations of one random system may refer to."""

    builder: Builder
    values: list[FieldRef]
    pool: PoolRef
    link: FieldRef
    lock: tuple[FieldRef, FieldRef | None]
    grace: FieldRef

    def size(self, where: FieldRef) -> int:
        return self.builder.fields[where.number].count


def new_world(draw: st.DrawFn) -> World:
    b = Builder("random")
    ranges = [(0, 1), (0, 3), (-2, 5), (1, 4), (0, 2**32 - 1), (0, 2**64 - 1), (-(2**63), 2**63 - 1)]
    values = []
    for i in range(draw(st.integers(1, 4))):
        lo, hi = draw(st.sampled_from(ranges))
        count = draw(st.sampled_from([1, 1, 2, 3, 9]))
        start = [draw(st.sampled_from([lo, hi, min(max(0, lo), hi)])) for _ in range(count)]
        values.append(b.array(f"v{i}", count, lo, hi, start=start))
    size = draw(st.integers(1, 3))
    live = draw(st.integers(0, size))
    fields = {"data": (0, 3, draw(st.integers(0, 3))), "next": (0, size, 0)}
    pool = b.pool("obj", size, fields, live=live, statics=draw(st.integers(0, live)))
    b.points_to(pool.next, pool, draw(st.sampled_from(["value", "ghost"])))
    link = b.pointer("head", pool, start=draw(st.integers(0, live)))
    return World(
        b,
        [*values, pool.data, pool.next],
        pool,
        link,
        b.lock("lock", 2, CONTEXTS, True),
        b.grace_period("gp", CONTEXTS),
    )


def expression(draw: st.DrawFn, world: World, program: Program | None, depth: int = 3) -> ir.Expr:
    """An expression of any value. program: whose locals it may read, None for a property."""
    leaf = depth == 0 or draw(st.integers(0, 3)) == 0
    if leaf:
        if program is not None and program.locals and draw(st.booleans()):
            return ir.Local(draw(st.integers(0, len(program.locals) - 1)))
        if draw(st.booleans()):
            return ir.Const(draw(st.sampled_from(EDGES)))
        where = draw(st.sampled_from([*world.values, world.link, world.grace]))
        return where[draw(st.integers(0, world.size(where) - 1))]
    kind = draw(st.sampled_from(["binary", "binary", "binary", "unary", "load", "wrap", "readers", "?:"]))
    part = lambda: expression(draw, world, program, depth - 1)  # noqa: E731
    if kind == "unary":
        return op(draw(st.sampled_from(["~", "neg", "not"])), part())
    if kind == "load":
        return draw(st.sampled_from(world.values))[part()]
    if kind == "wrap":
        return ir.Wrap(draw(st.sampled_from([1, 8, 16, 32, 64])), draw(st.booleans()), part())
    if kind == "readers":
        return ir.Readers(draw(st.booleans()))
    if kind == "?:":
        return op("?:", part(), part(), part())
    return op(draw(st.sampled_from(BINARY)), part(), part())


def usually(draw: st.DrawFn, world: World, program: Program | None, truth: bool) -> ir.Expr:
    """A condition that mostly has this truth value, so that steps get somewhere."""
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return expression(draw, world, program)
    if kind == 1:
        return op("==" if not truth else "!=", draw(st.sampled_from(world.values))[0], draw(st.integers(0, 3)))
    return op("==" if not truth else "!=", expression(draw, world, program, 1), draw(st.sampled_from(EDGES)))


def within(draw: st.DrawFn, world: World, program: Program, count: int) -> ir.Expr:
    """An expression with a value in 0..count-1."""
    return op("%", op("&", expression(draw, world, program, 1), 15), count)


def pointer(draw: st.DrawFn, world: World, program: Program) -> ir.Expr:
    """Mostly a pointer that the system holds, NULL included."""
    if draw(st.integers(0, 4)) == 0:
        return within(draw, world, program, world.size(world.pool.data) + 1)
    return world.link[0]


def stored_value(draw: st.DrawFn, world: World, program: Program, lo: int, hi: int) -> ir.Expr:
    """Mostly a value of lo..hi, sometimes any."""
    value = expression(draw, world, program, 2)
    if draw(st.integers(0, 6)) == 0:
        return value
    size = min(hi - lo + 1, 2**16)
    return op("+", op("%", op("&", value, 0xFFFF), size), lo)


def add_node(draw: st.DrawFn, world: World, program: Program, at_stop: bool) -> None:
    """One random operation, with up to two accesses."""
    b = world.builder
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        where = draw(st.sampled_from(world.values))
        index = within(draw, world, program, world.size(where))
        program.touches(where, index, write=draw(st.booleans()), marked=draw(st.integers(0, 3)) > 0)
    kinds = ["let", "store", "branch"] * 3 + ["wait", "wait", "deref", "alloc", "free", "finding", "assume", "cover"]
    kinds += ["acquire", "own", "nop", "cut"] + ["choose"] * 4 * at_stop
    kind = draw(st.sampled_from(kinds))
    number = draw(st.integers(0, len(program.locals) - 1))
    variable = program.locals[number]
    match kind:
        case "let":
            program.let(ir.Local(number), stored_value(draw, world, program, variable.lo, variable.hi))
        case "store":
            where = draw(st.sampled_from([*world.values, world.link, world.grace]))
            f = b.fields[where.number]
            program.store(where, stored_value(draw, world, program, f.lo, f.hi), within(draw, world, program, f.count))
        case "branch":
            program.branch(expression(draw, world, program), "somewhere")
        case "wait":
            asleep = usually(draw, world, program, draw(st.booleans())) if draw(st.booleans()) else None
            idle = draw(st.integers(0, 3)) == 0
            program.wait(usually(draw, world, program, draw(st.booleans())), idle=idle, asleep=asleep)
        case "deref":
            program.deref(pointer(draw, world, program), world.pool)
        case "alloc":
            pointers = [ir.Local(i) for i, v in enumerate(program.locals) if v.pool >= 0]
            program.alloc(pointers[0], world.pool, draw(st.sampled_from([(), pointers])))
            program.store(world.link, pointers[0])
        case "free":
            program.free(op("+", within(draw, world, program, world.size(world.pool.data)), 1), world.pool)
        case "finding":
            fatal = draw(st.integers(0, 2)) == 0
            program.branch(usually(draw, world, program, False), "somewhere")
            program.emit(ir.Finding(b.number("assert"), draw(st.sampled_from(["one", "two"])), fatal))
        case "assume":
            program.emit(ir.Assume(usually(draw, world, program, True)))
        case "cover":
            program.emit(b.cover(f"cover {len(b.covers)}"))
        case "acquire":
            index = within(draw, world, program, 2)
            program.emit(ir.Acquire(0, index, draw(st.booleans()), draw(st.booleans()), draw(st.booleans())))
        case "own":
            owner, readers = world.lock
            assert readers is not None
            program.store(owner, draw(st.integers(0, CONTEXTS)), within(draw, world, program, 2))
            program.store(readers, draw(st.integers(0, 2**CONTEXTS - 1)), within(draw, world, program, 2))
        case "nop":
            program.emit(ir.Nop())
        case "cut":
            program.branch(usually(draw, world, program, False), "somewhere")
            program.emit(ir.Cut(draw(st.sampled_from(["far", "wide"]))))
        case "choose":
            program.choose(ir.Local(number), draw(st.integers(1, min(4, variable.hi + 1))) if variable.hi > 0 else 1)


def add_context(draw: st.DrawFn, world: World, index: int) -> None:
    b = world.builder
    kind = draw(st.sampled_from(["process", "process", "kworker", "softirq", "hardirq"]))
    program = b.context(f"C{index}", kind, draw(st.integers(0, 1)))
    size = world.size(world.pool.data)
    program.local("p", 0, size, world.pool)
    for i, (lo, hi) in enumerate(draw(st.lists(st.sampled_from([(0, 3), (-4, 4), (0, 2**64 - 1)]), max_size=2))):
        program.local(f"l{i}", lo, hi)
    for position in range(draw(st.integers(3, 12))):
        if draw(st.integers(0, 2)) == 0:
            b.new_statement(program)
        at_stop = position == 0 or draw(st.integers(0, 2)) > 0
        if at_stop:
            add_stop(draw, program, active=position > 0)
        add_node(draw, world, program, at_stop)
    program.end()
    scatter(draw, program)


def add_stop(draw: st.DrawFn, program: Program, active: bool) -> None:
    flag = lambda: draw(st.integers(0, 6)) == 0  # noqa: E731
    program.stop(active=active, reader=draw(st.booleans()), preempt_off=flag(), bh_off=flag(), irq_off=flag())


def scatter(draw: st.DrawFn, program: Program) -> None:
    """Give branches their targets, and some other nodes, too: forward, or back to a stop."""
    last = len(program.nodes) - 1
    stops = sorted(program.stop_of)
    for at, node in enumerate(program.nodes[:-1]):
        targets = [n for n in range(last + 1) if n > at or n in stops]
        if isinstance(node.op, ir.Branch):
            program.labels[f"t{at}"] = draw(st.sampled_from(targets))
            program.branches[at] = f"t{at}"
        if draw(st.integers(0, 4)) == 0:
            program.labels[f"n{at}"] = draw(st.sampled_from(targets))
            program.jumps[at] = f"n{at}"


@st.composite
def systems(draw: st.DrawFn) -> ir.TransitionSystem:
    """A transition system with two or three contexts."""
    world = new_world(draw)
    for index in range(draw(st.integers(2, CONTEXTS))):
        add_context(draw, world, index)
    for where in world.values:
        if draw(st.integers(0, 3)) == 0:
            own = f"data-race({world.builder.fields[where.number].name})"
            world.builder.properties.append(ir.Property(own, own, "builtin", None))
    for kind in ("invariant", "end"):
        if draw(st.booleans()):
            world.builder.property(f"{kind}1", kind, usually(draw, world, None, True))
    return world.builder.build()
