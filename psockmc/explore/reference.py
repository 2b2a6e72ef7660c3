"""The reference interpreter: it *is* the semantics of `psockmc.ir.system`. Small and obvious before fast.

`Interpreter.step` performs one step of one context; `psockmc.explore.breadth_first` searches all states with it. Every
other engine is compared with this one in every number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from psockmc.ir import system as ir

State = tuple[int, ...]
Evaluate = Callable[[Sequence[int], Sequence[int]], int]


@dataclass(frozen=True, slots=True)
class Touch:
    """An access that was made: the cell's number, and how."""

    cell: int
    write: bool
    marked: bool


@dataclass(slots=True)
class Step:
    """One step instance and what happened in it.

    state: the successor, None after a fatal finding or a cut. exists: False when a Wait was false (`blocked` is that
    wait) or an assumption failed. findings: (property, message, fatal) in order. nodes: those performed. touches:
    shared accesses.
    """

    context: int
    choice: int
    state: State | None = None
    exists: bool = True
    assumed_away: bool = False
    cut: str = ""
    blocked: ir.Wait | None = None
    findings: list[tuple[int, str, bool]] = field(default_factory=list)
    nodes: list[int] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    covers: list[int] = field(default_factory=list)
    acquired: list[tuple[int, bool, int, bool, bool, bool, int]] = field(default_factory=list)
    locals: list[int] = field(default_factory=list)


class _CutError(Exception):
    """The step left a bound."""


def truncated_div(a: int, b: int) -> int:
    """C's `/`; 0 when b is 0."""
    if b == 0:
        return 0
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


