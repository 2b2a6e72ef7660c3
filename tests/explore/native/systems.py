"""A small assembler for transition systems: hand-built programs for the engines, without the modelling language.

b = Builder("count")
x = b.scalar("x", 0, 3)
a = b.context("A")
a.stop()
a.store(x, op("+", x[0], 1))
a.end()
ts = b.build()
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from psockmc.ir import system as ir

BUILTIN = ("deadlock", "lost-wakeup", "leak", "null-deref", "use-after-free", "data-race", "assert")
Operand = ir.Expr | int


def expr(value: Operand) -> ir.Expr:
    return ir.Const(value) if isinstance(value, int) else value


def op(name: str, *args: Operand) -> ir.Expr:
    return ir.Op(name, tuple(expr(arg) for arg in args))


@dataclass(frozen=True)
class FieldRef:
    """A field of the system under construction; `f[i]` is the load of its cell i."""

    number: int

    def __getitem__(self, index: Operand) -> ir.Expr:
        return ir.Load(self.number, expr(index))


@dataclass(frozen=True)
class PoolRef:
    """A pool of the system under construction; `p.name` is the field of that name."""

    number: int
    status: FieldRef | None
    fields: dict[str, FieldRef]

    def __getattr__(self, name: str) -> FieldRef:
        return self.fields[name]


@dataclass
class Program:
    """The nodes of one context, assembled from top to bottom: a node goes on at the next one unless told otherwise."""

    name: str
    kind: str
    level: int
    cpu: int
    nodes: list[ir.Node] = field(default_factory=list)
    flags: list[dict[str, bool]] = field(default_factory=list)
    locals: list[ir.Variable] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    jumps: dict[int, str] = field(default_factory=dict)  # node -> label of its `next`
    branches: dict[int, str] = field(default_factory=dict)  # node -> label of its `other`
    stop_of: dict[int, int] = field(default_factory=dict)
    accesses: tuple[ir.Access, ...] = ()
    statement: int = -1

    def local(self, name: str, lo: int, hi: int, pool: PoolRef | None = None) -> ir.Local:
        self.locals.append(ir.Variable(name, lo, hi, pool.number if pool else -1, ()))
        return ir.Local(len(self.locals) - 1)

    def label(self, name: str) -> None:
        """The next node gets a name to jump to."""
        self.labels[name] = len(self.nodes)

    def stop(self, name: str = "", *, active: bool = True, **flags: bool) -> None:
        """A stop stands at the next node. flags: done, reader, preempt_off, bh_off, irq_off."""
        if name:
            self.label(name)
        self.stop_of[len(self.nodes)] = len(self.flags)
        self.flags.append({"active": active, **flags})

    def touches(self, target: FieldRef, index: Operand = 0, *, write: bool = False, marked: bool = False) -> None:
        """The next node makes this access."""
        self.accesses += (ir.Access(target.number, expr(index), write, marked),)

    def emit(self, operation: ir.Operation, *, goto: str = "", other: str = "") -> None:
        at = len(self.nodes)
        if goto:
            self.jumps[at] = goto
        if other:
            self.branches[at] = other
        stop = self.stop_of.get(at, -1)
        self.nodes.append(ir.Node(operation, at + 1, -1, stop, self.statement, 0, self.accesses))
        self.accesses = ()

    def let(self, target: ir.Local, value: Operand, **how: str) -> None:
        self.emit(ir.Let(target.id, expr(value)), **how)

    def store(self, target: FieldRef, value: Operand, index: Operand = 0, **how: str) -> None:
        self.emit(ir.Store(target.number, expr(index), expr(value)), **how)

    def branch(self, cond: Operand, other: str, **how: str) -> None:
        """Fall through when cond holds, else go to `other`."""
        self.emit(ir.Branch(expr(cond)), other=other, **how)

    def choose(self, target: ir.Local, count: int) -> None:
        self.emit(ir.Choose(target.id, count))

    def wait(self, cond: Operand, *, idle: bool = False, asleep: Operand | None = None) -> None:
        awaited = None if asleep is None else expr(asleep)
        self.emit(ir.Wait(expr(cond), "something", idle=idle, asleep=awaited))

    def deref(self, pointer: Operand, pool: PoolRef) -> None:
        self.emit(ir.Deref(expr(pointer), pool.number, "load"))

    def alloc(self, target: ir.Local, pool: PoolRef, live: Sequence[ir.Local] = ()) -> None:
        self.emit(ir.Alloc(target.id, pool.number, tuple(v.id for v in live)))

    def free(self, pointer: Operand, pool: PoolRef) -> None:
        self.emit(ir.Free(expr(pointer), pool.number))

    def goto(self, name: str) -> None:
        self.emit(ir.Nop(), goto=name)

    def end(self) -> None:
        """The context is done when it gets here."""
        self.stop(active=False, done=True)
        self.emit(ir.Nop())
        self.nodes[-1] = dataclasses.replace(self.nodes[-1], next=-1)

    # ------------------------------------------------------------ assembly

    def linked(self) -> tuple[ir.Node, ...]:
        return tuple(
            dataclasses.replace(
                node,
                next=self.labels[self.jumps[at]] if at in self.jumps else node.next,
                other=self.labels[self.branches[at]] if at in self.branches else -1,
            )
            for at, node in enumerate(self.nodes)
        )


def expressions(node: ir.Node) -> list[ir.Expr]:
    """The expressions a node evaluates."""
    found: list[ir.Expr] = [access.index for access in node.accesses]
    for value in (getattr(node.op, f.name) for f in dataclasses.fields(node.op)):
        if isinstance(value, ir.Const | ir.Local | ir.Load | ir.Op | ir.Wrap | ir.Readers):
            found.append(value)
    return found


def locals_read(expression: ir.Expr) -> set[int]:
    match expression:
        case ir.Local(number):
            return {number}
        case ir.Load(_, index):
            return locals_read(index)
        case ir.Wrap(_, _, arg):
            return locals_read(arg)
        case ir.Op(_, args):
            return {number for arg in args for number in locals_read(arg)}
    return set()


def live_in(nodes: Sequence[ir.Node]) -> list[set[int]]:
    """For every node, the locals whose values it or a later one may read."""
    live: list[set[int]] = [set() for _ in nodes]
    changed = True
    while changed:
        changed = False
        for at in reversed(range(len(nodes))):
            node = nodes[at]
            after = {v for n in (node.next, node.other) if n >= 0 for v in live[n]}
            if isinstance(node.op, ir.Let | ir.Choose | ir.Alloc):
                after.discard(node.op.local)
            if isinstance(node.op, ir.Alloc):
                after.update(node.op.live_locals)
            after.update(v for e in expressions(node) for v in locals_read(e))
            changed |= after != live[at]
            live[at] = after
    return live


class Builder:
    """Collects fields, pools, contexts and properties; `build` makes the system."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cells: list[ir.Cell] = []
        self.fields: list[ir.Field] = []
        self.pools: list[ir.Pool] = []
        self.initial: list[int] = []
        self.programs: list[Program] = []
        self.properties = [ir.Property(id, id, "builtin", None) for id in BUILTIN]
        self.covers: list[str] = []
        self.locks: list[ir.LockClass] = []
        self.gp_cells: list[int] = []
        self.statements = 0

    def array(
        self,
        name: str,
        count: int,
        lo: int,
        hi: int,
        *,
        start: Sequence[int] | int = 0,
        pool: int = -1,
        kind: str = "value",
    ) -> FieldRef:
        self.fields.append(ir.Field(name, len(self.cells), count, lo, hi, pool, (), kind))
        self.cells += [ir.Cell(f"{name}[{i}]", lo, hi, pool) for i in range(count)]
        self.initial += [start] * count if isinstance(start, int) else start
        return FieldRef(len(self.fields) - 1)

    def scalar(self, name: str, lo: int, hi: int, start: int = 0) -> FieldRef:
        return self.array(name, 1, lo, hi, start=start)

    def pointer(self, name: str, pool: PoolRef, start: int = 0, kind: str = "value") -> FieldRef:
        size = len(self.pools[pool.number].objects)
        return self.array(name, 1, 0, size, start=start, pool=pool.number, kind=kind)

    def pool(
        self, name: str, size: int, fields: dict[str, tuple[int, int, int]], live: int | None = 0, statics: int = 0
    ) -> PoolRef:
        """Objects with fields name -> (lo, hi, initial value).

        The first `live` exist already (None: all, for ever), and the first `statics` are static.
        """
        number = len(self.pools)
        status = None
        if live is not None:
            values = [ir.LIVE] * live + [ir.FREE] * (size - live)
            status = self.array(f"{name}.status", size, 0, 2, start=values, kind="status")
        refs = {f: self.array(f"{name}.{f}", size, lo, hi, start=value) for f, (lo, hi, value) in fields.items()}
        parts = tuple((refs[f].number, 1, value) for f, (_, _, value) in fields.items())
        objects = tuple(f"{name}{i}" for i in range(size))
        self.pools.append(ir.Pool(name, objects, status.number if status else -1, parts, statics))
        return PoolRef(number, status, refs)

    def points_to(self, where: FieldRef, pool: PoolRef, kind: str = "value") -> None:
        """The field holds pointers to the pool."""
        old = self.fields[where.number]
        self.fields[where.number] = dataclasses.replace(old, pool=pool.number, kind=kind)
        for cell in range(old.base, old.base + old.count):
            self.cells[cell] = dataclasses.replace(self.cells[cell], pool=pool.number)

    def grace_period(self, name: str, contexts: int) -> FieldRef:
        ref = self.scalar(name, 0, (1 << contexts) - 1)
        self.gp_cells.append(self.fields[ref.number].base)
        return ref

    def lock(self, name: str, count: int, contexts: int, readers: bool = False) -> tuple[FieldRef, FieldRef | None]:
        owner = self.array(f"{name}.owner", count, 0, contexts, kind="lock")
        held = self.array(f"{name}.readers", count, 0, (1 << contexts) - 1, kind="lock") if readers else None
        self.locks.append(ir.LockClass(name, owner.number, held.number if held else -1))
        return owner, held

    def cover(self, sentence: str) -> ir.Cover:
        self.covers.append(sentence)
        return ir.Cover(len(self.covers) - 1)

    def property(self, id: str, kind: str, value: Operand) -> int:
        self.properties.append(ir.Property(id, id, kind, expr(value)))
        return len(self.properties) - 1

    def number(self, id: str) -> int:
        """The number of a property."""
        return [p.id for p in self.properties].index(id)

    def context(self, name: str, kind: str = "process", cpu: int | None = None) -> Program:
        level = {"softirq": 1, "hardirq": 2}.get(kind, 0)
        self.programs.append(Program(name, kind, level, len(self.programs) if cpu is None else cpu))
        return self.programs[-1]

    def new_statement(self, program: Program) -> int:
        """The program's next nodes belong to a new statement."""
        program.statement = self.statements
        self.statements += 1
        return program.statement

    def build(self) -> ir.TransitionSystem:
        cells, initial = list(self.cells), list(self.initial)
        contexts = tuple(self._context(i, program, cells, initial) for i, program in enumerate(self.programs))
        return ir.TransitionSystem(
            name=self.name,
            sentence=self.name,
            cells=tuple(cells),
            fields=tuple(self.fields),
            pools=tuple(self.pools),
            contexts=contexts,
            statements=tuple(ir.Statement("m.py", i, f"s{i}", "f", "") for i in range(self.statements)),
            properties=tuple(self.properties),
            covers=tuple(self.covers),
            locks=tuple(self.locks),
            gp_cells=tuple(self.gp_cells),
            initial=tuple(initial),
            bounds=(),
            assumptions=(),
            omissions=(),
        )

    @staticmethod
    def _context(index: int, program: Program, cells: list[ir.Cell], initial: list[int]) -> ir.Context:
        nodes = program.linked()
        live = live_in(nodes)
        pc = len(cells)
        cells.append(ir.Cell(f"{program.name}.pc", 0, len(program.flags) - 1, -1))
        slots = {}
        for number, variable in enumerate(program.locals):
            slots[number] = len(cells)
            lo, hi = min(0, variable.lo), max(0, variable.hi)
            cells.append(ir.Cell(f"{program.name}.{variable.name}", lo, hi, variable.pool))
        initial += [0] * (len(cells) - pc)
        off = {"done": False, "reader": False, "preempt_off": False, "bh_off": False, "irq_off": False}
        stops = tuple(
            ir.Stop(at, tuple((v, slots[v]) for v in sorted(live[at])), **(off | program.flags[stop]))
            for at, stop in sorted(program.stop_of.items(), key=lambda item: item[1])
        )
        return ir.Context(
            index,
            program.name,
            program.kind,
            program.level,
            program.cpu,
            pc,
            tuple(slots.values()),
            nodes,
            stops,
            tuple(program.locals),
            ((),),
        )
