"""What the code of one context does to memory: locals, places, accesses, each with its tests and as a step."""

from __future__ import annotations

from psockmc.ir import system as ir
from psockmc.ir.flow import Flow
from psockmc.ir.memory import Memory
from psockmc.ir.places import Ref, add, elements, multiply
from psockmc.ir.unchanging import Unchanging
from psockmc.ir.words import FATAL, Tables
from psockmc.lang.types import ArrayType, ListType, Type

FALSE = ir.Const(0)


class Accesses:
    """Emits the nodes of accesses into `flow`.

    known: what loads are known to give, None for nothing. hoping: whether this is what a sleeper waits for, which
    counts as possible. relied: whether what was built of this statement rests on `known`.
    """

    def __init__(self, tables: Tables, memory: Memory) -> None:
        self.tables, self.memory = tables, memory
        self.known: Unchanging | None = None
        self.hoping = False
        self.relied = False
        self.flow = Flow()

    # ------------------------------------------------------------ locals

    def local_of_type(self, name: str, t: Type) -> int:
        """A fresh local for values of a type."""
        domain = self.memory.domain(t)
        return self.flow.new_local(name, domain.lo, domain.hi, domain.pool, domain.labels)

    def keep(self, name: str, t: Type, value: ir.Expr) -> int:
        """Store a value in a fresh local."""
        number = self.local_of_type(name, t)
        self.flow.emit(ir.Let(number, value))
        return number

    # ------------------------------------------------------------ places

    def object(self, struct: str, pointer: ir.Expr, path: tuple[str, ...], t: Type) -> Ref:
        """A field of the object that `pointer` points to."""
        pool = self.memory.pools[struct]
        constant = isinstance(pointer, ir.Const) and pointer.value > 0
        tests: tuple[ir.Deref, ...] = ()
        if not (constant and self.memory.status[pool] < 0):
            tests = (ir.Deref(pointer, pool, self.tables.access_text(self.flow.statement)),)
        return Ref(struct, pointer, path, FALSE, t, tests)

    def element(self, outer: Ref, index: ir.Expr, t: Type) -> Ref:
        """An element of an array."""
        if not isinstance(outer.type, ArrayType):
            raise AssertionError("an element of something that is no array")
        length = self.memory.length(outer.type.length)
        offset = add(outer.index, multiply(index, elements(self.memory, t)))
        return Ref(outer.root, outer.pointer, outer.path, offset, t, (*outer.tests, (index, length)))

    def locate(self, ref: Ref) -> tuple[int, ir.Expr]:
        """The field number and the cell index of a scalar place (of a list: of its first cell)."""
        leaf = self.memory.leaves.get((ref.root, ref.path))
        if leaf is None:
            raise AssertionError(f"{ref.root}.{'.'.join(ref.path)} has no cells")
        room = 1
        if isinstance(leaf.type, ListType):
            room = len(self.memory.objects[self.memory.pools[leaf.type.struct]]) + 1
        base = multiply(add(ref.pointer, ir.Const(-1)), leaf.per_object)
        return leaf.field, add(base, multiply(ref.index, room))

    def test(self, ref: Ref, *, again: bool = False) -> None:
        """Emit what must be tested before an access to the place; again: also when the next step begins."""
        for one in ref.tests:
            if isinstance(one, ir.Deref):
                number = self.flow.emit(one)
                if again and not self.flow.region and self._may_be_freed(one.pointer, one.pool):
                    self.flow.nodes[number].again = self.memory.live(ref.root, one.pointer)
                continue
            if (inside := self.inside(*one)) is not None:
                yes, no = self.flow.branch(inside)
                self.flow.resume(no)
                self.finding("out-of-bounds", f"index outside 0..{one[1] - 1}", fatal=True)
                self.flow.resume(yes)

    @staticmethod
    def inside(index: ir.Expr, length: int) -> ir.Expr | None:
        """The condition that an index is in its array; None when that is certain."""
        if isinstance(index, ir.Const) and 0 <= index.value < length:
            return None
        return ir.Op("and", (ir.Op(">=", (index, FALSE)), ir.Op("<", (index, ir.Const(length)))))

    def _may_be_freed(self, pointer: ir.Expr, pool: int) -> bool:
        static = isinstance(pointer, ir.Const) and pointer.value <= self.memory.statics[pool]
        return self.memory.status[pool] >= 0 and not static

    def access(self, ref: Ref, *, write: bool, marked: bool) -> tuple[int, ir.Expr, tuple[ir.Access, ...]]:
        """Begin the step of an access: tests are emitted; returns the cell and what the race check must know."""
        field_number, index = self.locate(ref)
        if write and self.known and self.flow.dangling:
            self.known.expect_change(self.memory.leaves[(ref.root, ref.path)])
        declared = self.memory.leaves[(ref.root, ref.path)].declared
        if declared.const or declared.ghost:
            self.test(ref, again=declared.const)
            return field_number, index, ()
        self.flow.begin_step()
        self.test(ref)
        if self.memory.fields[field_number].kind == "lock":
            return field_number, index, ()
        return field_number, index, (ir.Access(field_number, index, write, marked or self.flow.region > 0),)

    def load(self, ref: Ref, *, marked: bool = False) -> ir.Expr:
        """Load a scalar place into a fresh local."""
        field_number, index, accesses = self.access(ref, write=False, marked=marked)
        number = self.local_of_type(ref.path[-1], ref.type)
        self.flow.emit(ir.Let(number, ir.Load(field_number, index)), accesses=accesses)
        known = self.known.value(ref, self.memory) if self.known and not self.hoping else None
        self.relied = self.relied or known is not None
        return ir.Local(number) if known is None else ir.Const(known)

    def store(self, ref: Ref, value: ir.Expr, *, marked: bool = False) -> None:
        """Store a value to a scalar place."""
        field_number, index, accesses = self.access(ref, write=True, marked=marked)
        self.expect_known(ref, value)
        self.flow.emit(ir.Store(field_number, index, value), accesses=accesses)

    def expect_known(self, ref: Ref, value: ir.Expr) -> None:
        """Before a store: if the field was thought to get one value only, a run that stores another is cut."""
        leaf = self.memory.leaves[(ref.root, ref.path)]
        only = self.known.only_value(leaf) if self.known else None
        if only is None or value == ir.Const(only):
            return
        good, bad = self.flow.branch(ir.Op("==", (value, ir.Const(only))))
        self.flow.resume(bad)
        self.flow.cut(
            f"internal error: {leaf.owner}.{leaf.declared.name} gets a value that it was thought never to get"
        )
        self.flow.resume(good)

    # ------------------------------------------------------------ findings

    def finding(self, kind: str, message: str, *, fatal: bool = False) -> None:
        """Emit a finding of a built-in property."""
        fatal = fatal or kind in FATAL
        self.flow.emit(ir.Finding(self.tables.property(kind), message, fatal))
        if fatal:
            self.flow.dangling = []
