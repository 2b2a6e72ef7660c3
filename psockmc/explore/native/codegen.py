"""A transition system as a C program that searches its states.

The program is one translation unit: sizes, `step.h`, the functions generated here, `search.c`, `liveness.c`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

from psockmc.explore.native.contract import check_contract
from psockmc.explore.native.expressions import Expressions, Scope, function
from psockmc.explore.native.layout import Layout, lay_out
from psockmc.explore.native.pools import Pools
from psockmc.explore.native.reach import reach
from psockmc.explore.native.steps import Steps
from psockmc.explore.native.tables import Edge, Tables
from psockmc.ir import system as ir


@dataclass(frozen=True)
class Program:
    """A generated program. layout: of its states. sentences: of cuts. edges: of the lock order. All by number."""

    source: str
    layout: Layout
    sentences: tuple[str, ...]
    edges: tuple[Edge, ...]


def generate(ts: ir.TransitionSystem) -> Program:
    """The C program for a system. Raises EngineError for one that is malformed or too large for this engine."""
    check_contract(ts)
    return _Generator(ts).program()


class _Generator:
    def __init__(self, ts: ir.TransitionSystem) -> None:
        self.ts = ts
        self.reach = reach(ts)
        self.layout = lay_out(ts, self.reach)
        self.expressions = Expressions(ts, self.layout, self.reach)
        self.pools = Pools(ts, self.expressions)
        self.tables = Tables(ts, self.reach)

    def program(self) -> Program:
        """Everything, in the order in which C needs it."""
        contexts = [text for context in self.ts.contexts for text in self._context(context)]
        rest = [*self._properties(), self.pools.leaks(), self._expand(), *self._goals()]
        text = [
            self._sizes(),
            _runtime("step.h"),
            *self._readers(),
            *self.expressions.helpers.values(),
            *contexts,
            *rest,
            _runtime("search.c"),
            _runtime("liveness.c"),
        ]
        return Program("\n".join(text), self.layout, tuple(self.tables.sentences), tuple(self.tables.edges))

    # ------------------------------------------------------------ sizes

    def _sizes(self) -> str:
        """What the runtime needs to know about the system."""
        most_steps = sum(max(_choices(context, stop) for stop in context.stops) for context in self.ts.contexts)
        sizes = {
            "WORDS": self.layout.words,
            "STRIDE": self.layout.stride,
            "CONTEXTS": len(self.ts.contexts),
            "STATEMENTS": len(self.ts.statements),
            "COVERS": len(self.ts.covers),
            "PROPERTIES": len(self.ts.properties),
            "CUTS": len(self.tables.sentences),
            "EDGES": len(self.tables.edges),
            "MAX_STEPS": most_steps,
            "SUCCESSORS": max(256, 4 * most_steps),
            "RACE_CELLS": len(self.tables.race_properties),
            "GOALS": len(self.ts.goals),
            "DEADLOCK_PROPERTY": self.tables.builtin("deadlock"),
            "LOST_WAKEUP_PROPERTY": self.tables.builtin("lost-wakeup"),
            "LEAK_PROPERTY": self.tables.builtin("leak"),
        }
        words = ", ".join(f"UINT64_C({word})" for word in self.layout.pack(self.ts.initial))
        defines = "".join(f"#define {name} {value}\n" for name, value in sizes.items())
        races = ", ".join(map(str, self.tables.race_properties)) or "-1"
        return (
            f"{defines}#include <stdint.h>\nstatic const uint64_t initial_words[WORDS] = {{{words}}};\n"
            f"static const int race_property[] = {{{races}}};\n"
        )

    def _readers(self) -> Iterator[str]:
        """`readers(w)`: the contexts that are RCU readers at their stops."""
        body = ["u64 result = 0;"]
        for context in self.ts.contexts:
            flags = [stop.reader for stop in context.stops]
            if any(flags):
                yield _flag_table(f"reader_{context.index}", flags)
                pc = self.expressions.cell(context.pc, "w").code
                body.append(f"result |= (u64)reader_{context.index}[{pc}] << {context.index};")
        yield function("static inline u64 readers(const u64 *w)", [*body, "return result;"])

    # ------------------------------------------------------------ contexts

    def _context(self, context: ir.Context) -> Iterator[str]:
        """The step functions of a context and the table of its stops."""
        steps = Steps(self.ts, context, self.expressions, self.pools, self.tables)
        functions = list(steps.functions())
        if any(isinstance(context.nodes[number].op, ir.Acquire) for number in self.reach.nodes[context.index]):
            yield self._held(context)
        yield from functions
        entries = (
            f"{{{steps.region_of.get(number, 'NULL')}, {_choices(context, stop)}}}"
            for number, stop in enumerate(context.stops)
        )
        yield f"static const struct stop stops_{context.index}[] = {{{', '.join(entries)}}};\n"

    def _held(self, context: ir.Context) -> str:
        """`held_N(w, base, lock, index)`: note an edge from each lock that the context holds, but for lock[index]."""
        body = []
        for number, lock in enumerate(self.ts.locks):
            for i in range(self.ts.fields[lock.owner].count):
                owner = self.expressions.cell(self.ts.fields[lock.owner].base + i, "w").code
                lines = [f"if ({owner} == {context.index + 1}) note_edges(base + {2 + 2 * number});"]
                if lock.readers >= 0:
                    readers = self.expressions.cell(self.ts.fields[lock.readers].base + i, "w").code
                    lines.append(
                        f"else if ((u64){readers} >> {context.index} & 1) note_edges(base + {1 + 2 * number});"
                    )
                body += [f"if (lock != {number} || index != {i}) {{", *(f"    {line}" for line in lines), "}"]
        head = f"static void held_{context.index}(const u64 *w, u32 base, int lock, i64 index)"
        return function(head, body)

    # ------------------------------------------------------------ properties

    def _properties(self) -> Iterator[str]:
        """check_invariants and check_ends: test the properties that are not violated yet."""
        for name, kind in (("check_invariants", "invariant"), ("check_ends", "end")):
            tests = []
            for number, prop in enumerate(self.ts.properties):
                if prop.kind == kind and prop.expr is not None:
                    yield function(
                        f"static int holds_{number}(const u64 *w)",
                        [f"return {self.expressions.condition(prop.expr, Scope('w'))};"],
                    )
                    tests.append(f"if (findings.flags[{number}] != KNOWN && !holds_{number}(w))")
                    tests.append(f"    violated_by_state({number}, state);")
            yield function(f"static void {name}(const u64 *w, u32 state)", tests)

    def _goals(self) -> Iterator[str]:
        """What liveness.c asks of the system."""
        if not self.ts.goals:
            return
        contexts = ", ".join(str(goal.context) for goal in self.ts.goals)
        yield f"static const int goal_contexts[] = {{{contexts}}};\n"
        cases = [
            f"case {number}: return {self.expressions.condition(goal.expr, Scope('w'))};"
            for number, goal in enumerate(self.ts.goals)
            if goal.expr is not None
        ]
        head = "static int goal_holds(unsigned goal, const u64 *w)"
        yield function(head, ["switch (goal) {", *cases, "default: return 1;", "}"])
        yield from self._obliged()

    def _obliged(self) -> Iterator[str]:
        """`note_obliged(s, able, o)`: whom a state obliges to go on, and who is inside of the kernel."""
        body = ["*o = (struct obliged){0, 0, 0};"]
        for context in self.ts.contexts:
            c = context.index
            yield _flag_table(f"obliged_{c}", [_obligation(stop) for stop in context.stops])
            pc = self.expressions.cell(context.pc, "s").code
            body += [
                f"const u64 f{c} = obliged_{c}[{pc}];",
                f"o->idle |= (f{c} & {IDLE} ? able : 0) & UINT64_C(1) << {c};",
                f"o->others |= (f{c} & {OBLIGED} ? able : 0) & UINT64_C(1) << {c};",
                f"o->inside |= (u64)(f{c} & {INSIDE} ? 1 : 0) << {c};",
            ]
        yield function("static void note_obliged(const u64 *s, u64 able, struct obliged *o)", body)

    # ------------------------------------------------------------ scheduling

    def _expand(self) -> str:
        """`expand(s)`: attempt the steps of every context that may run, in the order of the contexts."""
        lines = []
        tables = []
        for context in self.ts.contexts:
            lines.append(f"const unsigned p{context.index} = (unsigned){self.expressions.cell(context.pc, 's').code};")
        for context in self.ts.contexts:
            if any(d.cpu == context.cpu and d is not context for d in self.ts.contexts):
                tables.append(_flag_table(f"masks_{context.index}", [_masks(stop) for stop in context.stops]))
                lines.append(f"const unsigned m{context.index} = masks_{context.index}[p{context.index}];")
        for context in self.ts.contexts:
            c = context.index
            forbidden = " || ".join(self._forbidden(context)) or "0"
            lines += [
                f"if (!stops_{c}[p{c}].step)",
                f"    rest[{c}] = DONE;",
                f"else if ({forbidden})",
                f"    rest[{c}] = BLOCKED;",
                "else",
                f"    attempt({c}, p{c}, &stops_{c}[p{c}], s);",
            ]
        return "".join(tables) + function("static void expand(const u64 *s)", lines)

    def _forbidden(self, context: ir.Context) -> Iterator[str]:
        """Conditions under which another context of the CPU forbids this one to run."""
        for other in self.ts.contexts:
            if other.cpu != context.cpu or other is context:
                continue
            if other.level > context.level or (other.level == context.level and context.level > 0):
                yield f"(m{other.index} & {ACTIVE})"
            elif other.level == context.level:
                yield f"(m{other.index} & {PREEMPT_OFF | BH_OFF | IRQ_OFF})"
            else:
                masking = BH_OFF | IRQ_OFF if context.level == 1 else IRQ_OFF
                yield f"(!(m{context.index} & {ACTIVE}) && (m{other.index} & {masking}))"


IDLE, OBLIGED, INSIDE = 1, 2, 4


def _obligation(stop: ir.Stop) -> int:
    """What a stop says about fairness, as bits."""
    return stop.idle * IDLE | (not stop.idle and not stop.rests) * OBLIGED | (stop.active and not stop.rests) * INSIDE


ACTIVE, PREEMPT_OFF, BH_OFF, IRQ_OFF = 1, 2, 4, 8


def _masks(stop: ir.Stop) -> int:
    """What a stop forbids to others, as bits."""
    return stop.active * ACTIVE | stop.preempt_off * PREEMPT_OFF | stop.bh_off * BH_OFF | stop.irq_off * IRQ_OFF


def _choices(context: ir.Context, stop: ir.Stop) -> int:
    """How many instances the step at a stop has."""
    op = context.nodes[stop.node].op
    return op.count if isinstance(op, ir.Choose) else 1


def _flag_table(name: str, flags: Sequence[int]) -> str:
    return f"static const u8 {name}[] = {{{', '.join(str(int(flag)) for flag in flags)}}};\n"


def _runtime(name: str) -> str:
    """A hand-written part of the program."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
