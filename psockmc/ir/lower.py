"""`compile_scenario`: from a typed program and the name of a scenario to its transition system.

The contexts of a scenario are those it names, in order, then one for every work item, rcu_work and rcu_head of every
object. The setup function runs here, alone, to its end: its outcome is the initial state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from psockmc.explore.reference import Interpreter, Step
from psockmc.ir import system as ir
from psockmc.ir.dataflow import Dataflow, Together
from psockmc.ir.finish import EndlessLoop, Finished, finish
from psockmc.ir.inline import Binding, Inliner
from psockmc.ir.memory import Memory
from psockmc.ir.places import Ref
from psockmc.ir.reach import Live, PointsTo, embedded, leaf_type, used, walk
from psockmc.ir.unchanging import Unchanging
from psockmc.lang import tree
from psockmc.lang.calls import MAX_CHOICES
from psockmc.lang.diagnostics import Diagnostic, ModelErrors, did_you_mean
from psockmc.lang.types import CONTEXTS, ArrayType, Pointer, StructType

LIVELOCK = "livelock"
BUILTIN = {
    "null-deref": "no NULL pointer is dereferenced",
    "use-after-free": "no object is used after it was freed",
    "double-free": "nothing is freed twice",
    "bad-free": "only what kzalloc gave is freed",
    "null-call": "no NULL function pointer is called",
    "recursion": "no function calls itself deeper than stated",
    "out-of-bounds": "no array is indexed outside its bounds",
    "undefined": "nothing is divided by zero, and no shift goes beyond the width",
    "list-corruption": "list elements are added once and deleted only from the list they are on",
    "self-deadlock": "no context waits for a lock that it holds itself",
    "deadlock": "no state is left in which contexts wait for each other",
    "lost-wakeup": "nobody sleeps for ever although what it waits for is true",
    "leak": "everything allocated is freed or still reachable at the end",
    "lock-usage": "locks are released by their owners, and before a context ends",
    "refcount": "no reference count is raised from 0 or lowered below it",
    "sleep-in-atomic": "nothing sleeps in atomic context or in an RCU reader",
    "rcu-usage": "RCU readers are balanced, and grace periods are waited for outside them",
    "work-usage": "work items are initialised, queued and cancelled as the workqueue demands",
    "assert": "every check in the code holds",
    "warn": "no WARN is hit",
    "data-race": "no plain access races with another access",
}
PROGRESS = {LIVELOCK: "no context goes round inside the kernel for ever"}  # where a scenario asks for progress
KINDS = {"invariant": "invariant", "at_end": "end", "eventually": "eventually"}
SETUP = "the setup"
LEVELS = {"process": 0, "kworker": 0, "softirq": 1, "rcu_callback": 1, "hardirq": 2}


def compile_scenario(program: tree.Program, name: str) -> ir.TransitionSystem:
    """The transition system of one scenario.

    Raises KeyError for an unknown name, and ModelErrors when the model cannot be compiled (a loop without a step, a
    setup function that blocks or fails).
    """
    return _Compiler(program, program.scenarios[name]).compile()


def compile_with(
    program: tree.Program, name: str, conditions: Sequence[str]
) -> tuple[ir.TransitionSystem, dict[str, tuple[ir.Expr, ...]]]:
    """A scenario without its properties, and for each object of a struct, what the conditions are for it, by its name.

    conditions: `@pure` functions with one parameter, a pointer to that struct; the values mean nothing for an object
    that is not live. Raises as `compile_scenario` does.
    """
    asked = {c: replace(program.functions[c], role="invariant", property_id=c) for c in conditions}
    scenario = replace(program.scenarios[name], properties=tuple(conditions), expect={}, why={})
    compiler = _Compiler(replace(program, functions={**program.functions, **asked}), scenario)
    ts = compiler.compile()
    terms = [compiler.for_each(function) for function in asked.values()]
    objects = [about for _, about in terms[0]] if terms else []
    return (
        replace(ts, properties=tuple(p for p in ts.properties if p.kind == "builtin")),
        {about: tuple(term[i][0] for term in terms) for i, about in enumerate(objects)},
    )


@dataclass(frozen=True)
class _Plan:
    """A context to be made: what runs in it, with which arguments (places for work items)."""

    name: str
    kind: str
    cpu: int
    function: tree.Function
    args: tuple[tree.Expr, ...]
    item: Ref | None = None


class TableOf:
    """Shared tables of a scenario (`psockmc.ir.words.Tables`)."""

    def __init__(self, program: tree.Program) -> None:
        self.program = program
        self.statements: dict[tuple[str, int], int] = {}
        self.statement_list: list[ir.Statement] = []
        self.covers: dict[str, int] = {}
        self.promised: set[int] = set()
        self.assumptions: dict[str, None] = {}
        self.omissions: dict[str, None] = {}
        self._assigned: dict[str, frozenset[str]] = {}
        self.lines = {file: text.splitlines() for file, text in program.sources.items()}
        self.builtin = {kind: i for i, kind in enumerate(BUILTIN)}

    def property(self, kind: str) -> int:
        """Index of a built-in property."""
        return self.builtin[kind]

    def require_kind(self, kind: str, span: tree.Span) -> None:
        """Raises ModelErrors unless this is a kind of finding."""
        if kind not in self.builtin:
            near = did_you_mean(kind, list(self.builtin)) or f"the kinds are {', '.join(self.builtin)}"
            raise ModelErrors([self.error("E0902", span, f"`{kind}` is no kind of finding", near)])

    def require_few(self, count: int, span: tree.Span) -> None:
        """Raises ModelErrors when an arbitrary number has more values than can be tried one by one."""
        if count > MAX_CHOICES:
            message = f"an exhaustive search cannot try {count} values one by one"
            help_ = f"replace the function in a variant by one with `choose(n)`, n up to {MAX_CHOICES}"
            raise ModelErrors([self.error("E0904", span, message, help_)])

    def error(self, code: str, span: tree.Span, message: str, help_: str) -> Diagnostic:
        """A diagnostic with the first source line of its span."""
        lines = tuple(self.lines.get(span.file, [])[span.line - 1 : span.line])
        return Diagnostic(code, message, span, help=help_, source_lines=lines)

    def statement(self, function: tree.Function, span: tree.Span) -> int:
        """Number of a source statement."""
        key = (span.file, span.line)
        if key not in self.statements:
            self.statements[key] = len(self.statement_list)
            self.statement_list.append(
                ir.Statement(span.file, span.line, self.text(span), function.name, function.kernel_file)
            )
        return self.statements[key]

    def access_text(self, statement: int) -> str:
        """`function: statement`, without the colon that a compound statement ends in: a sentence goes on after it."""
        if statement < 0:
            return "the beginning of the context"
        stmt = self.statement_list[statement]
        return f"{stmt.function}: {stmt.text.removesuffix(':')}"

    def text(self, span: tree.Span) -> str:
        """The source lines of a span, joined to one."""
        lines = self.lines.get(span.file, [])[span.line - 1 : span.end_line]
        return " ".join(line.split("  # ")[0].strip() for line in lines)

    def cover(self, sentence: str) -> int:
        """Number of a cover sentence."""
        return self.covers.setdefault(sentence, len(self.covers))

    def promise(self, sentence: str) -> None:
        """Note a cover sentence in code that cannot run."""
        self.promised.add(self.cover(sentence))

    def assumption(self, function: tree.Function, reason: str) -> None:
        """Note an atomic block's reason."""
        self.assumptions[f"{function.name}: {reason}"] = None

    def omission(self, function: tree.Function, reason: str) -> None:
        """Note what a function leaves out."""
        self.omissions[f"{function.name}: {reason}"] = None

    def uses(self, function: tree.Function) -> None:
        """Register the function's statements: what of them never runs is seen in the coverage."""
        for node in walk(function.body):
            if isinstance(node, tree.Omits):
                self.omission(function, node.reason)
            elif isinstance(node, tree.Stmt):
                self.statement(function, node.span)

    def assigned(self, function: tree.Function) -> frozenset[str]:
        """Names that the function assigns to, loop variables included."""
        if function.name not in self._assigned:
            names = set()
            for node in walk(function.body):
                if isinstance(node, tree.Assign) and isinstance(node.target, tree.Var):
                    names.add(node.target.name)
                elif isinstance(node, (tree.ForRange, tree.ForList)):
                    names.add(node.var)
            self._assigned[function.name] = frozenset(names)
        return self._assigned[function.name]


