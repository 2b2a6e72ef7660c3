"""Objects that come and go: C functions that allocate, free, and find what is left over at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psockmc.explore.native.expressions import Expressions, function
from psockmc.ir import system as ir


@dataclass
class Pools:
    """Writes the functions of pools. Those that steps call are added to the helpers of `expressions`."""

    ts: ir.TransitionSystem
    expressions: Expressions

    # ------------------------------------------------------------ allocation

    def define_alloc(self, pool: int) -> None:
        """`alloc_N(w, held)`: the lowest object that is free, or freed and not referenced; else 0."""
        if f"alloc_{pool}" in self.expressions.helpers:
            return
        where = self.ts.pools[pool]
        status = self.ts.fields[where.status]
        cells = [number for number, cell in enumerate(self.ts.cells) if cell.pool == pool]
        references = [f"held |= BIT({self.expressions.cell(cell, 'w').code});" for cell in cells]
        body = []
        for i in range(len(where.objects)):
            place = self.expressions.layout.places[status.base + i]
            if place.bits == 0 and place.lo == ir.LIVE:
                continue
            state = self.expressions.cell(status.base + i, "w").code
            body += [
                f"if ({state} == {ir.FREE} || ({state} == {ir.FREED} && !(held >> {i + 1} & 1))) {{",
                f"    PUT(w, {place.word}, {place.shift}, {place.bits}, {ir.LIVE - place.lo});",
                f"    return {i + 1};",
                "}",
            ]
        self.expressions.helpers[f"alloc_{pool}"] = function(
            f"static i64 alloc_{pool}(u64 *w, u64 held)", [*references, *body, "return 0;"]
        )

    def define_free(self, pool: int) -> None:
        """`free_N(w, p)`: reset the fields of object p to their initial values and mark it freed. 0: there is no
        object p.
        """
        if f"free_{pool}" in self.expressions.helpers:
            return
        cases = []
        for i in range(len(self.ts.pools[pool].objects)):
            cases += [f"case {i + 1}:", *(f"    {line}" for line in self._reset(pool, i)), "    return 1;"]
        body = ["switch (p) {", *cases, "default: return 0;", "}"]
        self.expressions.helpers[f"free_{pool}"] = function(f"static int free_{pool}(u64 *w, i64 p)", body)

    def _reset(self, pool: int, number: int) -> Iterator[str]:
        """One statement per word that holds cells of the object."""
        values = {self.ts.fields[self.ts.pools[pool].status].base + number: ir.FREED}
        for index, per_object, value in self.ts.pools[pool].fields:
            first = self.ts.fields[index].base + number * per_object
            values.update(dict.fromkeys(range(first, first + per_object), value))
        masks: dict[int, int] = {}
        bits: dict[int, int] = {}
        for cell, value in values.items():
            place = self.expressions.layout.places[cell]
            masks[place.word] = masks.get(place.word, 0) | place.mask
            bits[place.word] = bits.get(place.word, 0) | (value - place.lo) << place.shift
        for word, mask in sorted(masks.items()):
            yield f"w[{word}] = (w[{word}] & ~UINT64_C({mask})) | UINT64_C({bits[word]});"

    # ------------------------------------------------------------ leaks

    def leaks(self) -> str:
        """`leaks(w)`: whether a live object of a pool with a status is reached from nothing.

        reached[p] has bit 1 + i for object i of pool p. Roots are static objects, all objects of pools without a status
        and the live slots of contexts that are not done; pointers lead on, except in ghost fields.
        """
        lines = [f"u64 reached[{max(1, len(self.ts.pools))}] = {{0}};"]
        for number, pool in enumerate(self.ts.pools):
            if pool.status < 0:
                lines.append(f"reached[{number}] = ~UINT64_C(0);")
            elif pool.statics:
                lines.append(f"reached[{number}] = UINT64_C({(1 << pool.statics + 1) - 2});")
        lines += self._roots()
        lines += ["for (int more = 1; more;) {", "    u64 before;", "    more = 0;"]
        lines += [f"    {line}" for line in self._links()]
        lines += ["}", *self._unreached(), "return 0;"]
        return function("static int leaks(const u64 *w)", lines)

    def _roots(self) -> Iterator[str]:
        for context in self.ts.contexts:
            slots = [cell for cell in context.slots if self.ts.cells[cell].pool >= 0]
            if slots:
                pc = self.expressions.cell(context.pc, "w").code
                marks = " ".join(self._reach(cell) for cell in slots)
                yield f"if (stops_{context.index}[{pc}].step) {{ {marks} }}"

    def _reach(self, cell: int) -> str:
        return f"reached[{self.ts.cells[cell].pool}] |= BIT({self.expressions.cell(cell, 'w').code});"

    def _links(self) -> Iterator[str]:
        for number, pool in enumerate(self.ts.pools):
            fields = [(self.ts.fields[index], per_object) for index, per_object, _ in pool.fields]
            fields = [(field, count) for field, count in fields if field.pool >= 0 and field.kind != "ghost"]
            for i in range(len(pool.objects)):
                for field, count in fields:
                    for cell in range(field.base + i * count, field.base + (i + 1) * count):
                        to = f"reached[{field.pool}]"
                        value = self.expressions.cell(cell, "w").code
                        yield f"if (reached[{number}] >> {i + 1} & 1) {{"
                        yield f"    before = {to}; {to} |= BIT({value}); more |= {to} != before;"
                        yield "}"

    def _unreached(self) -> Iterator[str]:
        for number, pool in enumerate(self.ts.pools):
            if pool.status >= 0:
                for i in range(len(pool.objects)):
                    state = self.expressions.cell(self.ts.fields[pool.status].base + i, "w").code
                    yield f"if ({state} == {ir.LIVE} && !(reached[{number}] >> {i + 1} & 1)) return 1;"
