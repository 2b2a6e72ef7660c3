"""A transition system as a TLA+ module, for TLC: an exploration that owes nothing to our engines.

A variable is a field: a tuple of its cells, or the cell if it has one. Fields that nobody changes are constants. A
context has a variable for its program counter, which counts stops from 1, and a tuple of its slots. Each step is an
action; inside it a local, or a field that has changed, is a name bound by `\\E name \\in {value}`, so that TLC
computes it once. Nodes to which several ways lead are definitions of their own, so no text is written twice.

A step that does not exist, is cut or ends in a fatal finding has no successor: so TLC finds exactly the states and the
transitions of the graph. Where properties are judged there are also their invariants, and a variable more, `found`: the
property that the last step violated. Then such a finding leads to a state even if it is fatal. Lock order, races,
deadlocks and what is judged at the end of runs are left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.graph import cells_of, changing_cells, passed, stored_fields, within_step
from bench.tla_terms import OPERATORS, Scope, Tables, Term, Terms, literal, table_of_and, within
from psockmc.ir import system as ir

MODULE = "steps"
FOUND, NOTHING = "found", '"nothing"'
# Words that mean something to TLA+ or to the module itself.
TAKEN = {FOUND, "Init", "Next", "NothingFound", "Nat", "Int", "Len", "Head", "Tail", "Append", "Seq", "SubSeq"}
TAKEN |= {"SelectSeq", "Assert", "Print", "PrintT", "Any", "ToString", "SmallAnd", "AndTable"}


@dataclass(frozen=True)
class Export:
    """invariants: what the properties that TLC checks are called in the module, and their ids."""

    module: str
    config: str
    invariants: Mapping[str, str]


def export(ts: ir.TransitionSystem, judged: Collection[str] = ()) -> Export:
    """The system for TLC. judged: ids of properties, some of `judgeable`, of which TLC stops at the first violation.

    Raises bench.graph.NotExportableError for constants beyond 32 bits.
    """
    return _Module(ts, judged).export()


def judgeable(ts: ir.TransitionSystem) -> list[str]:
    """Ids of the properties that a module can judge: invariants, and those that a step can violate."""
    operations = [node.op for context in ts.contexts for node in context.nodes]
    found = {ts.properties[op.property].id for op in operations if isinstance(op, ir.Finding)}
    if any(isinstance(op, ir.Deref) for op in operations):
        found |= {"null-deref", "use-after-free"}
    return [p.id for p in ts.properties if p.kind == "invariant" or p.id in found]


class _Names:
    """Identifiers of TLA+ for names of the system, no two the same."""

    def __init__(self) -> None:
        self.taken = set(TAKEN)

    def new(self, name: str) -> str:
        """Like `name`. Never all capitals, as keywords are, and never with a number at its end, as in steps."""
        word = _word(name)
        if word.isupper() or word[:3] in ("WF_", "SF_"):
            word = f"the_{word}"
        if re.search(r"_[fl]?\d+$", word):
            word += "_"
        while word in self.taken:
            word += "_"
        self.taken.add(word)
        return word


class _Module:
    """The module; steps note here what they need besides."""

    def __init__(self, ts: ir.TransitionSystem, judged: Collection[str]) -> None:
        self.ts, self.judged = ts, judged
        self.changing = changing_cells(ts)
        self.names, self.tables = _Names(), Tables()
        self.fields = {number: self.names.new(field.name) for number, field in enumerate(ts.fields)}
        self.pc = {context.index: self.names.new(f"{context.name}_pc") for context in ts.contexts}
        self.slots = {c.index: self.names.new(f"{c.name}_slots") for c in ts.contexts if c.slots}
        self.of_contexts = {context.index: self.names.new(context.name) for context in ts.contexts}
        self.grace = {n for n, f in enumerate(ts.fields) if not set(cells_of(f)).isdisjoint(ts.gp_cells)}
        self.variable = {n for n, f in enumerate(ts.fields) if not self.changing.isdisjoint(cells_of(f))}
        fields = (self.fields[n] for n in sorted(self.variable))
        self.variables = [*fields, *self.pc.values(), *self.slots.values()]
        self.found = len(ts.fields)  # to steps it is one field more
        if judged:
            self.fields[self.found] = FOUND
            self.variables.append(FOUND)
        self.flags: dict[str, str] = {}
        self.rests: dict[tuple[str, ...], str] = {}
        readers = {context.index: self._reader_bit(context) for context in ts.contexts}
        self.terms = Terms(ts, self.tables, readers)

    def export(self) -> Export:
        """The module and its configuration."""
        invariants = {self.names.new(f"Inv_{p.id}"): p for p in self._invariants()}
        steps = [text for context in self.ts.contexts for text in self._context(context)]
        scope = Scope(self.fields, {})
        checked = [f"{name} == {self.terms.truth(p.expr, scope)}" for name, p in invariants.items() if p.expr]
        found = [f"NothingFound == {FOUND} = {NOTHING}"] if self.judged else []
        unchanged = [f"{name} == <<{', '.join(rest)}>>" for rest, name in self.rests.items()]
        lines = [
            f"---- MODULE {MODULE} ----",
            "EXTENDS Integers, Sequences, TLC",
            f"VARIABLES {', '.join(self.variables)}",
            OPERATORS,
            table_of_and(self.tables.size),
            *self._constants(),
            *self.flags.values(),
            *unchanged,
            *self._init(),
            *steps,
            "Next ==",
            *(f"    \\/ {self.of_contexts[context.index]}" for context in self.ts.contexts),
            *checked,
            *found,
            "====",
            "",
        ]
        names = {name: p.id for name, p in invariants.items()}
        listed = [*names, *(["NothingFound"] if self.judged else [])]
        config = ["INIT Init", "NEXT Next", *(f"INVARIANT {name}" for name in listed), ""]
        return Export("\n".join(lines), "\n".join(config), names)

    def _invariants(self) -> list[ir.Property]:
        return [p for p in self.ts.properties if p.kind == "invariant" and p.id in self.judged]

    # ------------------------------------------------------------ state

    def _initial(self, number: int) -> str:
        values = [literal(self.ts.initial[cell]) for cell in cells_of(self.ts.fields[number])]
        return values[0] if len(values) == 1 else f"<<{', '.join(values)}>>"

    def _constants(self) -> Iterator[str]:
        """Fields that nobody changes."""
        for number, name in self.fields.items():
            if number != self.found and number not in self.variable:
                yield f"{name} == {self._initial(number)}"

    def _init(self) -> Iterator[str]:
        yield "Init =="
        yield from (f"    /\\ {self.fields[n]} = {self._initial(n)}" for n in sorted(self.variable))
        for context in self.ts.contexts:
            yield f"    /\\ {self.pc[context.index]} = {self.ts.initial[context.pc] + 1}"
            if context.slots:
                values = ", ".join(literal(self.ts.initial[cell]) for cell in context.slots)
                yield f"    /\\ {self.slots[context.index]} = <<{values}>>"
        if self.judged:
            yield f"    /\\ {FOUND} = {NOTHING}"

    def slot(self, context: ir.Context, cell: int) -> str:
        """The value that a slot has when the step begins."""
        return f"{self.slots[context.index]}[{context.slots.index(cell) + 1}]"

    def unchanged(self, changed: Iterable[str]) -> str:
        """The name of the tuple of all other variables."""
        without = set(changed)
        rest = tuple(name for name in self.variables if name not in without)
        if rest not in self.rests:
            self.rests[rest] = self.names.new(f"Rest{len(self.rests) + 1}")
        return self.rests[rest]

    # ------------------------------------------------------------ contexts

    def flag(self, context: ir.Context, name: str, values: Sequence[object]) -> str:
        """What the context's stop means: the element of a tuple. name: of the tuple, after the context's."""
        words = [str(value).upper() for value in values]
        key = f"{context.index} {name}"
        if key not in self.flags:
            tuple_ = self.names.new(f"{context.name}_{name}")
            self.flags[key] = f"{tuple_} == <<{', '.join(words)}>>"
        return f"{self.flags[key].split(' ')[0]}[{self.pc[context.index]}]"

    def _reader_bit(self, context: ir.Context) -> str:
        if not any(stop.reader for stop in context.stops):
            return "0"
        return self.flag(context, "readers", [stop.reader << context.index for stop in context.stops])

    def _context(self, context: ir.Context) -> Iterator[str]:
        """The actions of its steps, then the one that chooses among them."""
        steps: dict[int, str] = {}
        for number, stop in enumerate(context.stops):
            if not stop.done:
                step = _Step(self, context, number)
                yield from step.definitions()
                steps[number] = step.name
        yield f"{self.of_contexts[context.index]} =="
        yield from self._chosen(self.pc[context.index], steps, range(len(context.stops)), "    ")

    def _chosen(self, pc: str, steps: Mapping[int, str], stops: range, indent: str) -> Iterator[str]:
        """Halves the stops until one is left: TLC would try one after the other."""
        if len(stops) == 1:
            yield f"{indent}{steps.get(stops[0], 'FALSE')}"
            return
        middle = len(stops) // 2
        yield f"{indent}IF {pc} <= {stops[middle]}"
        yield f"{indent}THEN"
        yield from self._chosen(pc, steps, stops[:middle], indent + "  ")
        yield f"{indent}ELSE"
        yield from self._chosen(pc, steps, stops[middle:], indent + "  ")


class _Step:
    """The action of one step, and a definition for each node of it to which several ways lead."""

    def __init__(self, module: _Module, context: ir.Context, number: int) -> None:
        self.module, self.ts, self.terms, self.context = module, module.ts, module.terms, context
        self.stop = context.stops[number]
        self.name = f"{module.of_contexts[context.index]}_at_{number + 1}"
        self.nodes = list(passed(context, self.stop.node))
        ends = [n for node in self.nodes for n in within_step(context, node)]
        self.joins = {n for n in ends if ends.count(n) > 1}
        stored = {f for n in self.nodes for f in stored_fields(self.ts, context.nodes[n].op)}
        if self.stop.reader:
            stored |= module.grace
        self.stored = sorted(stored & module.variable)
        if module.judged and any(isinstance(n.op, ir.Finding) for n in self._operations()):
            self.stored.append(module.found)
        set_here = {n.op.local for n in self._operations() if isinstance(n.op, ir.Let | ir.Choose | ir.Alloc)}
        self.fields_of: dict[int, list[int]] = {}  # what the definition of a join takes
        self.locals_of: dict[int, list[int]] = {}
        self.locals = sorted(set_here | {local for local, _ in self.stop.live})

    def _operations(self) -> Iterator[ir.Node]:
        return (self.context.nodes[n] for n in self.nodes)

    def definitions(self) -> Iterator[str]:
        """The definitions, each before its uses."""
        fields = {n: f"{self.module.fields[n]}_f{n}" if n in self.stored else f for n, f in self.module.fields.items()}
        locals_ = {v: f"{_word(self.context.locals[v].name)}_l{v}" for v in self.locals}
        for join in self._joins_last_first():
            body = list(self._node(join, Scope(fields, locals_, self.context), "    "))
            words = set(re.findall(r"\w+", "\n".join(body)))
            self.fields_of[join] = [n for n in self.stored if fields[n] in words]
            self.locals_of[join] = [v for v in self.locals if locals_[v] in words]
            parameters = [fields[n] for n in self.fields_of[join]] + [locals_[v] for v in self.locals_of[join]]
            yield _call(f"{self.name}_{join}", parameters) + " =="
            yield from body
        slots = {local: self.module.slot(self.context, cell) for local, cell in self.stop.live}
        if (number := self.context.nodes[self.stop.node].statement) >= 0:  # systems made by hand may have none
            statement = self.ts.statements[number]
            yield f"\\* {statement.function}, {statement.file}:{statement.line}"
        yield f"{self.name} =="
        yield from (f"    {condition} /\\" for condition in self._scheduling())
        yield from self._node(self.stop.node, Scope(self.module.fields, slots, self.context), "    ")

    def _joins_last_first(self) -> list[int]:
        """Joins in an order in which none leads to one that comes later: no step has a cycle."""
        order: list[int] = []
        seen: set[int] = set()

        def visit(number: int) -> None:
            seen.add(number)
            for n in within_step(self.context, number):
                if n not in seen:
                    visit(n)
            order.append(number)

        visit(self.stop.node)
        return [n for n in order if n in self.joins]

    def _scheduling(self) -> Iterator[str]:
        """The other contexts of the CPU let this one run."""
        for other in self.ts.contexts:
            if other.cpu != self.context.cpu or other.index == self.context.index:
                continue
            name, forbids = self._forbids(other)
            if any(forbids):
                yield f"~{self.module.flag(other, name, forbids)}"

    def _forbids(self, other: ir.Context) -> tuple[str, list[bool]]:
        """For each stop of another context of the CPU: whether it keeps this one from running."""
        stops, level = other.stops, self.context.level
        if other.level > level or (other.level == level and level > 0):
            return "active", [stop.active for stop in stops]
        if other.level == level:
            return "not_preemptible", [stop.preempt_off or stop.bh_off or stop.irq_off for stop in stops]
        if self.stop.active:
            return "never", []
        if level == 1:
            return "softirqs_off", [stop.bh_off or stop.irq_off for stop in stops]
        return "hardirqs_off", [stop.irq_off for stop in stops]

    # ------------------------------------------------------------ nodes

    def _go(self, number: int, scope: Scope, indent: str) -> Iterator[str]:
        """Goes on at a node: at a stop the step ends, at a join its definition is used."""
        if self.context.nodes[number].stop >= 0:
            yield from self._arrive(self.context.nodes[number].stop, scope, indent)
        elif number in self.joins:
            arguments = [scope.fields[n] for n in self.fields_of[number]]
            arguments += [scope.locals.get(v, "0") for v in self.locals_of[number]]
            yield indent + _call(f"{self.name}_{number}", arguments)
        else:
            yield from self._node(number, scope, indent)

    def _node(self, number: int, scope: Scope, indent: str) -> Iterator[str]:
        """The conjuncts of a node, and of all that follow."""
        node = self.context.nodes[number]
        match node.op:
            case ir.Branch(cond):
                yield f"{indent}IF {self.terms.truth(cond, scope)} THEN"
                yield from self._go(node.next, scope, indent + "  ")
                yield f"{indent}ELSE"
                yield from self._go(node.other, scope, indent + "  ")
                return
            case ir.Cut():
                yield f"{indent}FALSE"
                return
            case ir.Finding(violated, _, True):
                yield from self._violated(self.ts.properties[violated].id, indent)
                return
            case ir.Finding(violated):
                scope = self._note(scope, self.ts.properties[violated].id)
            case ir.Wait(cond=cond) | ir.Assume(cond):
                yield from _test(self.terms.truth(cond, scope), indent)
            case ir.Deref(pointer, pool, _):
                yield from self._deref(self.terms.number(pointer, scope).text, self.ts.pools[pool], scope, indent)
            case ir.Let() | ir.Choose() | ir.Alloc():
                scope = yield from self._set(number, node.op, scope, indent)
            case ir.Store() | ir.Free():
                scope = yield from self._store(number, node.op, scope, indent)
        yield from self._go(node.next, scope, indent)

    def _arrive(self, number: int, scope: Scope, indent: str) -> Iterator[str]:
        """The step ends: live locals are kept, and a reader that is none any more leaves the grace periods."""
        stop, index = self.context.stops[number], self.context.index
        changed = {self.module.pc[index]: str(number + 1)}
        if self.context.slots:
            values = dict.fromkeys(self.context.slots, "0")
            values |= {cell: scope.locals.get(local, "0") for local, cell in stop.live}
            changed[self.module.slots[index]] = f"<<{', '.join(values.values())}>>"
        left = self.stop.reader and not stop.reader
        for field in self.stored:
            text = self._without_reader(field, scope) if left and field in self.module.grace else scope.fields[field]
            if text != self.module.fields[field]:
                changed[self.module.fields[field]] = text
        yield from (f"{indent}/\\ {name}' = {value}" for name, value in changed.items())
        yield f"{indent}/\\ UNCHANGED {self.module.unchanged(changed)}"

    def _without_reader(self, field: int, scope: Scope) -> str:
        """A field of sets of readers for which is waited, without this context."""
        bit, text = 1 << self.context.index, scope.fields[field]
        if self.ts.fields[field].count == 1:
            return f"{text} - (({text} \\div {bit}) % 2) * {bit}"
        elements = [i for i, cell in enumerate(cells_of(self.ts.fields[field])) if cell in self.ts.gp_cells]
        without = f"@ - ((@ \\div {bit}) % 2) * {bit}"
        return f"[{text} EXCEPT {', '.join(f'![{i + 1}] = {without}' for i in elements)}]"

    # ------------------------------------------------------------ findings

    def _violated(self, id: str, indent: str) -> Iterator[str]:
        """A fatal finding: there is no successor, unless the property is judged."""
        if id not in self.module.judged:
            yield f"{indent}FALSE"
            return
        yield f"{indent}/\\ {FOUND}' = {_string(id)}"
        yield f"{indent}/\\ UNCHANGED {self.module.unchanged([FOUND])}"

    def _note(self, scope: Scope, id: str) -> Scope:
        """A finding after which the step goes on: it may still turn out not to exist."""
        return _with_field(scope, self.module.found, _string(id)) if id in self.module.judged else scope

    def _deref(self, pointer: str, pool: ir.Pool, scope: Scope, indent: str) -> Iterator[str]:
        """Not NULL, and live if the pool has objects that are not."""
        tests = {"null-deref": f"{pointer} # 0"}
        if pool.status >= 0:
            status = _element(scope.fields[pool.status], pointer, self.ts.fields[pool.status])
            tests["use-after-free"] = f"{status} = {ir.LIVE}"
        for id, test in tests.items():
            if id in self.module.judged:
                yield f"{indent}IF ~({test}) THEN"
                yield from self._violated(id, indent + "  ")
                yield f"{indent}ELSE"
            else:
                yield from _test(test, indent)

    # ------------------------------------------------------------ effects

    def _bind(
        self, name: str, number: int, value: str, indent: str, *, twice: bool = False
    ) -> Generator[str, None, str]:
        """Lets a name stand for a value, where that saves computing it twice. Returns how to refer to it."""
        ends = self.context.nodes[self.context.nodes[number].next].stop >= 0
        if re.fullmatch(r"\w+|\(-\d+\)", value) or (ends and not twice):
            return value
        bound = f"{_word(name)}_{number}"
        yield f"{indent}\\E {bound} \\in {{{value}}} :"
        return bound

    def _set(
        self, number: int, op: ir.Let | ir.Choose | ir.Alloc, scope: Scope, indent: str
    ) -> Generator[str, None, Scope]:
        """Gives a local its value. Returns the scope in which it has it."""
        variable = self.context.locals[op.local]
        match op:
            case ir.Let(_, expr):
                term = self.terms.number(expr, scope)
                test = within(term, variable.lo, variable.hi)
                name = yield from self._bind(variable.name, number, term.text, indent, twice=bool(test))
                if test:
                    yield from _test(within(Term(name, term.bounds), variable.lo, variable.hi), indent)
            case ir.Choose(_, count):
                name = f"{_word(variable.name)}_{number}"
                yield f"{indent}\\E {name} \\in 0..{count - 1} :"
            case ir.Alloc(_, pool, live_locals):
                name = f"{_word(variable.name)}_{number}"
                yield f"{indent}\\E {name} \\in {{{self._free_object(pool, live_locals, scope)}}} :"
                yield f"{indent}{name} # 0 /\\"
                status = self.ts.pools[pool].status
                value = _updated(scope.fields[status], {name: str(ir.LIVE)}, self.ts.fields[status])
                bound = yield from self._bind(self.module.fields[status], number, value, indent)
                scope = _with_field(scope, status, bound)
        return replace(scope, locals={**scope.locals, op.local: name})

    def _free_object(self, number: int, live_locals: Sequence[int], scope: Scope) -> str:
        """The lowest object that is FREE, or FREED and not referenced; 0 when there is none."""
        pool = self.ts.pools[number]
        slots = [(context, cell) for context in self.ts.contexts for cell in context.slots]
        holders = [self.module.slot(*slot) for slot in slots if self.ts.cells[slot[1]].pool == number]
        for n, field in enumerate(self.ts.fields):
            elements = [i for i, cell in enumerate(cells_of(field)) if self.ts.cells[cell].pool == number]
            holders += [_element(scope.fields[n], str(i + 1), field) for i in elements]
        holders += [scope.locals.get(local, "0") for local in live_locals]
        text = "0"
        for i in reversed(range(1, len(pool.objects) + 1)):
            status = _element(scope.fields[pool.status], str(i), self.ts.fields[pool.status])
            free = f"{status} = {ir.FREE} \\/ ({status} = {ir.FREED} /\\ {i} \\notin held)"
            text = f"IF {free} THEN {i} ELSE {text}"
        return f"LET held == {{{', '.join(dict.fromkeys(holders))}}} IN {text}"

    def _store(self, number: int, op: ir.Store | ir.Free, scope: Scope, indent: str) -> Generator[str, None, Scope]:
        """Changes fields. Returns the scope that has the new values."""
        changes: dict[int, dict[str, str]] = {}  # field -> positions and what stands there then
        match op:
            case ir.Store(number_of_field, index, expr):
                field, term = self.ts.fields[number_of_field], self.terms.number(expr, scope)
                value, test = term.text, within(term, field.lo, field.hi)
                if test:
                    value = yield from self._bind("value", number, term.text, indent, twice=True)
                    yield from _test(within(Term(value, term.bounds), field.lo, field.hi), indent)
                changes[number_of_field] = {self.terms.position(index, scope): value}
            case ir.Free(expr, pool_number):
                pool, pointer = self.ts.pools[pool_number], self.terms.number(expr, scope).text
                changes = {
                    n: {_position(pointer, per_object, i): literal(initial) for i in range(per_object)}
                    for n, per_object, initial in pool.fields
                    if n in self.module.variable
                }
                changes[pool.status] = {pointer: str(ir.FREED)}
        for n, new in changes.items():
            value = _updated(scope.fields[n], new, self.ts.fields[n])
            bound = yield from self._bind(self.module.fields[n], number, value, indent)
            scope = _with_field(scope, n, bound)
        return scope


def _test(condition: str, indent: str) -> Iterator[str]:
    """A conjunct. TLC would make a successor for each part of a disjunction that is true."""
    yield f"{indent}({condition}) = TRUE /\\" if "\\/" in condition else f"{indent}{condition} /\\"


def _call(name: str, arguments: Sequence[str]) -> str:
    return f"{name}({', '.join(arguments)})" if arguments else name


def _string(id: str) -> str:
    return '"' + id.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _word(name: str) -> str:
    """The letters, digits and underscores of a name; the first is a letter."""
    word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    return word if word[:1].isalpha() else f"the_{word}"


def _with_field(scope: Scope, field: int, text: str) -> Scope:
    return replace(scope, fields={**scope.fields, field: text})


def _element(text: str, position: str, field: ir.Field) -> str:
    return text if field.count == 1 else f"{text}[{position}]"


def _updated(text: str, new: Mapping[str, str], field: ir.Field) -> str:
    """The field with new values at these positions."""
    if field.count == 1:
        (value,) = new.values()
        return value
    return f"[{text} EXCEPT {', '.join(f'![{position}] = {value}' for position, value in new.items())}]"


def _position(pointer: str, per_object: int, i: int) -> str:
    """Where the i-th cell of an object is."""
    return pointer if per_object == 1 else f"({pointer} - 1) * {per_object} + {i + 1}"