class _Compiler:
    def __init__(self, program: tree.Program, scenario: tree.Scenario) -> None:
        self.program, self.scenario = program, scenario
        self._lay_out(None)

    def _lay_out(self, live: Live | None) -> None:
        """Contexts and memory for what the scenario uses of the code that may run (None: of all that is there)."""
        self.use = used(self.program, self.scenario, live)
        self.tables = TableOf(self.program)
        self.plans = list(self._plan())
        names = tuple(p.name for p in self.plans)
        self.memory = Memory(self.program, self.scenario, self.use, names)
        self.points_to = PointsTo(self.program, self.scenario, self.use)
        self.shared_cpus = [sum(q.cpu == p.cpu for q in self.plans) > 1 for p in self.plans]

    # ------------------------------------------------------------ contexts

    def _plan(self) -> Iterator[_Plan]:
        """The scenario's contexts, then the workers of all objects."""
        taken = {cpu for cpu in (self.scenario.workers_cpu, *(r.cpu for r in self.scenario.run)) if cpu >= 0}
        names: set[str] = set()
        for runner in self.scenario.run:
            cpu = runner.cpu
            if cpu < 0:
                cpu = min(set(range(len(taken) + 1)) - taken)
                taken.add(cpu)
            name = unique(runner.name or runner.function, names)
            yield _Plan(name, runner.kind, cpu, self.program.functions[runner.function], runner.args)
        for function, ref, name in self._items():
            cpu = self.scenario.workers_cpu if function.per_kind == "kworker" else -1
            if cpu < 0:
                cpu = min(set(range(len(taken) + 1)) - taken)
                taken.add(cpu)
            yield _Plan(unique(name, names), function.per_kind, cpu, function, (), ref)

    def _items(self) -> Iterator[tuple[tree.Function, Ref, str]]:
        """Every per-object function with every place of its struct in every object."""
        sizing = Memory(self.program, self.scenario, self.use, ())
        for name in self.use.functions:
            function = self.program.functions[name]
            if not function.per_struct:
                continue
            for struct, pool in sizing.pools.items():
                for path in embedded(self.program.structs, struct, function.per_struct):
                    if not self._used_path(struct, path):
                        continue
                    count = self._copies(struct, path)
                    for i, label in enumerate(sizing.objects[pool], start=1):
                        for k in range(count):
                            item = StructType(function.per_struct)
                            ref = Ref(struct, ir.Const(i), path, ir.Const(k), item, ())
                            yield function, ref, f"{label}.{path[0]}" + (f"[{k}]" if count > 1 else "")

    def _used_path(self, struct: str, path: tuple[str, ...]) -> bool:
        for field in self._along(struct, path):
            if (struct, field.name) not in self.use.fields:
                return False
            inner = leaf_type(field.type)
            struct = inner.name if isinstance(inner, StructType) else struct
        return True

    def _along(self, struct: str, path: tuple[str, ...]) -> Iterator[tree.StructField]:
        """The fields on a path of embedded structs."""
        for name in path:
            field = self.program.structs[struct].field(name)
            if field is None:
                raise AssertionError(f"{struct} has no field {name}")
            yield field
            inner = leaf_type(field.type)
            struct = inner.name if isinstance(inner, StructType) else struct

    def _copies(self, struct: str, path: tuple[str, ...]) -> int:
        """How many items one object has at a path, which may lead through arrays."""
        count = 1
        for field in self._along(struct, path):
            t = field.type
            while isinstance(t, ArrayType):
                if t.length == CONTEXTS:
                    message = f"`{field.name}` holds a work item for every context, and every item is a context"
                    raise ModelErrors([self.tables.error("E0903", field.span, message, "give the array a length")])
                count, t = count * t.length, t.element
        return count

    def _inliner(self, index: int, plan: _Plan, known: Unchanging | None) -> Inliner:
        may_fail = () if plan.name == SETUP else self.scenario.may_fail  # nothing fails in the setup
        inliner = Inliner(self.tables, self.memory, self.points_to, index, LEVELS[plan.kind], may_fail)
        inliner.known = known
        if LEVELS[plan.kind] and plan.item is None:
            inliner.flow.emit(ir.Nop(), begins=True)  # the interrupt arrives: a step of its own
        args: tuple[Binding, ...] = (plan.item,) if plan.item else tuple(
            ir.Const(self.memory.constant(a)) for a in plan.args
        )  # fmt: skip
        inliner.run(plan.function, args)
        return inliner

    def _finish(self, inliner: Inliner, plan: _Plan, shared_cpu: bool) -> Finished:
        own = plan.kind == "process"  # other contexts run no programs
        user = frozenset(n for n in self.use.functions if own and self.program.functions[n].role == "user")
        try:
            return finish(inliner.flow, inliner.level, shared_cpu, self.tables.builtin, user)
        except EndlessLoop as error:
            help_ = "use `for i in range(n)` with a constant n, or let the body access shared memory"
            raise ModelErrors([self.tables.error("E0900", error.span, "this loop never takes a step", help_)]) from None

    def _context(
        self, index: int, plan: _Plan, inliner: Inliner, done: Finished, base: int
    ) -> tuple[ir.Context, list[ir.Cell]]:
        """The context with its cells from `base` on."""
        cells = [ir.Cell(f"{plan.name}.pc", 0, len(done.stops) - 1, -1)]
        cells += [ir.Cell(f"{plan.name}.{s.name}", s.lo, s.hi, s.pool) for s in done.slots]
        stops = tuple(replace(s, live=tuple((v, base + 1 + i) for v, i in s.live)) for s in done.stops)
        context = ir.Context(
            index=index,
            name=plan.name,
            kind=plan.kind,
            level=inliner.level,
            cpu=plan.cpu,
            pc=base,
            slots=tuple(range(base + 1, base + len(cells))),
            nodes=done.nodes,
            stops=stops,
            locals=tuple(inliner.flow.locals),
            paths=tuple(inliner.flow.paths),
        )
        return context, cells

    # ------------------------------------------------------------ the whole

    def compile(self) -> ir.TransitionSystem:
        """Run the setup, compile every context, collect properties."""
        unchanging, live = self._known()
        if used(self.program, self.scenario, live) != self.use:
            self._lay_out(live)
            unchanging, _ = self._known()
        shared = unchanging.shared
        cells, contexts, local_starts = list(self.memory.cells), [], []
        for index, plan in enumerate(self.plans):
            inliner = self._inliner(index, plan, unchanging)
            done = self._finish(inliner, plan, self.shared_cpus[index])
            context, own = self._context(index, plan, inliner, done, len(cells))
            contexts.append(context)
            local_starts.append(done.local_start)
            cells += own
        initial = (*shared, *([0] * (len(cells) - len(shared))))
        ts = self._system(cells, contexts, initial, self._properties())
        return self._start(ts, local_starts)

    def _known(self) -> tuple[Unchanging, Live]:
        """What the contexts can know, once the setup has run; and what may run in all."""
        before = self._dataflow(tuple(self.memory.initial), (), [self._setup_plan()] if self.scenario.setup else [])
        shared = before.shared
        if self.scenario.setup:
            shared = self._setup(before)
        after = self._dataflow(shared, self.scenario.may_fail, self.plans)
        return after, Together(before.flow, after.flow)

    def _dataflow(self, shared: tuple[int, ...], may_fail: tuple[str, ...], plans: list[_Plan]) -> Unchanging:
        """What is known of the values when these functions run, beginning with these cells."""
        flow = Dataflow(self.program, self.memory, may_fail)
        flow.begin(shared)
        for plan in plans:
            flow.enter(plan.function.name, [frozenset((self.memory.constant(a),)) for a in plan.args])
        flow.solve()
        return Unchanging(flow, shared)

    def _system(
        self,
        cells: list[ir.Cell],
        contexts: list[ir.Context],
        initial: tuple[int, ...],
        properties: tuple[ir.Property, ...],
    ) -> ir.TransitionSystem:
        memory = self.memory
        return ir.TransitionSystem(
            name=self.scenario.name,
            sentence=self.scenario.sentence,
            cells=tuple(cells),
            fields=tuple(memory.fields),
            pools=memory.pool_table(),
            contexts=tuple(contexts),
            statements=tuple(self.tables.statement_list),
            properties=properties,
            covers=tuple(self.tables.covers),
            locks=memory.lock_classes(),
            gp_cells=memory.grace_period_cells(),
            initial=initial,
            bounds=self._bounds(),
            assumptions=tuple(self.tables.assumptions),
            omissions=tuple(self.tables.omissions),
            promised=frozenset(self.tables.promised),
            goals=self._goals(properties) if len(properties) > len(self._builtin()) else (),
        )

    def _bounds(self) -> tuple[str, ...]:
        """What is bounded, in sentences."""
        contexts = ", ".join(f"{p.name} ({p.kind}, CPU{p.cpu})" for p in self.plans)
        pools = [
            f"at most {len(self.memory.objects[i])} {struct}: {', '.join(self.memory.objects[i])}"
            for struct, i in self.memory.pools.items()
            if self.memory.status[i] >= 0
        ]
        return (f"contexts: {contexts}", *pools)

    # ------------------------------------------------------------ initial state

    def _setup_plan(self) -> _Plan:
        return _Plan(SETUP, "process", 0, self.program.functions[self.scenario.setup], ())

    def _setup(self, known: Unchanging) -> tuple[int, ...]:
        """Run the setup function alone; the shared cells at its end."""
        plan = self._setup_plan()
        function = plan.function
        inliner = self._inliner(0, plan, known)
        done = self._finish(inliner, plan, False)
        base = len(self.memory.cells)
        context, own = self._context(0, plan, inliner, done, base)
        initial = (*self.memory.initial, *([0] * len(own)))
        ts = self._system([*self.memory.cells, *own], [context], initial, self._builtin())
        interpreter = Interpreter(ts)
        state, seen = initial, {initial}
        while not context.stops[state[context.pc]].done:
            if interpreter.choices(state, context) > 1:
                self._setup_error(function, context, "chooses", None)
            step = interpreter.step(state, context, 0)
            if step.state is None or step.findings:
                self._setup_error(function, context, "fails" if step.findings or step.cut else "blocks", step)
                break
            state = step.state
            if state in seen:
                self._setup_error(function, context, "never ends", None)
            seen.add(state)
        return state[:base]

    def _setup_error(self, function: tree.Function, context: ir.Context, how: str, step: Step | None) -> None:
        message = f"the setup function of scenario {self.scenario.name} {how}"
        span = function.span
        if step is not None:
            statement = self.tables.statement_list[context.nodes[step.nodes[-1]].statement]
            why = step.findings[0][1] if step.findings else step.cut or "it waits for something nobody will do"
            message += f" at {statement.file}:{statement.line} `{statement.text}`: {why}"
        help_ = "a setup function runs alone and to its end; set up a state in which nothing goes wrong"
        raise ModelErrors([self.tables.error("E0901", span, message, help_)])

    @staticmethod
    def _start(ts: ir.TransitionSystem, local_starts: list[bool]) -> ir.TransitionSystem:
        """Contexts that begin with local work have done it in the initial state, since locals are free."""
        state, interpreter = ts.initial, Interpreter(ts)
        statements: set[int] = set()
        covers: set[int] = set()
        for context, local in zip(ts.contexts, local_starts, strict=True):
            if local:
                step = interpreter.step(state, context, 0)
                if step.state is not None and not step.findings:
                    state = step.state
                    statements |= {context.nodes[i].statement for i in step.nodes} - {-1}
                    covers.update(step.covers)
        ts = replace(ts, initial=state, begun=frozenset(statements), begun_covers=frozenset(covers))
        return _with_beginnings(ts) if ts.goals else ts

    # ------------------------------------------------------------ properties

    def _builtin(self) -> tuple[ir.Property, ...]:
        """The built-in properties, and one of its own for each field on which the scenario expects a data race."""
        sentences = dict(BUILTIN)
        if any(self.program.functions[p].role == "eventually" for p in self.scenario.properties):
            sentences |= PROGRESS
        for key in self.scenario.expect:
            if key.startswith("data-race("):
                sentences[key] = f"no plain access to {key[10:-1]} races with another access"
        return tuple(ir.Property(kind, sentence, "builtin", None) for kind, sentence in sentences.items())

    def _properties(self) -> tuple[ir.Property, ...]:
        """Built-in properties, then the scenario's."""
        own = []
        for name in self.scenario.properties:
            function = self.program.functions[name]
            kind = KINDS[function.role]
            each = self.for_each(function)
            expr = None if kind == "eventually" else _all(term for term, _ in each)
            own.append(ir.Property(function.property_id, function.sentence, kind, expr))
        return (*self._builtin(), *own)

    def _goals(self, properties: Sequence[ir.Property]) -> tuple[ir.Goal, ...]:
        """One goal for each object that an `@eventually` is about; and every context comes to an end, or out of the
        kernel.
        """
        number = {p.id: i for i, p in enumerate(properties)}
        goals = []
        for name in self.scenario.properties:
            function = self.program.functions[name]
            if function.role == "eventually":
                each = self.for_each(function)
                goals += [ir.Goal(number[function.property_id], term, -1, about) for term, about in each]
        if LIVELOCK in number:
            goals += [ir.Goal(number[LIVELOCK], None, i, plan.name) for i, plan in enumerate(self.plans)]
        return tuple(goals)

    def for_each(self, function: tree.Function) -> list[tuple[ir.Expr, str]]:
        """The property for each combination of live objects that its parameters can be, and their names."""
        inliner = Inliner(self.tables, self.memory, self.points_to, -1, 0, ())
        ranges = []
        for param in function.params:
            if not isinstance(param.type, Pointer):
                raise AssertionError("a property ranges over objects")
            objects = self.memory.objects[self.memory.pools[param.type.struct]]
            ranges.append([(param.name, param.type.struct, ir.Const(i + 1)) for i in range(len(objects))])
        terms: list[tuple[ir.Expr, str]] = []
        for combination in product(*ranges):
            inliner.pure.names.append({name: value for name, _, value in combination})
            body = inliner.pure.body(function.body, function.result)
            inliner.pure.names.pop()
            guards = [ir.Op("not", (inliner.memory.live(struct, value),)) for _, struct, value in combination]
            names = [self.memory.objects[self.memory.pools[s]][v.value - 1] for _, s, v in combination]
            terms.append((ir.Op("or", (*guards, body)), ", ".join(names)))
        return terms


