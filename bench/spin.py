"""A transition system as a Promela model, so that SPIN explores the same state graph.

One process loops over all steps; a step is one `d_step`, hence one transition and no state in between. Locals are
`hidden`: SPIN leaves them out of the state vector. The first state that SPIN stores is the one before the initial
values are set: it is not counted. A step that turns out not to exist (a false `Wait` in its middle, a cut, a fatal
finding) undoes what it stored and ends in the state in which it began: SPIN then counts a transition more than
psockmc, but stores the same states. Properties are not exported: only the graph is compared.
"""

from __future__ import annotations

import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psockmc.explore.native.layout import constant_cells
from psockmc.explore.native.reach import field_cells
from psockmc.explore.native.regions import successors
from psockmc.ir import system as ir

SYMBOLS = {"not": "!", "neg": "-", "and": "&&", "or": "||", "~": "~"}


class NotExportableError(Exception):
    """The system has something that Promela's 32-bit integers cannot express."""


def promela(ts: ir.TransitionSystem) -> str:
    """The model. Raises NotExportableError for values beyond 31 bits."""
    return _Exporter(ts).model()


class _Exporter:
    def __init__(self, ts: ir.TransitionSystem) -> None:
        self.ts = ts
        self.constant = constant_cells(ts)
        self.names: dict[int, str] = {}
        for number, where in enumerate(ts.fields):
            for i, cell in enumerate(field_cells(where)):
                self.names[cell] = f"f{number}[{i}]"
        for context in ts.contexts:
            self.names[context.pc] = f"pc{context.index}"
            self.names.update({cell: f"s{cell}" for cell in context.slots})

    def model(self) -> str:
        """Declarations, then one process that makes all steps."""
        steps = [
            f":: d_step {{ {self._guard(context, number)} -> {' '.join(self._step(context, number, choice))} }}"
            for context in self.ts.contexts
            for number, stop in enumerate(context.stops)
            if not stop.done
            for choice in range(_choices(context, stop))
        ]
        initial = [f"{self.names[cell]} = {value};" for cell, value in enumerate(self.ts.initial) if value]
        begin = f"d_step {{ skip; {' '.join(initial)} }}"
        return "\n".join([*self._declarations(), "active proctype steps() {", begin, "do", *steps, "od", "}", ""])

    # ------------------------------------------------------------ state

    def _declarations(self) -> Iterator[str]:
        for number, where in enumerate(self.ts.fields):
            cells = field_cells(where)
            hidden = "hidden " if self.constant.issuperset(cells) else ""
            yield f"{hidden}{_type(where.lo, where.hi)} f{number}[{where.count}];"
            yield f"hidden {_type(where.lo, where.hi)} old{number}[{where.count}];"
        for context in self.ts.contexts:
            for cell in (context.pc, *context.slots):
                yield f"{_type(self.ts.cells[cell].lo, self.ts.cells[cell].hi)} {self.names[cell]};"
            for number, _ in enumerate(context.locals):
                yield f"hidden int l{context.index}_{number};"

    def _guard(self, context: ir.Context, number: int) -> str:
        """The context is at the stop, may run, and does not wait there."""
        parts = [f"pc{context.index} == {number}", *self._allowed(context, number)]
        first = context.nodes[context.stops[number].node].op
        if isinstance(first, ir.Wait | ir.Assume):
            live = {local: self.names[cell] for local, cell in context.stops[number].live}
            parts.append(self._expr(first.cond, context, live))
        return " && ".join(parts)

    def _allowed(self, context: ir.Context, number: int) -> Iterator[str]:
        """No other context of the CPU forbids this one to run."""
        for other in self.ts.contexts:
            if other.cpu != context.cpu or other is context:
                continue
            forbids = [n for n, stop in enumerate(other.stops) if _forbids(other, stop, context, context.stops[number])]
            if forbids:
                yield f"!({_member(f'pc{other.index}', forbids)})"

    # ------------------------------------------------------------ steps

    def _step(self, context: ir.Context, number: int, choice: int) -> Iterator[str]:
        """Load live locals, perform the nodes with gotos, and store locals where the next stop stands."""
        stop = context.stops[number]
        suffix = f"{context.index}_{number}_{choice}"
        nodes = list(_passed(context, stop.node))
        stored = sorted({f for n in nodes for f in self._stored(context.nodes[n].op)})
        for field in stored:
            yield from (f"old{field}[{i}] = f{field}[{i}];" for i in range(self.ts.fields[field].count))
        live = {local: self.names[cell] for local, cell in stop.live}
        for local in sorted({v for n in nodes for v in _locals(context.nodes[n])} | set(live)):
            yield f"l{context.index}_{local} = {live.get(local, '0')};"
        for n in nodes:
            yield f"n{n}_{suffix}: skip;"
            yield from self._node(context, context.nodes[n], stop, suffix, choice)
        yield f"fail_{suffix}: skip;"
        for field in stored:
            yield from (f"f{field}[{i}] = old{field}[{i}];" for i in range(self.ts.fields[field].count))
        yield f"end_{suffix}: skip"

    def _stored(self, op: ir.Operation) -> Iterator[int]:
        """Fields that an operation may change."""
        match op:
            case ir.Store(field, _, _):
                yield field
            case ir.Alloc(pool=pool) | ir.Free(pool=pool):
                yield self.ts.pools[pool].status
                if isinstance(op, ir.Free):
                    yield from (field for field, _, _ in self.ts.pools[pool].fields)

    def _node(self, context: ir.Context, node: ir.Node, start: ir.Stop, suffix: str, choice: int) -> Iterator[str]:
        fail = f"goto fail_{suffix}"
        match node.op:
            case ir.Branch(cond):
                then, other = (self._arrive(context, n, start, suffix) for n in (node.next, node.other))
                yield f"if :: ({self._expr(cond, context)}) -> {then} :: else -> {other} fi;"
                return
            case ir.Cut() | ir.Finding(fatal=True):
                yield f"{fail};"
                return
            case ir.Wait(cond=cond) | ir.Assume(cond):
                yield f"if :: ({self._expr(cond, context)}) :: else -> {fail} fi;"
            case ir.Let(local, expr):
                name = f"l{context.index}_{local}"
                variable = context.locals[local]
                yield f"{name} = {self._expr(expr, context)};"
                yield f"if :: ({name} < {variable.lo} || {name} > {variable.hi}) -> {fail} :: else fi;"
            case ir.Choose(local, _):
                yield f"l{context.index}_{local} = {choice};"
            case ir.Store(field, index, expr):
                where, value = self.ts.fields[field], self._expr(expr, context)
                yield f"if :: ({value} < {where.lo} || {value} > {where.hi}) -> {fail} :: else fi;"
                yield f"f{field}[{self._expr(index, context)}] = {value};"
            case ir.Deref(pointer, pool, _):
                p, status = self._expr(pointer, context), self.ts.pools[pool].status
                dead = f" || f{status}[{p} - 1] != {ir.LIVE}" if status >= 0 else ""
                yield f"if :: ({p} == 0{dead}) -> {fail} :: else fi;"
            case ir.Alloc(local, pool, live_locals):
                yield from self._alloc(context, local, pool, live_locals, fail)
            case ir.Free(pointer, pool):
                yield from self._free(self._expr(pointer, context), self.ts.pools[pool])
        yield self._arrive(context, node.next, start, suffix) + ";"

    def _arrive(self, context: ir.Context, number: int, start: ir.Stop, suffix: str) -> str:
        """Go on at a node, or end the step when a stop stands there."""
        at = context.nodes[number].stop
        if at < 0:
            return f"goto n{number}_{suffix}"
        stop = context.stops[at]
        values = dict.fromkeys(context.slots, "0") | {cell: f"l{context.index}_{local}" for local, cell in stop.live}
        stores = [f"{self.names[cell]} = {value}" for cell, value in values.items()]
        if start.reader and not stop.reader:
            names = (self.names[cell] for cell in self.ts.gp_cells)
            stores += [f"{name} = {name} & ~{1 << context.index}" for name in names]
        return "; ".join([*stores, f"pc{context.index} = {at}", f"goto end_{suffix}"])

    def _alloc(self, context: ir.Context, local: int, pool: int, live: tuple[int, ...], fail: str) -> Iterator[str]:
        """The lowest object that is free, or freed and not referenced."""
        where = self.ts.pools[pool]
        holders = [self.names[i] for i, cell in enumerate(self.ts.cells) if cell.pool == pool]
        holders += [f"l{context.index}_{v}" for v in live]
        code = fail
        for i in reversed(range(len(where.objects))):
            status = f"f{where.status}[{i}]"
            held = " || ".join(f"{holder} == {i + 1}" for holder in holders) or "0"
            free = f"{status} == {ir.FREE} || ({status} == {ir.FREED} && !({held}))"
            code = f"if :: ({free}) -> {status} = {ir.LIVE}; l{context.index}_{local} = {i + 1} :: else -> {code} fi"
        yield f"{code};"

    def _free(self, pointer: str, pool: ir.Pool) -> Iterator[str]:
        for field, per_object, value in pool.fields:
            for i in range(per_object):
                yield f"f{field}[({pointer} - 1) * {per_object} + {i}] = {value};"
        yield f"f{pool.status}[{pointer} - 1] = {ir.FREED};"

    # ------------------------------------------------------------ expressions

    def _expr(self, expr: ir.Expr, context: ir.Context, loaded: dict[int, str] | None = None) -> str:
        """An expression. loaded: names for locals that are still in their slots."""
        match expr:
            case ir.Const(value):
                return f"({value})"
            case ir.Local(number):
                return (loaded or {}).get(number, f"l{context.index}_{number}")
            case ir.Load(number, index):
                return f"f{number}[{self._expr(index, context, loaded)}]"
            case ir.Wrap(bits, signed, arg):
                if bits > 30:
                    raise NotExportableError(f"a conversion to {bits} bits")
                top = 1 << bits - 1 if signed else 0
                return f"((({self._expr(arg, context, loaded)} + {top}) & {(1 << bits) - 1}) - {top})"
            case ir.Readers(self_reader):
                sets = [
                    f"(({self._reads(other) if other is not context else int(self_reader)}) << {other.index})"
                    for other in self.ts.contexts
                ]
                return f"({' | '.join(sets)})"
            case ir.Op(name, args):
                return self._operator(name, [self._expr(arg, context, loaded) for arg in args])

    def _operator(self, name: str, args: list[str]) -> str:
        if name == "?:":
            return f"({args[0]} -> {args[1]} : {args[2]})"
        if len(args) == 1 and name not in ("and", "or"):
            return f"({SYMBOLS[name]}({args[0]}))"
        if name in ("//", "%"):
            return f"({args[1]} -> {args[0]} {name[0]} {args[1]} : 0)"
        if not args:
            return "1" if name == "and" else "0"
        return f"({f' {SYMBOLS.get(name, name)} '.join(args)})"

    def _reads(self, context: ir.Context) -> str:
        return _member(f"pc{context.index}", [n for n, stop in enumerate(context.stops) if stop.reader])


