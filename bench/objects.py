"""The benchmark's own scenario: processes that share reference-counted objects through a locked table.

It is assembled by hand, so that it stays what it is while models and language change. Every process takes the table's
lock, gets a reference to the object in the slot (the first one allocates it), drops the lock, works on the object's
data, and puts the reference under the lock again; the last put takes the object out of the table and frees it. RCU
readers look at the data without a reference, a softirq takes the lock on the CPU of the first process, and a worker
waits for a grace period.
"""

from __future__ import annotations

from psockmc.ir import system as ir
from tests.explore.native.systems import Builder, FieldRef, PoolRef, Program, op


class Table:
    """The shared objects of the scenario, and programs that use them."""

    def __init__(self, processes: int, readers: int, rounds: int) -> None:
        self.b = Builder(f"objects-{processes}-{readers}-{rounds}")
        self.contexts = processes + readers + 2
        self.rounds = rounds
        self.owner, _ = self.b.lock("table.lock", 1, self.contexts)
        self.grace = self.b.grace_period("gp", self.contexts)
        self.done = self.b.scalar("done", 0, processes)
        self.objects: PoolRef = self.b.pool("obj", 2, {"refs": (0, processes, 0), "data": (0, 3, 0)})
        self.slot = self.b.pointer("slot", self.objects)
        for i in range(processes):
            self.process(f"P{i}", cpu=i)
        for i in range(readers):
            self.reader(f"R{i}")
        self.softirq()
        self.worker(processes)
        self.b.property("refs", "invariant", self.referenced())
        self.b.property("lock", "end", op("==", self.owner[0], 0))
        self.b.property("slot", "end", op("==", self.slot[0], 0))

    def referenced(self) -> ir.Expr:
        """The object in the slot is live and has references."""
        at = op("-", self.slot[0], 1)
        status = self.objects.status
        assert status is not None
        counted = op(">", self.objects.refs[at], 0)
        return op(
            "or",
            op("==", self.slot[0], 0),
            op("!=", self.owner[0], 0),
            op("and", op("==", status[at], ir.LIVE), counted),
        )

    # ------------------------------------------------------------ what contexts do

    def lock(self, p: Program) -> None:
        self.b.new_statement(p)
        p.stop(bh_off=False)
        p.wait(op("==", self.owner[0], 0))
        p.store(self.owner, self.b.programs.index(p) + 1)
        p.emit(ir.Acquire(0, ir.Const(0), True, True, False))

    def unlock(self, p: Program) -> None:
        self.b.new_statement(p)
        p.stop(bh_off=True)
        p.store(self.owner, 0)

    def access(self, p: Program, pointer: ir.Expr, field: FieldRef, *, write: bool, marked: bool) -> None:
        p.deref(pointer, self.objects)
        p.touches(field, op("-", pointer, 1), write=write, marked=marked)

    def process(self, name: str, cpu: int) -> None:
        p = self.b.context(name, cpu=cpu)
        ref = p.local("ref", 0, 2, self.objects)
        count = p.local("count", 0, self.contexts)
        todo = p.local("todo", 0, self.rounds)
        p.stop(active=True)
        p.let(todo, self.rounds)
        p.label("again")
        self.get(p, ref, count)
        self.work(p, ref, count)
        self.put(p, ref, count)
        p.let(todo, op("-", todo, 1))
        p.branch(op("==", todo, 0), "again")
        self.b.new_statement(p)
        p.stop()
        p.store(self.done, op("+", self.done[0], 1))
        p.end()

    def get(self, p: Program, ref: ir.Local, count: ir.Local) -> None:
        """Take a reference to the object in the slot, or put a new one there."""
        self.lock(p)
        p.stop(bh_off=True)
        p.let(ref, self.slot[0])
        p.branch(op("==", ref, 0), "have")
        p.stop(bh_off=True)
        p.alloc(ref, self.objects)
        p.stop(bh_off=True)
        p.store(self.slot, ref)
        p.label("have")
        p.stop(bh_off=True)
        self.access(p, ref, self.objects.refs, write=False, marked=True)
        p.let(count, self.objects.refs[op("-", ref, 1)])
        p.stop(bh_off=True)
        self.access(p, ref, self.objects.refs, write=True, marked=True)
        p.store(self.objects.refs, op("+", count, 1), op("-", ref, 1))
        self.unlock(p)

    def work(self, p: Program, ref: ir.Local, count: ir.Local) -> None:
        """Change the object's data without the lock."""
        self.b.new_statement(p)
        p.stop()
        self.access(p, ref, self.objects.data, write=False, marked=True)
        p.let(count, self.objects.data[op("-", ref, 1)])
        p.stop()
        self.access(p, ref, self.objects.data, write=True, marked=True)
        p.store(self.objects.data, ir.Wrap(2, False, op("+", count, 1)), op("-", ref, 1))

    def put(self, p: Program, ref: ir.Local, count: ir.Local) -> None:
        """Drop the reference; the last one frees the object."""
        self.lock(p)
        p.stop(bh_off=True)
        self.access(p, ref, self.objects.refs, write=False, marked=True)
        p.let(count, self.objects.refs[op("-", ref, 1)])
        p.stop(bh_off=True)
        self.access(p, ref, self.objects.refs, write=True, marked=True)
        p.store(self.objects.refs, op("-", count, 1), op("-", ref, 1))
        p.branch(op("==", count, 1), "kept")
        p.stop(bh_off=True)
        p.store(self.slot, 0)
        p.stop(bh_off=True)
        p.free(ref, self.objects)
        p.label("kept")
        self.unlock(p)

    def reader(self, name: str) -> None:
        """An RCU reader that looks into the slot; it must not touch the object, to which it has no reference."""
        p = self.b.context(name)
        seen = p.local("seen", 0, 2, self.objects)
        p.stop()
        p.emit(ir.Nop())
        p.stop(reader=True)
        p.touches(self.slot, marked=True)
        p.let(seen, self.slot[0])
        p.stop(reader=True)
        p.branch(op("!=", seen, 0), "out")
        p.emit(self.b.cover(f"{name} saw an object"))
        p.stop(reader=True)
        p.emit(ir.Nop())
        p.label("out")
        p.end()

    def softirq(self) -> None:
        """Takes the lock on the CPU of the first process."""
        p = self.b.context("S0", "softirq", cpu=0)
        self.lock(p)
        self.b.programs[-1].flags[0]["active"] = False
        self.unlock(p)
        p.end()

    def worker(self, processes: int) -> None:
        """Starts a grace period when all processes are done."""
        p = self.b.context("W", "kworker")
        p.stop(active=False)
        p.wait(op("==", self.done[0], processes), idle=True)
        p.store(self.grace, ir.Readers(False))
        p.stop()
        p.wait(op("==", self.grace[0], 0))
        p.end()


def objects(processes: int = 3, readers: int = 2, rounds: int = 2) -> ir.TransitionSystem:
    """The scenario in a size."""
    return Table(processes, readers, rounds).b.build()
