"""From typed functions to the control-flow graph of one context: calls are inlined, every shared access becomes a
step.

`Inliner` handles statements, calls and expressions; `psockmc.ir.accesses` what they do to memory; `psockmc.ir.words`
the words of the language (READ_ONCE, kzalloc, ...); `psockmc.ir.pure` the conditions that are evaluated atomically.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from psockmc.ir import system as ir
from psockmc.ir import words
from psockmc.ir.accesses import Accesses
from psockmc.ir.flow import Edge, Static
from psockmc.ir.memory import Memory
from psockmc.ir.places import Ref, add, elements, multiply
from psockmc.ir.pure import Pure
from psockmc.ir.reach import PointsTo, walk
from psockmc.lang import tree
from psockmc.lang.conversions import inside
from psockmc.lang.types import (
    Bool,
    Bounded,
    CInt,
    ContextSet,
    ContextType,
    FlagsType,
    Pointer,
    StructType,
    Type,
    Void,
)

TRUE, FALSE = ir.Const(1), ir.Const(0)


Binding = int | ir.Expr | Ref  # a local's number, a value, a place


@dataclass
class Call:
    """One inlined call: its function, what its names mean, where its returns lead."""

    function: tree.Function
    names: dict[str, Binding]
    result: int
    frames: tuple[ir.Frame, ...]
    returns: list[Edge] = field(default_factory=list)
    breaks: list[list[Edge]] = field(default_factory=list)
    continues: list[list[Edge]] = field(default_factory=list)


class Inliner(Accesses):
    """Builds the graph of one context. `self.flow` is the result.

    tables: shared by the scenario's contexts; context: index of the context; level: 0 task, 1 softirq, 2 hardirq;
    may_fail: structs whose allocation may fail. `known` may be set before `run`: what loads are known to give.
    """

    def __init__(
        self,
        tables: words.Tables,
        memory: Memory,
        points_to: PointsTo,
        context: int,
        level: int,
        may_fail: tuple[str, ...],
    ) -> None:
        super().__init__(tables, memory)
        self.points_to = points_to
        self.program = memory.program
        self.context: int = context
        self.level: int = level
        self.may_fail = may_fail
        self.pure = Pure(memory, self)
        self.call: Call | None = None

    # ------------------------------------------------------------ the context's own function

    def run(self, function: tree.Function, args: tuple[Binding, ...]) -> None:
        """Inline the context's function and end the context."""
        frame = ir.Frame(function.name, function.kernel_file, "", 0)
        self.flow.path = self.flow.intern_path((frame,))
        self.flow.emit(ir.Nop())
        self._inline(function, args, (frame,))
        self._end()

    def _end(self) -> None:
        """The context must not hold a lock any more; then it is done."""
        held = self.holds_locks()
        if held != FALSE:
            yes, no = self.flow.branch(held)
            self.flow.resume(yes)
            self.finding("lock-usage", "it ends while it still holds a lock")
            self.flow.resume(no, self.flow.dangling)
        done = self.flow.emit(ir.Nop(), begins=True)
        self.flow.nodes[done].done = True
        self.flow.dangling = []

    def holds_locks(self) -> ir.Expr:
        """Whether the context owns or reads any lock, in one state."""
        me = ir.Const(self.context + 1)
        held: list[ir.Expr] = []
        for lock in self.memory.lock_classes():
            owner = self.memory.fields[lock.owner]
            for i in range(owner.count):
                held.append(ir.Op("==", (ir.Load(lock.owner, ir.Const(i)), me)))
                if lock.readers >= 0:
                    bits = (ir.Load(lock.readers, ir.Const(i)), ir.Const(1 << self.context))
                    held.append(ir.Op("&", bits))
        return ir.Op("or", tuple(held)) if held else FALSE

    # ------------------------------------------------------------ calls

    def _inline(self, function: tree.Function, args: tuple[Binding, ...], frames: tuple[ir.Frame, ...]) -> ir.Expr:
        """Inline one call; returns the value of its result."""
        self.tables.uses(function)
        outer, flow = self.call, self.flow
        statement, path, region = flow.statement, flow.path, flow.region
        names: dict[str, Binding] = {}
        assigned = self.tables.assigned(function)
        result = -1
        if function.result != Void():
            result = self.local_of_type(f"{function.name}()", function.result)
        self.call = Call(function, names, result, frames)
        for param, arg in zip(function.params, args, strict=True):
            names[param.name] = self._parameter(param, arg, param.name in assigned)
        flow.path = flow.intern_path(frames)
        self.statements(function.body)
        flow.resume(flow.dangling, self.call.returns)
        self.call = outer
        flow.statement, flow.path, flow.region = statement, path, region
        return ir.Local(result) if result >= 0 else FALSE

    def _parameter(self, param: tree.Param, arg: Binding, assigned: bool) -> Binding:
        """A parameter that is never assigned to stands for its argument; another one is a local."""
        if isinstance(arg, Ref) or not assigned:
            return arg
        number = self.local_of_type(param.name, param.type)
        self.flow.emit(ir.Let(number, ir.Local(arg) if isinstance(arg, int) else arg))
        return number

    def invoke(self, name: str, args: tuple[Binding, ...], span: tree.Span) -> ir.Expr:
        """Inline a call of a named function, unless it stands on the call path too often already."""
        call = self.current()
        if not self.flow.dangling:
            return FALSE
        function = self.program.functions[name]
        depth = sum(f.function == name for f in call.frames)
        if depth >= function.recursion:
            self.finding("recursion", f"{name} calls itself again, {depth} deep", fatal=True)
            return FALSE
        frame = ir.Frame(name, function.kernel_file, span.file, span.line)
        return self._inline(function, args, (*call.frames, frame))

    def current(self) -> Call:
        """The call we are in."""
        if self.call is None:
            raise AssertionError("no function is being inlined")
        return self.call

    def argument(self, expr: tree.Expr, param: Type) -> Binding:
        """An argument: a place for a struct, else its value, kept in a local unless it is a constant or a local whose
        values the parameter holds.
        """
        if isinstance(param, StructType):
            return self._held(self.place(expr))
        value = self.convert(self.value(expr), expr.type, param)
        fits = not isinstance(param, Bounded) or (isinstance(expr.type, Bounded) and inside(expr.type, param))
        if fits and isinstance(value, (ir.Const, ir.Local)) and not isinstance(value, Static):
            return value
        return ir.Local(self.keep("argument", param, value))

    def _held(self, ref: Ref) -> Ref:
        """A worker's item as its function sees it: through a pointer, so that the object is tested and not reused."""
        pool = self.memory.pools[ref.root]
        if ref.tests or not isinstance(ref.pointer, ir.Const) or not self._may_be_freed(ref.pointer, pool):
            return ref
        name = self.program.structs[ref.root].short
        held = self.object(ref.root, ir.Local(self.keep(name, Pointer(ref.root), ref.pointer)), ref.path, ref.type)
        return replace(held, index=ref.index)

    def _call(self, expr: tree.Call) -> ir.Expr:
        function = self.program.functions[expr.function]
        args = tuple(self.argument(a, p.type) for a, p in zip(expr.args, function.params, strict=True))
        return self.invoke(expr.function, args, expr.span)

    def _call_pointer(self, expr: tree.CallPointer) -> ir.Expr:
        """Dispatch on the pointer's value over the functions that it may hold."""
        call = self.current()
        target = self.value(expr.target)
        if not self.flow.dangling:
            return FALSE
        possible = self.points_to.targets(expr.target, call.function.name)
        targets = sorted(possible & self.known.targets(expr.target) if self.known else possible)
        result = -1
        if expr.type != Void():
            result = self.local_of_type("call", expr.type)
        params = self.program.functions[targets[0]].params if targets else ()
        args = tuple(self.argument(a, p.type) for a, p in zip(expr.args, params, strict=bool(targets)))
        done: list[Edge] = []
        for name in targets:
            value = ir.Const(self.memory.function_value(name))
            yes, no = self.flow.branch(ir.Op("==", (target, value)))
            self.flow.resume(yes)
            returned = self.invoke(name, args, expr.span)
            if result >= 0 and self.flow.dangling:
                self.flow.emit(ir.Let(result, returned))
            done += self.flow.dangling
            self.flow.resume(no)
        yes, no = self.flow.branch(ir.Op("==", (target, FALSE)))
        self.flow.resume(yes)
        self.finding("null-call", "call through a NULL function pointer", fatal=True)
        self.flow.resume(no)
        self.finding("null-call", "call through a pointer that should never hold this function", fatal=True)
        self.flow.resume(done)
        return ir.Local(result) if result >= 0 else FALSE

    # ------------------------------------------------------------ statements

    def statements(self, body: tuple[tree.Stmt, ...]) -> None:
        """Lower statements in order, as long as anything leads to them."""
        for stmt in body:
            if not self.flow.dangling:
                return
            self.statement(stmt)

    def statement(self, stmt: tree.Stmt) -> None:
        """Lower one statement."""
        flow, call = self.flow, self.current()
        if isinstance(stmt, tree.Omits):  # says what is not there: no statement, which could run or never run
            self.tables.omission(call.function, stmt.reason)
            return
        flow.statement = self.tables.statement(call.function, stmt.span)
        self.relied = False
        match stmt:
            case tree.Assign(target, value):
                self.assign(target, self.convert(self.value(value), value.type, target.type))
            case tree.Evaluate(value):
                flow.emit(ir.Nop())  # a statement that is only a call runs, too
                self.value(value)
            case tree.If(cond, then, other, _):
                yes, no = self.condition(cond)
                self._skip(then, yes)
                self._skip(other, no)
                flow.resume(yes)
                self.statements(then)
                after = flow.dangling
                flow.resume(no)
                self.statements(other)
                flow.resume(after, flow.dangling)
            case tree.While():
                self._while(stmt)
            case tree.ForRange():
                self._for_range(stmt)
            case tree.ForList():
                self._for_list(stmt)
            case tree.Break():
                call.breaks[-1] += flow.dangling
                flow.dangling = []
            case tree.Continue():
                call.continues[-1] += flow.dangling
                flow.dangling = []
            case tree.Return(value, _):
                self._return(value)
            case tree.Atomic(reason, body, _):
                self.tables.assumption(call.function, reason)
                with flow.atomic():
                    self.statements(body)
            case _:
                self._property_statement(stmt)

    def _property_statement(self, stmt: tree.Stmt) -> None:
        flow = self.flow
        match stmt:
            case tree.Check(cond, sentence, _):
                reads = self.pure.reads_memory(cond)
                yes, no = flow.branch(self.pure.truth(cond), begins=reads)
                flow.resume(no)
                self.finding("assert", sentence)
                flow.resume(yes, flow.dangling)
            case tree.AssumeThat(cond, _):
                self.tables.assumption(self.current().function, f"assumed: {self.tables.text(stmt.span)}")
                flow.emit(ir.Assume(self.pure.truth(cond)), begins=self.pure.reads_memory(cond))
            case tree.CoverThat(sentence, _):
                flow.emit(ir.Cover(self.tables.cover(sentence)))
            case tree.WaitEvent(queue, cond, span):
                self._wait_event(queue, cond, span)
            case _:
                raise AssertionError(f"no such statement: {stmt}")

    def _return(self, value: tree.Expr | None) -> None:
        call = self.current()
        if value is not None:
            result = self.convert(self.value(value), value.type, call.function.result)
            if self.flow.dangling:
                self.flow.emit(ir.Let(call.result, result))
        call.returns += self.flow.dangling
        self.flow.dangling = []

    def _loop_body(self, body: tuple[tree.Stmt, ...]) -> tuple[list[Edge], list[Edge]]:
        """Lower a loop's body; returns the edges of its breaks and those that go on with the next round."""
        call = self.current()
        call.breaks.append([])
        call.continues.append([])
        self.statements(body)
        return call.breaks.pop(), [*self.flow.dangling, *call.continues.pop()]

    def _while(self, stmt: tree.While) -> None:
        head = self.flow.emit(ir.Nop())
        self.flow.nodes[head].loop = stmt.span
        yes, no = self.condition(stmt.cond)
        self._skip(stmt.body, yes)
        self.flow.resume(yes)
        breaks, again = self._loop_body(stmt.body)
        self.flow.resume(again)
        self.flow.tie(head)
        self.flow.resume(no, breaks)

    def _for_range(self, stmt: tree.ForRange) -> None:
        number = self.declare(stmt.var)
        leave: list[Edge] = []
        for i in range(stmt.first, stmt.last):
            self.flow.emit(ir.Let(number, ir.Const(i)))
            breaks, again = self._loop_body(stmt.body)
            leave += breaks
            self.flow.resume(again)
        self.flow.resume(self.flow.dangling, leave)

    def _for_list(self, stmt: tree.ForList) -> None:
        """list_for_each_entry_safe: the next element is loaded before the body runs."""
        place = self.place(stmt.place)
        var = self.declare(stmt.var)
        first = words.list_first(self, place)
        if first == FALSE:
            self.relied = True
            self._skip(stmt.body, [])
            return
        self.flow.emit(ir.Let(var, first))
        head = self.flow.emit(ir.Nop())
        self.flow.nodes[head].loop = stmt.span
        yes, no = self.flow.branch(ir.Op("!=", (ir.Local(var), FALSE)))
        self.flow.resume(yes)
        following = words.list_next(self, ir.Local(var), place)
        breaks, again = self._loop_body(stmt.body)
        self.flow.resume(again)
        self.flow.emit(ir.Let(var, following))
        self.flow.tie(head)
        self.flow.resume(no, breaks)

    def _wait_event(self, queue: tree.Expr, cond: tree.Expr, span: tree.Span) -> None:
        """Add me to the queue; test; sleep until somebody takes me off; again."""
        place = self.place(queue)
        self.invoke("might_sleep", (), span)
        head = self.flow.emit(ir.Nop())
        self.invoke("prepare_to_wait", (place,), span)
        self.hoping = True
        yes, no = self.condition(cond)
        self.hoping = False
        self.flow.resume(no)
        waiters = Ref(place.root, place.pointer, (*place.path, "waiters"), place.index, Bool(), place.tests)
        field_number, index = self.locate(waiters)
        self.flow.begin_step()
        self.test(waiters)
        mine = ir.Op("&", (ir.Load(field_number, index), ir.Const(1 << self.context)))
        self.flow.emit(ir.Wait(ir.Op("not", (mine,)), self.tables.text(span), asleep=self.pure.truth(cond)))
        self.flow.tie(head)
        self.flow.resume(yes)
        self.invoke("finish_wait", (place,), span)

    # ------------------------------------------------------------ locals

    def declare(self, name: str) -> int:
        """The local of a source variable, made at its first use."""
        call = self.current()
        binding = call.names.get(name)
        if not isinstance(binding, int):
            binding = call.names[name] = self.local_of_type(name, call.function.locals[name])
        return binding

    def binding(self, name: str) -> Binding:
        """What a name means here."""
        names = self.current().names
        if name not in names:
            return self.declare(name)  # never assigned on this path: 0, as every local begins
        return names[name]

    # ------------------------------------------------------------ places

    def place(self, expr: tree.Expr) -> Ref:
        """The place an expression names; evaluates pointers on the way (their loads are steps)."""
        match expr:
            case tree.Var(name=name):
                binding = self.binding(name)
                if isinstance(binding, Ref):
                    return binding
            case tree.FieldOf(base=base, name=name, type=t):
                if isinstance(base.type, Pointer):
                    return self.object(base.type.struct, self.value(base), (name,), t)
                outer = self.place(base)
                offset = multiply(outer.index, elements(self.memory, t))
                return Ref(outer.root, outer.pointer, (*outer.path, name), offset, t, outer.tests)
            case tree.ElementOf(base=base, index=index, type=t):
                outer, at = self.place(base), self.value(index)
                return self.element(outer, add(at, ir.Const(-1)) if index.type == ContextType() else at, t)
        raise AssertionError(f"not a place: {expr}")

    def assign(self, target: tree.Expr, value: ir.Expr) -> None:
        """`target = value`."""
        if not self.flow.dangling:
            return
        if isinstance(target, tree.Var):
            self.flow.emit(ir.Let(self.declare(target.name), value))
        else:
            self.store(self.place(target), value)

    # ------------------------------------------------------------ expressions

    def value(self, expr: tree.Expr) -> ir.Expr:
        """Evaluate an expression: its shared accesses become steps; the result mentions locals only."""
        if not self.flow.dangling:
            return FALSE  # nothing leads here
        match expr:
            case tree.Literal(value=value):
                return ir.Const(value)
            case tree.Var(name=name):
                binding = self.binding(name)
                if isinstance(binding, Ref):
                    raise AssertionError(f"{name} is a place, not a value")
                return ir.Local(binding) if isinstance(binding, int) else binding
            case tree.InstanceRef(name=name):
                return ir.Const(self.memory.instances[name])
            case tree.FunctionRef(name=name):
                return ir.Const(self.memory.function_value(name))
            case tree.FieldOf() | tree.ElementOf():
                return self.load(self.place(expr))
            case tree.Unary(op=op, operand=operand, type=t):
                return self.unary(op, self.value(operand), operand.type, t)
            case tree.Binary(op=op) if op in ("and", "or"):
                return self._choice(expr, TRUE, FALSE)
            case tree.Binary(left=left, right=right):
                one, other = self.value(left), self.value(right)
                self._refuse_undefined(expr, other)
                return self.binary(expr, one, other)
            case tree.Conditional(cond=cond, then=then, other=other, type=t):
                return self._conditional(cond, then, other, t)
            case tree.Call():
                return self._call(expr)
            case tree.CallPointer():
                return self._call_pointer(expr)
            case tree.Intrinsic():
                return words.lower(self, expr)
            case _:
                raise AssertionError(f"not an expression of code: {expr}")

    def _refuse_undefined(self, expr: tree.Binary, right: ir.Expr) -> None:
        """Division by zero and shifts beyond the width are undefined in C."""
        if expr.op in ("//", "%"):
            defined: ir.Expr = ir.Op("!=", (right, FALSE))
        elif expr.op in ("<<", ">>"):
            width = ir.Const(expr.type.bits if isinstance(expr.type, CInt) else 63)
            defined = ir.Op("and", (ir.Op(">=", (right, FALSE)), ir.Op("<", (right, width))))
        else:
            return
        good, bad = self.flow.branch(defined)
        self.flow.resume(bad)
        self.finding("undefined", "division by zero" if expr.op in ("//", "%") else "shift beyond the width")
        self.flow.resume(good)

    def unary(self, op: str, value: ir.Expr, operand: Type, t: Type) -> ir.Expr:
        """Apply a unary operator."""
        if op == "not":
            return ir.Op("not", (value,))
        if op == "~" and isinstance(t, FlagsType | ContextSet):
            word = sum(1 << bit for _, bit in t.members) if isinstance(t, FlagsType) else self.memory.domain(t).hi
            return ir.Const(~value.value & word) if isinstance(value, ir.Const) else ir.Op("^", (value, ir.Const(word)))
        return self.convert(ir.Op("neg" if op == "-" else op, (value,)), None, t)

    def binary(self, expr: tree.Binary, left: ir.Expr, right: ir.Expr) -> ir.Expr:
        """Apply a binary operator to values, in C's types where the operands have them."""
        common = expr.common if expr.common is not None else expr.type
        if isinstance(common, CInt) and expr.op not in ("<<", ">>"):
            left, right = self.convert(left, expr.left.type, common), self.convert(right, expr.right.type, common)
        return self.convert(ir.Op(expr.op, (left, right)), None, expr.type)

    def convert(self, value: ir.Expr, source: Type | None, target: Type) -> ir.Expr:
        """C's conversion of a value to a type; only C integers change values."""
        if not isinstance(target, CInt) or source == target:
            return value
        if isinstance(value, ir.Const):
            half, full = 1 << (target.bits - 1), 1 << target.bits
            return ir.Const((value.value + half) % full - half if target.signed else value.value % full)
        return ir.Wrap(target.bits, target.signed, value)

    def _conditional(self, cond: tree.Expr, then: tree.Expr, other: tree.Expr, t: Type) -> ir.Expr:
        number = self.local_of_type("value", t)
        yes, no = self.condition(cond)
        self.flow.resume(yes)
        self.flow.emit(ir.Let(number, self.convert(self.value(then), then.type, t)))
        after = self.flow.dangling
        self.flow.resume(no)
        self.flow.emit(ir.Let(number, self.convert(self.value(other), other.type, t)))
        self.flow.resume(after, self.flow.dangling)
        return ir.Local(number)

    def _choice(self, cond: tree.Expr, then: ir.Expr, other: ir.Expr) -> ir.Expr:
        """The value of a short-circuit expression."""
        number = self.flow.new_local("cond", 0, 1, -1, ("false", "true"))
        yes, no = self.condition(cond)
        self.flow.resume(yes)
        self.flow.emit(ir.Let(number, then))
        after = self.flow.dangling
        self.flow.resume(no)
        self.flow.emit(ir.Let(number, other))
        self.flow.resume(after, self.flow.dangling)
        return ir.Local(number)

    def condition(self, expr: tree.Expr) -> tuple[list[Edge], list[Edge]]:
        """Branch on an expression; returns the edges for true and for false."""
        if not self.flow.dangling:
            return [], []
        match expr:
            case tree.Unary(op="not", operand=operand):
                yes, no = self.condition(operand)
                return no, yes
            case tree.Binary(op="and", left=left, right=right):
                yes, no = self.condition(left)
                self.flow.resume(yes)
                both, not_right = self.condition(right)
                return both, [*no, *not_right]
            case tree.Binary(op="or", left=left, right=right):
                yes, no = self.condition(left)
                self.flow.resume(no)
                right_yes, neither = self.condition(right)
                return [*yes, *right_yes], neither
        value = words.fact(expr) or self.value(expr)
        if isinstance(value, ir.Const) and not isinstance(value, Static):
            here = self.flow.dangling
            self.flow.dangling = []
            return (here, []) if value.value else ([], here)
        yes, no = self.flow.branch(value)
        if not self.known:
            return yes, no
        outcomes = self.known.outcomes(expr)
        return self._possible(yes, 1 in outcomes), self._possible(no, 0 in outcomes)

    def _possible(self, edges: list[Edge], possible: bool) -> list[Edge]:
        """The edges if a run may take them; otherwise none, and a run that does so all the same is cut."""
        if possible or not edges:
            return edges
        self.relied = True
        self.flow.resume(edges)
        self.flow.cut(f"internal error: {self.tables.access_text(self.flow.statement)}: thought to come out otherwise")
        return []

    def _skip(self, body: tuple[tree.Stmt, ...], edges: list[Edge]) -> None:
        """Code that is not built, since nothing leads to it. What it promises to cover remains promised."""
        if not edges and self.relied and self.current().function.role == "user":
            for node in walk(body):
                if isinstance(node, tree.CoverThat):
                    self.tables.promise(node.sentence)
