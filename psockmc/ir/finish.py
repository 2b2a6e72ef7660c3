"""From a context's raw control-flow graph to its nodes, stops and slots.

In order: what is known at every place (counters) is resolved, which may copy nodes; places where others may run are
fixed; locals that live across such places get slots, and locals that never live at the same place share one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import TypeVar

from psockmc.ir import system as ir
from psockmc.ir.flow import COUNTERS, Flow, Lower, PreNode, PreOperation, Raise, Static
from psockmc.lang.tree import Span

Counters = tuple[int, ...]
DEEPEST = 7
ZERO: Counters = (0,) * len(COUNTERS)
T = TypeVar("T")


@dataclass(frozen=True)
class Slot:
    """A cell of a context: lo..hi with 0 among them, and the pool that its pointers refer to, or -1. name: of its
    locals.
    """

    name: str
    lo: int
    hi: int
    pool: int


@dataclass(slots=True)
class _Node:
    """A node whose counters (before it runs) are known."""

    op: ir.Operation
    pre: PreNode
    counters: Counters
    next: int = -1
    other: int = -1
    accesses: tuple[ir.Access, ...] = ()
    begins: bool = False
    raises: bool = False
    done: bool = False


class EndlessLoop(Exception):
    """A loop in which nothing is a step. span: of its head."""

    def __init__(self, span: Span) -> None:
        self.span = span
        super().__init__(str(span))


@dataclass(frozen=True)
class Finished:
    """What a context needs beside its names: `stops` still have slot numbers in place of cells.

    local_start: the first node is no place where others may run: it and what follows belongs before the first state.
    """

    local_start: bool
    nodes: tuple[ir.Node, ...]
    stops: tuple[ir.Stop, ...]
    slots: tuple[Slot, ...]


def finish(flow: Flow, level: int, shared_cpu: bool, builtin: Mapping[str, int], user: frozenset[str]) -> Finished:
    """Resolve, cut into steps and allocate slots.

    level: 0 task, 1 softirq, 2 hardirq. shared_cpu: another context has the same CPU, so masking is a place of its
    own. builtin: indices of the built-in properties. user: for a process, the functions that it runs in user space.
    Raises EndlessLoop.
    """
    nodes = _Resolver(flow, level, builtin).nodes
    _glue(nodes, shared_cpu)
    _part_assumptions(nodes)
    _refuse_endless(nodes)
    live = _liveness(nodes)
    _mark_allocations(nodes, live, flow.locals)
    stops = [i for i, n in enumerate(nodes) if i == 0 or n.begins or n.done]
    slots, where = _slots(flow.locals, [live[i] for i in stops])
    number = {node: i for i, node in enumerate(stops)}
    outside = {number for frames, number in flow.paths.items() if all(f.function in user for f in frames)}
    return Finished(
        local_start=not nodes[0].begins,
        nodes=tuple(
            ir.Node(n.op, n.next, n.other, number.get(i, -1), n.pre.statement, n.pre.path, n.accesses)
            for i, n in enumerate(nodes)
        ),
        stops=tuple(_stop(nodes, i, level, [(v, where[v]) for v in sorted(live[i])], outside) for i in stops),
        slots=slots,
    )


# ---------------------------------------------------------------- counters


def substitute(value: T, known: dict[str, ir.Expr]) -> T:
    """The operation or expression with every Static replaced by what is known."""
    if isinstance(value, Static):
        return known[value.name]  # type: ignore[return-value]  # an expression for an expression
    if isinstance(value, tuple):
        items = tuple(substitute(v, known) for v in value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        changes = {}
        for name in _parts(type(value)):
            old = getattr(value, name)
            new = substitute(old, known)
            if new is not old:
                changes[name] = new
        return replace(value, **changes) if changes else value
    return value


@cache
def _parts(kind: type) -> tuple[str, ...]:
    """Names of the fields of an operation, access or expression class."""
    return tuple(f.name for f in fields(kind))


def constant(expr: ir.Expr) -> int | None:
    """The value of a condition that is a constant, as far as `not` over constants."""
    match expr:
        case ir.Const(value):
            return value
        case ir.Op("not", (arg,)):
            inner = constant(arg)
            return None if inner is None else int(not inner)
        case ir.Op("!=" | "==" as op, (ir.Const(a), ir.Const(b))):
            return int((a == b) == (op == "=="))
    return None


Key = tuple[int, Counters, tuple[int, ...], bool]


class _Resolver:
    """Explores (node, counters, constant fields read since the step began); each one reached becomes one node."""

    def __init__(self, flow: Flow, level: int, builtin: Mapping[str, int]) -> None:
        self.flow, self.level, self.builtin = flow, level, builtin
        self.nodes: list[_Node] = []
        self.known: dict[Key, int] = {}
        self.todo: list[tuple[int, int, Counters, tuple[int, ...]]] = []
        self.at(0, ZERO, ())
        while self.todo:
            self.expand(*self.todo.pop())

    def at(self, pre: int, counters: Counters, read: tuple[int, ...], joined: bool = False) -> int:
        """The node, made when it is new. read: Derefs that must hold again when the next step begins. joined: the step
        has begun with them already.
        """
        key = (pre, counters, read, joined)
        if key not in self.known:
            self.known[key] = len(self.nodes)
            node = self.flow.nodes[pre]
            if read and (node.begins or node.done or self.overwrites(node, read) or self.unprotects(node, counters)):
                self.test_again(node, key)
            else:
                self.nodes.append(_Node(ir.Nop(), node, counters, begins=node.begins and not joined))
                self.todo.append((len(self.nodes) - 1, pre, counters, read))
        return self.known[key]

    def overwrites(self, node: PreNode, read: tuple[int, ...]) -> bool:
        """Whether the node gives another value to a pointer that must be tested again."""
        return any(_defines(node.op) in locals_of(self.flow.nodes[i].again) for i in read)

    def unprotects(self, node: PreNode, counters: Counters) -> bool:
        """Whether the context is no RCU reader any more after the node: what it reads in the section is read before."""
        lowered = isinstance(node.op, Lower) and self.resolve(node.op, counters)[1] == ZERO
        return lowered and counters != ZERO and not self.level

    def test_again(self, node: PreNode, key: Key) -> None:
        """A step begins: constant fields that were read at the end of the step before may really be read only now."""
        pre, counters, read, _ = key
        for i in read:
            late, number = self.flow.nodes[i], len(self.nodes)
            if late.again is None or not isinstance(late.op, ir.Deref):
                raise AssertionError("not the read of a constant field")
            held = _Node(ir.Branch(late.again), node, counters, number + 2, number + 1, begins=i == read[0])
            self.nodes += [held, _Node(late.op, late, counters, number + 2)]
        last = self.nodes[-2:]
        after = self.at(pre, counters, (), not isinstance(node.op, ir.Choose))
        for one in last:
            one.next = after

    def expand(self, number: int, pre: int, counters: Counters, read: tuple[int, ...]) -> None:
        node, source = self.nodes[number], self.flow.nodes[pre]
        if source.again is not None:
            read = (*read, pre)
        node.op, after = self.resolve(source.op, counters)
        node.raises = isinstance(source.op, Raise) and source.op.counter != "rcu"
        node.accesses = substitute(source.accesses, self.facts(counters))
        if source.done:
            self.finish_context(node, counters)
            return
        if isinstance(node.op, ir.Cut) or (isinstance(node.op, ir.Finding) and node.op.fatal):
            return
        if isinstance(node.op, ir.Branch):
            value = constant(node.op.cond)
            if value is not None:
                node.op = ir.Nop()
                node.next = self.at(source.next if value else source.other, after, read)
                return
            node.other = self.at(source.other, after, read)
        node.next = self.at(source.next, after, read)

    def finish_context(self, node: _Node, counters: Counters) -> None:
        """The end: counters that are still raised are a finding; the done node itself masks nothing."""
        if counters == ZERO:
            node.done = True
            return
        names = [name for name, count in zip(COUNTERS, counters, strict=True) if count]
        kind, message = "lock-usage", f"it ends with {', '.join(names)} still disabled"
        if names == ["rcu"]:
            kind, message = "rcu-usage", "it ends inside an RCU reader"
        node.op = ir.Finding(self.builtin[kind], message, False)
        node.begins = False
        node.next = len(self.nodes)
        self.nodes.append(_Node(ir.Nop(), node.pre, ZERO, done=True))

    def facts(self, counters: Counters) -> dict[str, ir.Expr]:
        """What `Static` expressions are at a place with these counters."""
        preempt, bh, irq, rcu = counters
        in_atomic = bool(preempt or bh or irq or self.level)
        return {
            "in_atomic": ir.Const(int(in_atomic)),
            "in_softirq": ir.Const(int(self.level == 1 or bh > 0)),
            "rcu_held": ir.Const(int(rcu > 0)),
            "readers": ir.Readers(in_atomic or rcu > 0),
        }

    def resolve(self, op: PreOperation, counters: Counters) -> tuple[ir.Operation, Counters]:
        """The operation at a place with these counters, and the counters after it."""
        match op:
            case Raise(counter):
                after = self.count(counters, counter, 1)
                if max(after) > DEEPEST:
                    usage = self.builtin["lock-usage"]
                    return ir.Finding(usage, f"{counter} is nested more than {DEEPEST} deep", True), counters
                return ir.Nop(), after
            case Lower(counter, finding):
                if not counters[COUNTERS.index(counter)]:
                    return finding, counters
                return ir.Nop(), self.count(counters, counter, -1)
            case ir.Acquire(lock, index, write, _, _):
                _, bh, irq, _ = counters
                return ir.Acquire(lock, index, write, bool(bh or irq), bool(irq)), counters
        return substitute(op, self.facts(counters)), counters

    @staticmethod
    def count(counters: Counters, counter: str, by: int) -> Counters:
        at = COUNTERS.index(counter)
        return (*counters[:at], counters[at] + by, *counters[at + 1 :])


# ---------------------------------------------------------------- steps


def _predecessors(nodes: Sequence[_Node]) -> list[list[int]]:
    result: list[list[int]] = [[] for _ in nodes]
    for i, node in enumerate(nodes):
        for target in (node.next, node.other):
            if target >= 0:
                result[target].append(i)
    return result


def _glue(nodes: list[_Node], shared_cpu: bool) -> None:
    """Join masking (bh, preempt, irq) with the step behind it when nobody shares the CPU.

    A masked context is an RCU reader, and nothing else of the masking can be seen from another CPU. Entering the
    reader state a moment later admits all that the separate step admits: grace periods only wait for less.
    """
    if shared_cpu:
        return
    before = _predecessors(nodes)
    masked = {i for i, n in enumerate(nodes) if n.raises}  # these, and nothing but local nodes behind them
    todo = list(masked)
    while todo:
        for i in _successors(nodes[todo.pop()]):
            node = nodes[i]
            if i not in masked and isinstance(node.op, ir.Nop) and not node.begins and masked.issuperset(before[i]):
                masked.add(i)
                todo.append(i)
    glued = [n for i, n in enumerate(nodes) if n.begins and before[i] and masked.issuperset(before[i])]
    for node in glued:
        if not isinstance(node.op, ir.Choose):
            node.begins = False


_EFFECTS = (ir.Store, ir.Alloc, ir.Free, ir.Finding, ir.Cover, ir.Acquire)


def _part_assumptions(nodes: list[_Node]) -> None:
    """An assumption about locals is a step of its own when something has happened in the step before it: that did
    happen in a run that the assumption ends.
    """
    todo = list(range(len(nodes)))
    happened = [False] * len(nodes)  # in the step, before the node
    while todo:
        at = todo.pop()
        node = nodes[at]
        for target in _successors(node):
            after = nodes[target]
            effect = isinstance(node.op, _EFFECTS) or node.counters != after.counters
            if after.begins or happened[target] or not (happened[at] or effect):
                continue
            if isinstance(after.op, ir.Assume) and not after.pre.region:
                after.begins = True
                continue
            happened[target] = True
            todo.append(target)


def _successors(node: _Node) -> Iterator[int]:
    for target in (node.next, node.other):
        if target >= 0:
            yield target


def _refuse_endless(nodes: Sequence[_Node]) -> None:
    """Every cycle passes a place where others may run; otherwise a step might never end."""
    state = [0] * len(nodes)  # 1: on the path, 2: done
    for root in range(len(nodes)):
        if state[root]:
            continue
        path: list[tuple[int, Iterator[int]]] = [(root, _successors(nodes[root]))]
        state[root] = 1
        while path:
            at, following = path[-1]
            target = next(following, None)
            if target is None:
                state[at] = 2
                path.pop()
            elif nodes[target].begins or nodes[target].done:
                continue
            elif state[target] == 1:
                spans = [nodes[i].pre.loop for i, _ in path] + [nodes[target].pre.loop]
                raise EndlessLoop(next(s for s in reversed(spans) if s is not None))
            elif state[target] == 0:
                state[target] = 1
                path.append((target, _successors(nodes[target])))


def _stop(
    nodes: Sequence[_Node], at: int, level: int, live: Sequence[tuple[int, int]], outside: Collection[int]
) -> ir.Stop:
    """outside: the call paths in user space."""
    node = nodes[at]
    preempt, bh, irq, rcu = node.counters
    wait = None if node.done else _first_wait(nodes, at)
    idle = wait is not None and wait.idle
    active = at != 0 and not node.done and not idle
    in_user_space = wait is None and node.pre.path in outside and node.counters == ZERO
    return ir.Stop(
        node=at,
        live=tuple(live),
        active=active,
        done=node.done,
        reader=bool(preempt or bh or irq or rcu or (level and active)),
        preempt_off=preempt > 0,
        bh_off=bh > 0,
        irq_off=irq > 0,
        idle=idle,
        rests=not node.done and not idle and (at == 0 or in_user_space),
    )


def _first_wait(nodes: Sequence[_Node], at: int) -> ir.Wait | None:
    """The Wait to which the step that begins here comes first, if it may come to one."""
    todo, seen = [at], {at}
    while todo:
        node = nodes[todo.pop()]
        if isinstance(node.op, ir.Wait):
            return node.op
        for target in _successors(node):
            if target not in seen and not nodes[target].begins and not nodes[target].done:
                seen.add(target)
                todo.append(target)
    return None


# ---------------------------------------------------------------- locals


def locals_of(value: object) -> Iterator[int]:
    """The locals that an operation, access or expression mentions in expressions."""
    if isinstance(value, ir.Local):
        yield value.id
    elif isinstance(value, tuple):
        for item in value:
            yield from locals_of(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for name in _parts(type(value)):
            yield from locals_of(getattr(value, name))


def _defines(op: PreOperation) -> int:
    return op.local if isinstance(op, (ir.Let, ir.Choose, ir.Alloc)) else -1


def _liveness(nodes: Sequence[_Node]) -> list[frozenset[int]]:
    """The locals that are live before each node. (Sets are bits of integers while the fixpoint is computed.)"""
    before = _predecessors(nodes)
    uses = [_bits(locals_of((n.op, n.accesses))) for n in nodes]
    kept = [~(1 << _defines(n.op)) if _defines(n.op) >= 0 else -1 for n in nodes]
    live = [0] * len(nodes)
    todo = list(range(len(nodes)))
    while todo:
        at = todo.pop()
        out = 0
        for target in _successors(nodes[at]):
            out |= live[target]
        now = uses[at] | (out & kept[at])
        if now != live[at]:
            live[at] = now
            todo += before[at]
    known: dict[int, frozenset[int]] = {}
    return [known.setdefault(bits, frozenset(_members(bits))) for bits in live]


def _bits(numbers: Iterator[int]) -> int:
    result = 0
    for number in numbers:
        result |= 1 << number
    return result


def _members(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def _mark_allocations(nodes: Sequence[_Node], live: Sequence[frozenset[int]], variables: list[ir.Variable]) -> None:
    """Tell each Alloc which pointers of the running context still matter."""
    for node in nodes:
        if isinstance(node.op, ir.Alloc):
            out = frozenset().union(*(live[t] for t in _successors(node))) - {node.op.local}
            node.op = replace(node.op, live_locals=tuple(v for v in sorted(out) if variables[v].pool == node.op.pool))


def _slots(variables: Sequence[ir.Variable], live: Sequence[frozenset[int]]) -> tuple[tuple[Slot, ...], dict[int, int]]:
    """Slots for the locals that live at stops: greedy colouring, widest first, pointers to one pool apart."""
    clashes: dict[int, set[int]] = {v: set() for group in live for v in group}
    for group in live:
        for v in group:
            clashes[v] |= group - {v}
    slots: list[Slot] = []
    members: list[set[int]] = []
    where: dict[int, int] = {}
    for v in sorted(clashes, key=lambda v: (variables[v].lo - variables[v].hi, v)):
        var = variables[v]
        for i, slot in enumerate(slots):
            if slot.pool == var.pool and not clashes[v] & members[i]:
                break
        else:
            i = len(slots)
            slots.append(Slot(var.name, 0, 0, var.pool))
            members.append(set())
        slots[i] = replace(slots[i], lo=min(slots[i].lo, var.lo), hi=max(slots[i].hi, var.hi))
        members[i].add(v)
        where[v] = i
    return tuple(slots), where