def _type(lo: int, hi: int) -> str:
    """The smallest Promela type for these values."""
    if lo >= 0 and hi <= 255:
        return "byte"
    if lo >= -(2**15) and hi < 2**15:
        return "short"
    if lo >= -(2**31) and hi < 2**31:
        return "int"
    raise NotExportableError(f"the values {lo}..{hi}")


def _member(name: str, numbers: list[int]) -> str:
    """A test whether a variable has one of these values."""
    return " || ".join(f"{name} == {number}" for number in numbers) or "0"


def _choices(context: ir.Context, stop: ir.Stop) -> int:
    op = context.nodes[stop.node].op
    return op.count if isinstance(op, ir.Choose) else 1


def _forbids(other: ir.Context, theirs: ir.Stop, context: ir.Context, stop: ir.Stop) -> bool:
    """Whether another context of the same CPU keeps this one from running (see psockmc.ir.system)."""
    if other.level > context.level:
        return theirs.active
    if other.level == context.level:
        return theirs.active if context.level else theirs.preempt_off or theirs.bh_off or theirs.irq_off
    return not stop.active and (theirs.irq_off or (context.level == 1 and theirs.bh_off))


def _passed(context: ir.Context, entry: int) -> Iterator[int]:
    """The nodes of a step, the entry first."""
    seen, todo = {entry}, [entry]
    while todo:
        number = todo.pop()
        yield number
        for n in successors(context.nodes[number]):
            if context.nodes[n].stop < 0 and n not in seen:
                seen.add(n)
                todo.append(n)