def _with_beginnings(ts: ir.TransitionSystem) -> ir.TransitionSystem:
    """A place of its own for each process that has not begun: there it is in user space and may stay, wherever the
    function that it runs begins.
    """
    state, cells, contexts = list(ts.initial), list(ts.cells), []
    for context in ts.contexts:
        stop = context.stops[state[context.pc]]
        if context.kind == "process" and not stop.done and not stop.rests:
            number = state[context.pc] = len(context.stops)
            first = replace(context.nodes[stop.node], stop=number)
            stop = replace(stop, node=len(context.nodes), active=False, rests=True)
            context = replace(context, nodes=(*context.nodes, first), stops=(*context.stops, stop))
            cells[context.pc] = replace(cells[context.pc], hi=number)
        contexts.append(context)
    return replace(ts, initial=tuple(state), cells=tuple(cells), contexts=tuple(contexts))


def _all(terms: Iterable[ir.Expr]) -> ir.Expr:
    """Whether all of the conditions hold."""
    every = tuple(terms)
    return ir.Op("and", every) if every else ir.Const(1)


def unique(name: str, taken: set[str]) -> str:
    """The name, or the name with a number, and from now on taken."""
    result, number = name, 2
    while result in taken:
        result, number = f"{name}#{number}", number + 1
    taken.add(result)
    return result
