"""A transition system as a Promela model with embedded C, for SPIN: an exploration that owes nothing to our engines.

`export` translates the nodes from psockmc.ir.system alone. The state is one C struct of bit fields in SPIN's state
vector; the model is one process with one loop, whose options are the contexts (times the values of `choose`). An
option is a `d_step`: its guard performs the step on a copy of the state, its effect keeps the copy. So SPIN stores
exactly the reachable states, and nothing in between:

* a step that does not exist, is cut or ends in a fatal finding has a false guard, hence no transition;
* properties, lock edges and races are left out: the graph alone is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.exact_c import HELPERS, Term, Widths, literal, operator, wrap
from bench.graph import cells_of, changing_cells, choices, field_bounds, local_bounds, passed
from psockmc.ir import system as ir

ACTIVE, READER, PREEMPT_OFF, BH_OFF, IRQ_OFF = 1, 2, 4, 8, 16
HEADER = "steps.h"


@dataclass(frozen=True)
class Export:
    """model: Promela, which includes `steps` under the name HEADER."""

    model: str
    steps: str


def export(ts: ir.TransitionSystem) -> Export:
    """The system for SPIN. Raises bench.graph.NotExportableError for numbers beyond 128 bits."""
    return Export(_model(ts), _Steps(ts).header())


def _model(ts: ir.TransitionSystem) -> str:
    """The driver: everything that a step does is in the header."""
    options = [
        f"    :: d_step {{ c_expr {{ PS_STEP{context}_{choice} }} -> c_code {{ now.cells = ps_next; }} }}"
        for context, choice in _options(ts)
    ]
    return "\n".join(
        [
            f'c_decl {{\n\\#include "{HEADER}"\n}}',
            'c_state "ps_cells cells" "Global" "ps_initial"',
            "active proctype steps() {",
            "    do",
            *options,
            "    od",
            "}",
            "",
        ]
    )


def _options(ts: ir.TransitionSystem) -> list[tuple[int, int]]:
    """Contexts and choices: what the process may do in some state."""
    return [
        (context.index, choice)
        for context in ts.contexts
        for choice in range(max(choices(context, stop) for stop in context.stops))
    ]


class _Steps:
    """The C header: the struct of cells, and for every context a function that attempts a step of it."""

    def __init__(self, ts: ir.TransitionSystem) -> None:
        self.ts = ts
        self.changing = changing_cells(ts)
        self.widths = Widths()
        self.loaded: set[int] = set()
        self.stored: set[int] = set()

    def header(self) -> str:
        """All of it. Steps come first here, because they decide what else is needed, and last in the file."""
        steps = [text for context in self.ts.contexts for text in self._context(context)]
        setters = [self._setter(number) for number in sorted(self.stored)]
        getters = [self._getter(number) for number in sorted(self.loaded)]
        flags = [self._flags(context) for context in self.ts.contexts]
        struct = list(self._struct())  # notes how wide the cells are
        head = ["#include <stdio.h>", "#include <stdlib.h>", f"typedef {self.widths.type()} value;"]
        stray = (
            "static void ps_stray(void) {\n"
            '    fprintf(stderr, "internal error: a store outside its field\\n");\n    exit(70);\n}'
        )
        # SPIN takes no calls in c_expr, as they might change the state. These change only ps_next.
        guards = [f"#define PS_STEP{c}_{choice} ps_attempt{c}(&now.cells, {choice})" for c, choice in _options(self.ts)]
        return "\n".join([*head, HELPERS, *struct, stray, *getters, *setters, *flags, *steps, *guards, ""])

    # ------------------------------------------------------------ state

    def _struct(self) -> Iterator[str]:
        """The cells that change, in as many bits as they need, and their initial values."""
        members, initial = [], []
        for number in sorted(self.changing):
            cell = self.ts.cells[number]
            lo, hi = min(cell.lo, self.ts.initial[number]), max(cell.hi, self.ts.initial[number])
            self.widths.term("", lo, hi)
            sign, bits = _bits(lo, hi)
            members.append(f"    {sign} long long c{number} : {bits};  /* {cell.name} */")
            initial.append(f".c{number} = {self.ts.initial[number]}{'ULL' if sign == 'unsigned' else 'LL'}")
        yield "\n".join(["typedef struct {", *members, "} __attribute__((packed)) ps_cells;"])
        yield f"static const ps_cells ps_initial = {{{', '.join(initial)}}};"
        yield "static ps_cells ps_next;  /* where the step that was attempted last leads */"

    def cell(self, number: int) -> str:
        """The value of a cell of `s`."""
        return f"((value)s->c{number})" if number in self.changing else literal(self.ts.initial[number])

    def _getter(self, number: int) -> str:
        """Reads a cell of a field; 0 outside."""
        cells = enumerate(cells_of(self.ts.fields[number]))
        cases = [f"    case {i}: return {self.cell(cell)};" for i, cell in cells]
        head = f"static inline value ps_get{number}(const ps_cells *s, value i) {{\n    switch ((long long)i) {{"
        return "\n".join([head, *cases, "    default: return 0;\n    }\n}"])

    def _setter(self, number: int) -> str:
        """Writes a cell of a field."""
        cells = [(i, cell) for i, cell in enumerate(cells_of(self.ts.fields[number])) if cell in self.changing]
        cases = [f"    case {i}: s->c{cell} = v; break;" for i, cell in cells]
        head = f"static inline void ps_set{number}(ps_cells *s, value i, value v) {{\n    switch ((long long)i) {{"
        return "\n".join([head, *cases, "    default: ps_stray();\n    }\n}"])

    # ------------------------------------------------------------ contexts

    @staticmethod
    def _flags(context: ir.Context) -> str:
        """What the stops of a context mean to the others."""
        flags = [
            stop.active * ACTIVE
            | stop.reader * READER
            | stop.preempt_off * PREEMPT_OFF
            | stop.bh_off * BH_OFF
            | stop.irq_off * IRQ_OFF
            for stop in context.stops
        ]
        return f"static const unsigned char ps_flags{context.index}[] = {{{', '.join(map(str, flags))}}};"

    def _context(self, context: ir.Context) -> Iterator[str]:
        """The step functions of a context, then the function that attempts the one at its stop."""
        index = context.index
        attempted = [number for number, stop in enumerate(context.stops) if not stop.done]
        for number in attempted:
            yield self._step(context, number)
        calls = [
            f"    case {number}: return choice < {choices(context, context.stops[number])} && "
            f"ps_step{index}_{number}(&ps_next, choice);"
            for number in attempted
        ]
        yield "\n".join(
            [
                f"static int ps_attempt{index}(const ps_cells *s, int choice) {{",
                *self._scheduling(context),
                "    ps_next = *s;",
                f"    switch (s->c{context.pc}) {{",
                *calls,
                "    default: return 0;\n    }\n}",
            ]
        )

    def _scheduling(self, context: ir.Context) -> Iterator[str]:
        """Nothing when the other contexts of the CPU let this one run, else a return."""
        own = f"ps_flags{context.index}[s->c{context.pc}]"
        for other in self.ts.contexts:
            if other.cpu != context.cpu or other.index == context.index:
                continue
            theirs = f"ps_flags{other.index}[s->c{other.pc}]"
            if other.level > context.level:
                forbids = f"{theirs} & {ACTIVE}"
            elif other.level == context.level:
                forbids = f"{theirs} & {ACTIVE if context.level else PREEMPT_OFF | BH_OFF | IRQ_OFF}"
            else:
                masks = BH_OFF | IRQ_OFF if context.level == 1 else IRQ_OFF
                forbids = f"!({own} & {ACTIVE}) && ({theirs} & {masks})"
            yield f"    if ({forbids}) return 0;"

    # ------------------------------------------------------------ steps

    def _step(self, context: ir.Context, number: int) -> str:
        """Performs a step on `s`: 1 when it has a successor, else 0, and `s` is worth nothing."""
        start = context.stops[number]
        slots = {local: f"(value)s->c{cell}" for local, cell in start.live}
        body: list[str] = []
        used: set[int] = set(slots)
        for n in passed(context, start.node):
            body.append(f"n{n}:;")
            body.extend(_Node(self, context, start, used).lines(context.nodes[n]))
        head = f"static int ps_step{context.index}_{number}(ps_cells *s, int choice) {{"
        locals_ = [f"value l{local} = {slots.get(local, '0')};" for local in sorted(used)]
        return "\n".join([head, *("    " + line for line in (*locals_, *body)), "}"])


class _Node:
    """Translates one node of a step that began at `start`; notes the locals it uses."""

    def __init__(self, steps: _Steps, context: ir.Context, start: ir.Stop, used: set[int]) -> None:
        self.steps, self.ts, self.widths = steps, steps.ts, steps.widths
        self.context, self.start, self.used = context, start, used

    def lines(self, node: ir.Node) -> Iterator[str]:
        """The statements, up to and including the jump to what comes next."""
        match node.op:
            case ir.Branch(cond):
                yield f"if ({self.expr(cond).text}) {{ {self._arrive(node.next)} }}"
                yield self._arrive(node.other)
                return
            case ir.Cut() | ir.Finding(fatal=True):
                yield "return 0;"
                return
            case ir.Wait(cond=cond) | ir.Assume(cond):
                yield f"if (!{self.expr(cond).text}) return 0;"
            case ir.Let(local, expr):
                yield from self._let(local, self.expr(expr))
            case ir.Store(field, index, expr):
                yield from self._store(field, self.expr(index), self.expr(expr))
            case ir.Choose(local, count):
                self.widths.term("", 0, count)
                yield f"{self._local(local)} = choice;"
            case ir.Deref(pointer, pool, _):
                yield from self._deref(self.expr(pointer), self.ts.pools[pool])
            case ir.Alloc(local, pool, live_locals):
                yield from self._alloc(local, pool, live_locals)
            case ir.Free(pointer, pool):
                yield from self._free(self.expr(pointer), self.ts.pools[pool])
            case ir.Nop() | ir.Cover() | ir.Acquire() | ir.Finding():
                pass  # nothing that the graph could show
        yield self._arrive(node.next)

    def _arrive(self, number: int) -> str:
        """Go on at a node, or end the step at the stop that stands there."""
        at = self.context.nodes[number].stop
        if at < 0:
            return f"goto n{number};"
        stop = self.context.stops[at]
        values = dict.fromkeys(self.context.slots, "0") | {cell: self._local(local) for local, cell in stop.live}
        values[self.context.pc] = str(at)
        stores = [f"s->c{cell} = {value};" for cell, value in values.items()]
        if self.start.reader and not stop.reader:
            stores += [f"s->c{cell} &= ~(1ULL << {self.context.index});" for cell in self.ts.gp_cells]
        return " ".join([*stores, "return 1;"])

    def _local(self, number: int) -> str:
        self.used.add(number)
        return f"l{number}"

    def _get(self, field: int, index: str) -> str:
        self.steps.loaded.add(field)
        return f"ps_get{field}(s, {index})"

    def _set(self, field: int, index: str, value: str) -> str:
        self.steps.stored.add(field)
        return f"ps_set{field}(s, {index}, {value});"

    # ------------------------------------------------------------ operations

    def _let(self, local: int, value: Term) -> Iterator[str]:
        variable = self.context.locals[local]
        yield f"{self._local(local)} = {value.text};"
        yield from self._bounded(self._local(local), value, variable.lo, variable.hi)

    def _store(self, field: int, index: Term, value: Term) -> Iterator[str]:
        where = self.ts.fields[field]
        yield f"{{ value v = {value.text};"
        yield from self._bounded("v", value, where.lo, where.hi)
        yield f"{self._set(field, index.text, 'v')} }}"

    def _bounded(self, name: str, value: Term, lo: int, hi: int) -> Iterator[str]:
        """Cut the step unless lo <= name <= hi; nothing where that is certain."""
        if value.lo < lo or hi < value.hi:
            self.widths.term("", min(lo, 0), max(hi, 0))
            yield f"if ({name} < {literal(lo)} || {name} > {literal(hi)}) return 0;"

    def _deref(self, pointer: Term, pool: ir.Pool) -> Iterator[str]:
        yield f"if ({pointer.text} == 0) return 0;"
        if pool.status >= 0:
            yield f"if ({self._get(pool.status, f'{pointer.text} - 1')} != {ir.LIVE}) return 0;"

    def _alloc(self, local: int, number: int, live_locals: tuple[int, ...]) -> Iterator[str]:
        """The lowest object that is FREE, or FREED and not referenced; cut when there is none."""
        pool, name = self.ts.pools[number], self._local(local)
        holders = [self.steps.cell(i) for i, cell in enumerate(self.ts.cells) if cell.pool == number]
        holders += [self._local(i) for i in live_locals]
        for i in range(len(pool.objects)):
            held = " || ".join(f"{holder} == {i + 1}" for holder in holders) or "0"
            status = self._get(pool.status, str(i))
            free = f"{status} == {ir.FREE} || ({status} == {ir.FREED} && !({held}))"
            take = f"{self._set(pool.status, str(i), str(ir.LIVE))} {name} = {i + 1};"
            yield f"{'else ' if i else ''}if ({free}) {{ {take} }}"
        yield "else return 0;"

    def _free(self, pointer: Term, pool: ir.Pool) -> Iterator[str]:
        """Initial values for the fields that change, and the status."""
        yield f"{{ value object = {pointer.text} - 1;"
        for field, per_object, initial in pool.fields:
            if not self.steps.changing.isdisjoint(cells_of(self.ts.fields[field])):
                for i in range(per_object):
                    yield self._set(field, f"object * {per_object} + {i}", literal(initial))
        yield f"{self._set(pool.status, 'object', str(ir.FREED))} }}"

    # ------------------------------------------------------------ expressions

    def expr(self, expr: ir.Expr) -> Term:
        """An expression over the cells of `s` and the locals."""
        match expr:
            case ir.Const(number):
                return self.widths.term(literal(number), number, number)
            case ir.Local(number):
                return self.widths.term(self._local(number), *local_bounds(self.context, number))
            case ir.Load(number, index):
                return self._load(number, index)
            case ir.Wrap(_, _, arg):
                return wrap(self.widths, expr, self.expr(arg))
            case ir.Readers(self_reader):
                return self._readers(self_reader)
            case ir.Op(name, args):
                return operator(self.widths, name, [self.expr(arg) for arg in args])

    def _load(self, number: int, index: ir.Expr) -> Term:
        where = self.ts.fields[number]
        lo, hi = field_bounds(self.ts, where)
        if isinstance(index, ir.Const) and 0 <= index.value < where.count:
            return self.widths.term(self.steps.cell(where.base + index.value), lo, hi)
        return self.widths.term(self._get(number, self.expr(index).text), lo, hi)

    def _readers(self, self_reader: bool) -> Term:
        """The set of readers; the running context counts iff `self_reader`."""
        bits = []
        for other in self.ts.contexts:
            reads = f"!!(ps_flags{other.index}[s->c{other.pc}] & {READER})"
            bits.append(f"((value){int(self_reader) if other is self.context else reads} << {other.index})")
        return self.widths.term(f"({' | '.join(bits)})", 0, 2 ** len(bits) - 1)


def _bits(lo: int, hi: int) -> tuple[str, int]:
    """Signedness and size of the bit field for lo..hi."""
    if lo < 0:
        return "signed", max((-lo - 1).bit_length(), max(hi, 0).bit_length()) + 1
    return "unsigned", max(1, hi.bit_length())