OPERATORS: dict[str, Callable[..., int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": truncated_div,
    "%": lambda a, b: a - b * truncated_div(a, b) if b else 0,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b if 0 <= b < 64 else 0,
    ">>": lambda a, b: a >> b if 0 <= b < 64 else 0,
    "~": lambda a: ~a,
    "neg": lambda a: -a,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "not": lambda a: int(not a),
}


class Interpreter:
    """Performs steps of a transition system. States are tuples of cell values."""

    def __init__(self, ts: ir.TransitionSystem) -> None:
        self.ts = ts
        self._compiled: dict[int, tuple[ir.Expr, Evaluate]] = {}
        self._neighbours = [[d for d in ts.contexts if d.cpu == c.cpu and d is not c] for c in ts.contexts]

    # ------------------------------------------------------------ expressions

    def evaluate(self, expr: ir.Expr, cells: Sequence[int], local: Sequence[int] = ()) -> int:
        """The value of an expression in a state, given the running context's locals."""
        entry = self._compiled.get(id(expr))
        if entry is None:
            entry = self._compiled[id(expr)] = (expr, self._compile(expr))
        return entry[1](cells, local)

    def _compile(self, expr: ir.Expr) -> Evaluate:
        match expr:
            case ir.Const(value):
                return lambda cells, local: value
            case ir.Local(id):
                return lambda cells, local: local[id]
            case ir.Load(number, index):
                where = self.ts.fields[number]
                if isinstance(index, ir.Const) and 0 <= index.value < where.count:
                    cell = where.base + index.value
                    return lambda cells, local: cells[cell]
                at = self._compile(index)

                def load(cells: Sequence[int], local: Sequence[int]) -> int:
                    i = at(cells, local)
                    return cells[where.base + i] if 0 <= i < where.count else 0

                return load
            case ir.Wrap(bits, signed, arg):
                inner, mask, top = self._compile(arg), (1 << bits) - 1, 1 << (bits - 1)
                if signed:
                    return lambda cells, local: ((inner(cells, local) + top) & mask) - top
                return lambda cells, local: inner(cells, local) & mask
            case ir.Readers(self_reader):
                return lambda cells, local: self.readers(cells, self_reader)
            case ir.Op(name, args):
                return self._compile_op(name, [self._compile(a) for a in args])

    @staticmethod
    def _compile_op(name: str, args: list[Evaluate]) -> Evaluate:
        if name == "and":
            return lambda cells, local: int(all(a(cells, local) for a in args))
        if name == "or":
            return lambda cells, local: int(any(a(cells, local) for a in args))
        if name == "?:":
            cond, then, other = args
            return lambda cells, local: then(cells, local) if cond(cells, local) else other(cells, local)
        apply = OPERATORS[name]
        if len(args) == 1:
            only = args[0]
            return lambda cells, local: apply(only(cells, local))
        left, right = args
        return lambda cells, local: apply(left(cells, local), right(cells, local))

    def readers(self, cells: Sequence[int], self_reader: bool) -> int:
        """The set of RCU readers, as bits; the running context counts iff `self_reader`."""
        result = 0
        for context in self.ts.contexts:
            reads = self_reader if context.index == self._running else context.stops[cells[context.pc]].reader
            result |= reads << context.index
        return result

    _running = -1  # the context in whose step we are: its stop says nothing while it runs

    # ------------------------------------------------------------ scheduling

    def runnable(self, state: Sequence[int], context: ir.Context) -> bool:
        """Whether the other contexts of its CPU let this one run."""
        stop = context.stops[state[context.pc]]
        for other in self._neighbours[context.index]:
            theirs = other.stops[state[other.pc]]
            if other.level > context.level and theirs.active:
                return False
            if other.level == context.level:
                masked = theirs.preempt_off or theirs.bh_off or theirs.irq_off
                if masked if context.level == 0 else theirs.active:
                    return False
            begins = other.level < context.level and not stop.active
            if begins and (theirs.irq_off or (context.level == 1 and theirs.bh_off)):
                return False
        return True

    def choices(self, state: Sequence[int], context: ir.Context) -> int:
        """How many instances the step at the context's stop has."""
        op = context.nodes[context.stops[state[context.pc]].node].op
        return op.count if isinstance(op, ir.Choose) else 1

    def steps(self, state: State) -> list[Step]:
        """Every step instance of contexts that may run and are not done, in order, also those that do not exist."""
        return [
            self.step(state, context, choice)
            for context in self.ts.contexts
            if not context.stops[state[context.pc]].done and self.runnable(state, context)
            for choice in range(self.choices(state, context))
        ]

    # ------------------------------------------------------------ steps

    def step(self, state: State, context: ir.Context, choice: int) -> Step:
        """Perform the step of the context from its stop. Scheduling is not tested here."""
        self._running = context.index
        result = Step(context.index, choice)
        start = context.stops[state[context.pc]]
        cells, local = list(state), [0] * len(context.locals)
        for number, cell in start.live:
            local[number] = cells[cell]
        try:
            end = self._perform(context, start.node, cells, local, result)
        except _CutError as cut:
            result.cut = str(cut)
            end = -1
        result.locals = local
        if end >= 0:
            result.state = self._settle(context, start, end, cells, local)
        self._running = -1
        return result

    def _perform(self, context: ir.Context, at: int, cells: list[int], local: list[int], result: Step) -> int:
        """Run nodes from `at` to the next stop; its number, or -1 when the step has no successor."""
        while True:
            node = context.nodes[at]
            result.nodes.append(at)
            for access in node.accesses:
                cell = self.ts.fields[access.field].base + self.evaluate(access.index, cells, local)
                result.touches.append(Touch(cell, access.write, access.marked))
            forward = self._operate(context, node, cells, local, result)
            if forward is None:
                return -1
            at = node.next if forward else node.other
            if context.nodes[at].stop >= 0:
                return context.nodes[at].stop

    def _operate(
        self, context: ir.Context, node: ir.Node, cells: list[int], local: list[int], result: Step
    ) -> bool | None:
        """One operation. True: go on at next, False: at other, None: the step ends here."""
        match node.op:
            case ir.Nop():
                pass
            case ir.Let(number, expr):
                local[number] = self._bounded(context.locals[number], self.evaluate(expr, cells, local))
            case ir.Store(number, index, expr):
                where = self.ts.fields[number]
                cell = where.base + self.evaluate(index, cells, local)
                cells[cell] = self._bounded(where, self.evaluate(expr, cells, local))
            case ir.Branch(cond):
                return bool(self.evaluate(cond, cells, local))
            case ir.Choose(number, _):
                local[number] = result.choice
            case ir.Wait(cond=cond) as wait:
                if not self.evaluate(cond, cells, local):
                    result.exists, result.blocked = False, wait
                    return None
            case ir.Assume(cond):
                if not self.evaluate(cond, cells, local):
                    result.exists, result.assumed_away = False, True
                    return None
            case ir.Cut(what):
                raise _CutError(what)
            case ir.Cover(number):
                result.covers.append(number)
            case ir.Deref(pointer, pool, what):
                return self._deref(self.evaluate(pointer, cells, local), pool, what, cells, result)
            case ir.Finding(number, message, fatal):
                result.findings.append((number, message, fatal))
                if fatal:
                    return None
            case ir.Alloc(number, pool, live_locals):
                local[number] = self._alloc(pool, {local[i] for i in live_locals}, cells)
            case ir.Free(pointer, pool):
                self._free(self.ts.pools[pool], self.evaluate(pointer, cells, local) - 1, cells)
            case ir.Acquire() as acquire:
                self._acquire(context, acquire, self.evaluate(acquire.index, cells, local), cells, result)
        return True

    @staticmethod
    def _bounded(where: ir.Field | ir.Variable, value: int) -> int:
        if not where.lo <= value <= where.hi:
            raise _CutError(f"{where.name} holds {where.lo}..{where.hi} only")
        return value

    def _deref(self, pointer: int, pool: int, what: str, cells: list[int], result: Step) -> bool | None:
        where = self.ts.pools[pool]
        if pointer == 0:
            result.findings.append((self.ts.property_index("null-deref"), f"{what} through a NULL pointer", True))
            return None
        if where.status >= 0 and cells[self.ts.fields[where.status].base + pointer - 1] != ir.LIVE:
            message = f"{what}: use of {where.objects[pointer - 1]} after it was freed"
            result.findings.append((self.ts.property_index("use-after-free"), message, True))
            return None
        return True

    def _alloc(self, pool: int, held: set[int], cells: list[int]) -> int:
        where = self.ts.pools[pool]
        status = self.ts.fields[where.status].base
        held = held | {cells[i] for i, cell in enumerate(self.ts.cells) if cell.pool == pool}
        for number in range(len(where.objects)):
            state = cells[status + number]
            if state == ir.FREE or (state == ir.FREED and number + 1 not in held):
                cells[status + number] = ir.LIVE
                return number + 1
        raise _CutError(f"the pool of {where.name} has {len(where.objects)} objects only")

    def _free(self, pool: ir.Pool, number: int, cells: list[int]) -> None:
        for index, per_object, value in pool.fields:
            first = self.ts.fields[index].base + number * per_object
            cells[first : first + per_object] = [value] * per_object
        cells[self.ts.fields[pool.status].base + number] = ir.FREED

    def _acquire(self, context: ir.Context, taken: ir.Acquire, index: int, cells: list[int], result: Step) -> None:
        flags = (taken.write, taken.bh_off, taken.irq_off, context.nodes[result.nodes[-1]].path)
        result.acquired.append((-1, False, taken.lock, *flags))
        for number, lock in enumerate(self.ts.locks):
            owner = self.ts.fields[lock.owner]
            for i in range(owner.count):
                if (number, i) == (taken.lock, index):
                    continue
                if cells[owner.base + i] == context.index + 1:
                    result.acquired.append((number, True, taken.lock, *flags))
                elif lock.readers >= 0 and cells[self.ts.fields[lock.readers].base + i] >> context.index & 1:
                    result.acquired.append((number, False, taken.lock, *flags))

    def _settle(self, context: ir.Context, start: ir.Stop, end: int, cells: list[int], local: list[int]) -> State:
        """Store live locals, zero the other slots, move the program counter, let grace periods see the reader leave."""
        stop = context.stops[end]
        for cell in context.slots:
            cells[cell] = 0
        for number, cell in stop.live:
            cells[cell] = local[number]
        cells[context.pc] = end
        if start.reader and not stop.reader:
            for cell in self.ts.gp_cells:
                cells[cell] &= ~(1 << context.index)
        return tuple(cells)

    # ------------------------------------------------------------ ends

    def stuck(self, state: State) -> list[int]:
        """In a terminal state: the contexts that are neither done, idle nor asleep."""
        return [c.index for c in self.ts.contexts if self._rest(state, c) == "stuck"]

    def lost_wakeups(self, state: State) -> list[int]:
        """In a terminal state: the contexts asleep although the condition they wait for is true."""
        return [c.index for c in self.ts.contexts if self._rest(state, c) == "lost"]

    def _rest(self, state: State, context: ir.Context) -> str:
        if context.stops[state[context.pc]].done:
            return "done"
        if not self.runnable(state, context):
            return "stuck"
        step = self.step(state, context, 0)
        wait = step.blocked
        if wait is None:
            raise AssertionError("a context of a terminal state neither waits nor is done")
        if wait.idle:
            return "idle"
        if wait.asleep is None:
            return "stuck"
        return "lost" if self.evaluate(wait.asleep, state, step.locals) else "asleep"

    def leaked(self, state: State) -> list[tuple[int, int]]:
        """In a terminal state: live objects (pool, number) that nothing reaches."""
        ts = self.ts
        live = {
            (p, i)
            for p, pool in enumerate(ts.pools)
            for i in range(len(pool.objects))
            if pool.status >= 0 and state[ts.fields[pool.status].base + i] == ir.LIVE
        }
        unfinished = [c for c in ts.contexts if not c.stops[state[c.pc]].done]
        reached = {
            (p, i)
            for p, pool in enumerate(ts.pools)
            for i in range(len(pool.objects) if pool.status < 0 else pool.statics)
        }
        slots = [cell for c in unfinished for cell in c.slots if ts.cells[cell].pool >= 0]
        reached |= {(ts.cells[cell].pool, state[cell] - 1) for cell in slots if state[cell]}
        todo = list(reached)
        while todo:
            p, i = todo.pop()
            for index, per_object, _ in ts.pools[p].fields:
                where = ts.fields[index]
                if where.pool < 0 or where.kind == "ghost":
                    continue
                for cell in range(where.base + i * per_object, where.base + (i + 1) * per_object):
                    target = (where.pool, state[cell] - 1)
                    if state[cell] and target not in reached:
                        reached.add(target)
                        todo.append(target)
        return sorted(live - reached)


def races(steps: Sequence[Step]) -> Iterator[tuple[Step, Step, int]]:
    """Pairs of steps of different contexts that exist in one state and conflict on a cell.

    One of the two accesses writes, and one is not marked.
    """
    for i, one in enumerate(steps):
        for other in steps[i + 1 :]:
            if one.context == other.context:
                continue
            for a in one.touches:
                for b in other.touches:
                    if a.cell == b.cell and (a.write or b.write) and not (a.marked and b.marked):
                        yield one, other, a.cell