def _locals(node: ir.Node) -> set[int]:
    """Locals that a node sets."""
    return {node.op.local} if isinstance(node.op, ir.Let | ir.Choose | ir.Alloc) else set()


# ---------------------------------------------------------------- running SPIN


@dataclass(frozen=True)
class SpinResult:
    """What `pan` reported. seconds: processor time of the search. compile_seconds: of `spin -a` and the compiler."""

    states: int
    transitions: int
    seconds: float
    compile_seconds: float
    bytes_per_state: float


def processor_seconds() -> float:
    """Processor time of this process and of those it waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run_spin(ts: ir.TransitionSystem) -> SpinResult:
    """Explore the system with SPIN: all states, no reduction, full states, depth-first (its fastest mode)."""
    with tempfile.TemporaryDirectory(prefix="psockmc-spin-") as folder:
        Path(folder, "model.pml").write_text(promela(ts), encoding="utf-8")
        start = time.monotonic()
        _run(folder, "spin", "-a", "model.pml")
        _run(folder, "cc", "-O2", "-w", "-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-DVECTORSZ=4096", "-o", "pan", "pan.c")
        compile_seconds = time.monotonic() - start
        begun = processor_seconds()
        output = _run(folder, "./pan", "-E", "-n", "-m10000000", "-w26")
        seconds = processor_seconds() - begun
    if "error:" in output or "errors: 0" not in output:
        raise RuntimeError(f"SPIN found an error where there is none:\n{output}")
    states = int(_number(r"([\d.e+]+) states, stored", output)) - 1
    return SpinResult(
        states=states,
        transitions=int(_number(r"([\d.e+]+) transitions", output)),
        seconds=seconds,
        compile_seconds=compile_seconds,
        bytes_per_state=_number(r"([\d.]+)\s+total actual memory usage", output) * 2**20 / states,
    )


def _run(folder: str, *command: str) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"SPIN's output has no {pattern!r}:\n{text}")
    return float(found.group(1))
