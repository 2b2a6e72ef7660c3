"""The steps of one context as C functions: one per region, nodes as straight-line code with gotos.

A step function has the signature `enum outcome f(const u64 *s, unsigned stop, unsigned choice)`. It works on a copy w
of the packed state s, with the locals that are live at the stop in C variables; a successor is handed to `leave(w)`.
Locals that are live at the next stop are packed into their slots there, all other slots become 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from psockmc.explore.native.bounds import Interval
from psockmc.explore.native.expressions import Expressions, Scope, Term, c_type, function, index_code, indexed, literal
from psockmc.explore.native.pools import Pools
from psockmc.explore.native.regions import Region, regions, successors
from psockmc.explore.native.tables import Tables
from psockmc.ir import system as ir


@dataclass
class Steps:
    """Writes the step functions of one context. `region_of` tells the function of each stop that is not done."""

    ts: ir.TransitionSystem
    context: ir.Context
    expressions: Expressions
    pools: Pools
    tables: Tables
    region_of: dict[int, str] = field(default_factory=dict)

    def functions(self) -> Iterator[str]:
        """The C functions, in order."""
        for number, region in enumerate(regions(self.context, self.expressions.reach.nodes[self.context.index])):
            name = f"step_{self.context.index}_{number}"
            self.region_of.update(dict.fromkeys(region.stops, name))
            yield _Writer(self, region).function(name)


class _Writer:
    """Writes the function of one region."""

    def __init__(self, steps: Steps, region: Region) -> None:
        self.ts, self.context, self.region = steps.ts, steps.context, region
        self.expressions, self.pools, self.tables = steps.expressions, steps.pools, steps.tables
        self.scope = Scope("w", self.context.index, self.context.index)
        self.reach = steps.expressions.reach
        self.reached = self.reach.nodes[self.context.index]
        self.layout = steps.expressions.layout
        self.leaves: set[int] = set()  # stops at which a step of the region may end
        inside = set(region.nodes)
        self.before: dict[int, list[int]] = {number: [] for number in inside}
        for number in region.nodes:
            for n in successors(self.context.nodes[number]):
                if n in inside and self.context.nodes[n].stop < 0:
                    self.before[n].append(number)
        entries = [self.context.stops[stop] for stop in region.stops]
        self.filled = sorted({cell for stop in entries for _, cell in stop.live})  # slots that are not 0 already
        self.unchanged = self._unchanged([set(stop.live) for stop in entries])
        self.entries = {self.context.stops[stop].node for stop in region.stops}
        self.reader_varies = any(self.context.stops[stop].reader for stop in region.stops) and bool(self.ts.gp_cells)

    def _unchanged(self, live: Sequence[set[tuple[int, int]]]) -> set[tuple[int, int]]:
        """Locals that every stop of the region has in one slot and no node assigns: their slots stay as they are."""
        assigned = {
            node.op.local
            for node in (self.context.nodes[number] for number in self.region.nodes)
            if isinstance(node.op, ir.Let | ir.Choose | ir.Alloc)
        }
        return {(local, cell) for local, cell in set.intersection(*live) if local not in assigned}

    def function(self, name: str) -> str:
        """The whole function."""
        body = [line for i, number in enumerate(self.region.nodes) for line in self._node(number, self._following(i))]
        leaves = [line for stop in sorted(self.leaves) for line in self._leave(stop)]
        entries = [line for stop in self.region.stops for line in self._entry(stop)]
        return function(
            f"static enum outcome {name}(const u64 *restrict s, unsigned stop, unsigned choice)",
            [
                "u64 w[WORDS];",
                *(["i64 loops = 0;"] if self.region.loops else []),
                *(["u8 reader = 0;"] if self.reader_varies else []),
                *(f"{self._type(local)} l{local} = 0;" for local in sorted(self.scope.used)),
                "memcpy(w, s, sizeof w);",
                "switch (stop) {",
                *entries,
                "default: __builtin_unreachable();",
                "}",
                *body,
                *leaves,
                *(["leave:", "return leave(w);"] if self.leaves else []),
            ],
        )

    def _following(self, position: int) -> int:
        """The node emitted after the one at this position, or -1."""
        return self.region.nodes[position + 1] if position + 1 < len(self.region.nodes) else -1

    def _type(self, local: int) -> str:
        return c_type(*self.expressions.local_bounds(self.context.index, local))

    # ------------------------------------------------------------ beginning and end of a step

    def _entry(self, number: int) -> Iterator[str]:
        """Load the live locals and go to the stop's node."""
        stop = self.context.stops[number]
        yield f"case {number}:"
        for local, cell in stop.live:
            if local in self.scope.used:
                yield f"    l{local} = {self.expressions.cell(cell, 's').code};"
        if stop.reader and self.reader_varies:
            yield "    reader = 1;"
        yield f"    goto n{stop.node};"

    def _leave(self, number: int) -> Iterator[str]:
        """Pack live locals, zero the other slots, set the program counter; tell grace periods that a reader left."""
        stop = self.context.stops[number]
        values: dict[int, str] = dict.fromkeys(self.filled, "")
        for local, cell in stop.live:
            if (local, cell) in self.unchanged:
                values.pop(cell)
            else:
                self.scope.used.add(local)
                values[cell] = f"l{local}"
        yield f"stop_{number}:"
        by_word: dict[int, list[tuple[int, str]]] = {}
        for cell, code in [(self.context.pc, literal(number)), *values.items()]:
            by_word.setdefault(self.layout.places[cell].word, []).append((cell, code))
        for word, cells in sorted(by_word.items()):
            yield self._merge(word, cells)
        if self.reader_varies and not stop.reader:
            yield from self._end_reader()
        yield "goto leave;"

    def _merge(self, word: int, cells: list[tuple[int, str]]) -> str:
        """Set some cells of one word; "" is the value 0."""
        mask = sum(self.layout.places[cell].mask for cell, _ in cells)
        parts = [f"(w[{word}] & ~UINT64_C({mask}))"]
        for cell, code in cells:
            place = self.layout.places[cell]
            if place.bits and (code or place.lo):
                parts.append(f"((u64){code or 0} - (u64){literal(place.lo)}) << {place.shift}")
        return f"w[{word}] = {' | '.join(parts)};"

    def _end_reader(self) -> Iterator[str]:
        index = self.context.index
        for cell in self.ts.gp_cells:
            place = self.layout.places[cell]
            if place.bits > index:
                yield f"if (reader) w[{place.word}] &= ~UINT64_C({1 << place.shift + index});"

    # ------------------------------------------------------------ nodes

    def _node(self, number: int, following: int) -> Iterator[str]:
        """The label, notes and operation of a node, and how control goes on."""
        node = self.context.nodes[number]
        yield f"n{number}:;"
        if number in self.region.loops:
            yield f'if (++loops > LOOP_LIMIT) bug({self.context.index}, {number}, "the step never ends");'
        if node.statement >= 0 and not self._statement_known(number):
            yield f"note_statements({node.statement});"
        for access in node.accesses:
            yield from self._access(number, access)
        yield from self._operation(number, node)
        match node.op:
            case ir.Cut() | ir.Finding(fatal=True):
                return
            case ir.Branch(cond):
                yield f"if {self._condition(cond)} {self._goto(node.next)}"
                if node.other != following or not self._is_inside(node.other):
                    yield self._goto(node.other)
            case _:
                if node.next != following or not self._is_inside(node.next):
                    yield self._goto(node.next)

    def _is_inside(self, number: int) -> bool:
        """Whether a step that gets to the node goes on there."""
        return self.context.nodes[number].stop < 0 and number in self.reached

    def _goto(self, number: int) -> str:
        if number not in self.reached:
            return self._bug(number, "a node that was taken for unreachable")
        stop = self.context.nodes[number].stop
        if stop >= 0:
            self.leaves.add(stop)
            return f"goto stop_{stop};"
        return f"goto n{number};"

    def _statement_known(self, number: int) -> bool:
        """Whether the step noted the node's statement just before."""
        before = self.before[number]
        if number in self.entries or len(before) != 1:
            return False
        return self.context.nodes[before[0]].statement == self.context.nodes[number].statement

    def _access(self, number: int, access: ir.Access) -> Iterator[str]:
        """Note an access, if its field may take part in a race at all."""
        base = self.tables.race_cells.get(access.field)
        if base is None:
            return
        flags = ("TOUCH_WRITE" if access.write else "0u") + (" | TOUCH_MARKED" if access.marked else "")
        at = self._term(access.index)
        count = self.ts.fields[access.field].count
        if isinstance(access.index, ir.Const) and 0 <= access.index.value < count:
            yield f"touch({base + access.index.value}u << 2 | {flags});"
        else:
            outside = self._bug(number, "an access outside its field")
            yield f"if (!touch_one({base}, {index_code(at)}, {count}, {flags})) {outside}"

    def _term(self, expr: ir.Expr) -> Term:
        return self.expressions.term(expr, self.scope)

    def _condition(self, expr: ir.Expr) -> str:
        return self.expressions.condition(expr, self.scope)

    def _operation(self, number: int, node: ir.Node) -> Iterator[str]:
        match node.op:
            case ir.Let(local, expr):
                yield from self._let(number, local, expr)
            case ir.Store(target, index, expr):
                yield from self._store(number, target, index, expr)
            case ir.Choose(local, _):
                self.scope.used.add(local)
                yield f"l{local} = choice;"
            case ir.Wait() as wait:
                yield f"if (!{self._condition(wait.cond)}) return {self._rest(wait)};"
            case ir.Assume(cond):
                yield f"if (!{self._condition(cond)}) return ASSUMED_AWAY;"
            case ir.Cut(what):
                yield f"return cut({self.tables.sentence(what)});"
            case ir.Cover(cover):
                yield f"note_covers({cover});"
            case ir.Finding(number, _, fatal):
                yield f"return fatal({number});" if fatal else f"note_findings({number});"
            case ir.Deref(pointer, pool, _):
                yield from self._deref(pointer, pool)
            case ir.Alloc() as alloc:
                yield from self._alloc(alloc)
            case ir.Free(pointer, pool):
                self.pools.define_free(pool)
                freed = f"free_{pool}(w, {index_code(self._term(pointer))})"
                yield f"if (!{freed}) {self._bug(number, 'a free of no object')}"
            case ir.Acquire() as acquire:
                yield self._acquire(acquire, node.path)

    def _bug(self, number: int, what: str) -> str:
        return f'bug({self.context.index}, {number}, "{what}");'

    def _bounded(self, number: int, value: Term, where: ir.Field | ir.Variable, expected: Interval) -> Iterator[str]:
        """Declare v, the value; cut the step when it is outside its bounds, stop when it should not occur."""
        yield f"{{ const {value.type} v = {value.code};"
        if tests := _outside(value.bounds, (where.lo, where.hi)):
            sentence = self.tables.sentence(f"{where.name} holds {where.lo}..{where.hi} only")
            yield f"if ({tests}) return cut({sentence});"
        least, most = max(value.lo, where.lo), min(value.hi, where.hi)
        if least <= most and (tests := _outside((least, most), expected)):
            yield f"if ({tests}) {self._bug(number, 'a value that was taken for impossible')}"

    def _let(self, number: int, local: int, expr: ir.Expr) -> Iterator[str]:
        self.scope.used.add(local)
        expected = self.expressions.local_bounds(self.context.index, local)
        yield from self._bounded(number, self._term(expr), self.context.locals[local], expected)
        yield f"l{local} = v; }}"

    def _store(self, number: int, target: int, index: ir.Expr, expr: ir.Expr) -> Iterator[str]:
        where, places = self.ts.fields[target], self.expressions.places(target)
        yield from self._bounded(number, self._term(expr), where, (places[0].lo, places[0].hi))
        at = self._term(index)
        outside = self._bug(number, "a store outside its field")
        raw = f"(u64)v - (u64){literal(places[0].lo)}"
        if isinstance(index, ir.Const) and 0 <= index.value < where.count:
            place = places[index.value]
            yield f"PUT(w, {place.word}, {place.shift}, {place.bits}, {raw}); }}" if place.bits else "}"
            return
        yield f"const i64 i = {index_code(at)};"
        if at.lo < 0 or at.hi >= where.count:
            yield f"if ((u64)i >= {where.count}) {outside}"
        if places[0].bits:
            tables, position = indexed(places)
            yield from tables
            yield f"PUT(w, {position}, {places[0].bits}, {raw});"
        yield "}"

    def _rest(self, wait: ir.Wait) -> str:
        """How the context rests before a wait. What it awaits is evaluated in the state, not in the dropped step."""
        if wait.idle:
            return "IDLE"
        if wait.asleep is None:
            return "BLOCKED"
        scope = Scope("s", -1, self.context.index, self.scope.used)
        return f"{self.expressions.condition(wait.asleep, scope)} ? LOST : ASLEEP"

    def _deref(self, pointer: ir.Expr, pool: int) -> Iterator[str]:
        value = self._term(pointer)
        yield f"{{ const i64 p = {index_code(value)};"
        if value.lo <= 0:
            yield f"if (p == 0) return fatal({self.tables.builtin('null-deref')});"
        status = self.ts.pools[pool].status
        if status >= 0 and any((place.lo, place.hi) != (ir.LIVE, ir.LIVE) for place in self.expressions.places(status)):
            self.expressions.define_get(status)
            yield f"if (get_{status}(w, p - 1) != {ir.LIVE}) return fatal({self.tables.builtin('use-after-free')});"
        yield "}"

    def _alloc(self, alloc: ir.Alloc) -> Iterator[str]:
        pool = self.ts.pools[alloc.pool]
        self.pools.define_alloc(alloc.pool)
        self.scope.used.update((alloc.local, *alloc.live_locals))
        held = " | ".join(f"BIT(l{local})" for local in alloc.live_locals) or "0"
        sentence = self.tables.sentence(f"the pool of {pool.name} has {len(pool.objects)} objects only")
        yield f"{{ const i64 p = alloc_{alloc.pool}(w, {held});"
        yield f"if (!p) return cut({sentence});"
        yield f"l{alloc.local} = p; }}"

    def _acquire(self, acquire: ir.Acquire, site: int) -> str:
        """Note the use of the lock, and the edges from the locks held."""
        base = self.tables.edges_of(acquire, self.context.index, site)
        at = index_code(self._term(acquire.index))
        return f"note_edges({base}); held_{self.context.index}(w, {base}, {acquire.lock}, {at});"


def _outside(value: Interval, bounds: Interval) -> str:
    """The C condition under which v, a value of the first interval, is not in the second; "" when it never is."""
    tests = [f"v < {literal(bounds[0])}"] if value[0] < bounds[0] else []
    tests += [f"v > {literal(bounds[1])}"] if value[1] > bounds[1] else []
    return " || ".join(tests)
