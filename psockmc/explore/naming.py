"""Names and values of a transition system as texts that a reader knows: `psock0.ingress_msg`, `[msg0, msg1]`, `CPU1`.

The cells of one bounded list are shown as one thing; everything else is shown cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psockmc.ir import system as ir

STATUS_WORDS = {ir.FREE: "free", ir.LIVE: "live", ir.FREED: "freed"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One shared thing with a name: a cell, or the cells of a list. base..base+count-1 are its cells."""

    name: str
    struct: str
    kind: str
    field: int
    base: int
    count: int


class Names:
    """Texts for the cells, values, locks and contexts of one transition system."""

    def __init__(self, ts: ir.TransitionSystem) -> None:
        self.ts = ts
        self._owners = {lock.owner for lock in ts.locks}
        self._reader_sets = {lock.readers for lock in ts.locks if lock.readers >= 0}
        self._grace_periods = set(ts.gp_cells)
        self._context_labels = ("nobody", *(c.name for c in ts.contexts))
        self.shown = tuple(thing for number in range(len(ts.fields)) for thing in self._things(number))
        self._by_cell = {cell: thing for thing in self.shown for cell in range(thing.base, thing.base + thing.count)}

    def _things(self, number: int) -> list[Shown]:
        where = self.ts.fields[number]
        struct = where.name.partition(".")[0]
        if where.kind == "list":
            room = len(self.ts.pools[where.pool].objects) + 1
            lists = range(where.base, where.base + where.count, room)
            return [Shown(self._list_name(base, room), struct, "list", number, base, room) for base in lists]
        cells = range(where.base, where.base + where.count)
        return [Shown(self._cell_name(where, c), struct, self._kind(where, c), number, c, 1) for c in cells]

    def _cell_name(self, where: ir.Field, cell: int) -> str:
        """The cell's name; the status of an object bears the object's."""
        if where.kind != "status":
            return self.ts.cells[cell].name
        pool = next(p for p in self.ts.pools if p.status >= 0 and self.ts.fields[p.status] is where)
        return pool.objects[cell - where.base]

    def _list_name(self, base: int, room: int) -> str:
        """`psock0.link[3]` is a cell of list `psock0.link`; of several lists in one object each has its number."""
        name, _, index = self.ts.cells[base].name.partition("[")
        number = int(index.rstrip("]") or 0) // room if index else 0
        following = base + room < len(self.ts.cells) and self.ts.cells[base + room].name.startswith(f"{name}[")
        return f"{name}[{number}]" if number or following else name

    def _kind(self, where: ir.Field, cell: int) -> str:
        if cell in self._grace_periods:
            return "grace-period"
        return "context" if where.kind == "value" and where.labels == self._context_labels else where.kind

    # ------------------------------------------------------------ values

    def thing(self, cell: int) -> Shown:
        """The shown thing that a shared cell belongs to."""
        return self._by_cell[cell]

    def show(self, thing: Shown, state: Sequence[int]) -> str:
        """Its value in a state."""
        where = self.ts.fields[thing.field]
        if thing.kind == "list":
            items = []
            for cell in range(thing.base, thing.base + thing.count):
                if state[cell] == 0:
                    break
                items.append(self.value(where, state[cell]))
            return f"[{', '.join(items)}]"
        value = state[thing.base]
        if thing.kind == "grace-period" or thing.field in self._reader_sets:
            return self.context_set(value)
        if thing.field in self._owners or thing.kind == "context":
            return self.label(value - 1) if value else "nobody"
        if thing.kind == "status":
            return STATUS_WORDS[value]
        return self.value(where, value)

    def value(self, where: ir.Field | ir.Variable, value: int) -> str:
        """A value of a field or local: its label, the object it points to, or the number."""
        if where.labels and 0 <= value - where.lo < len(where.labels):
            return where.labels[value - where.lo]
        if where.pool >= 0:
            return self.object(where.pool, value)
        return str(value)

    def object(self, pool: int, pointer: int) -> str:
        """The name of the object that a pointer value stands for."""
        objects = self.ts.pools[pool].objects
        return objects[pointer - 1] if 0 < pointer <= len(objects) else "NULL"

    # ------------------------------------------------------------ contexts and locks

    def label(self, index: int) -> str:
        """What sentences call a context: `CPU1`, or `CPU1 softirq`, or its name where this is not enough."""
        own = self.ts.contexts[index]
        neighbours = [c for c in self.ts.contexts if c.cpu == own.cpu]
        if len(neighbours) == 1:
            return f"CPU{own.cpu}"
        alike = [c for c in neighbours if c.kind == own.kind]
        return f"CPU{own.cpu} {own.kind}" if len(alike) == 1 else f"CPU{own.cpu} {own.name}"

    def context_set(self, bits: int) -> str:
        """`{CPU0, CPU2}`."""
        return "{" + ", ".join(self.label(i) for i in members(bits)) + "}"

    def lock(self, cell: int) -> str:
        """`sk0.sk_callback_lock`, from its owner or readers cell."""
        return self.ts.cells[cell].name.rpartition(".")[0]

    def locks_held(self, state: Sequence[int]) -> list[tuple[int, str, str, int]]:
        """Every lock that is held: (context, lock, write or read, its cell), by context, then in the order of cells."""
        held = []
        for lock in self.ts.locks:
            owner = self.ts.fields[lock.owner]
            for cell in range(owner.base, owner.base + owner.count):
                if state[cell]:
                    held.append((state[cell] - 1, self.lock(cell), "write", cell))
            if lock.readers >= 0:
                readers = self.ts.fields[lock.readers]
                for cell in range(readers.base, readers.base + readers.count):
                    held += [(c, self.lock(cell), "read", cell) for c in members(state[cell])]
        return sorted(held, key=lambda h: (h[0], h[3]))


def members(bits: int) -> tuple[int, ...]:
    """The indices in a set of contexts."""
    return tuple(i for i in range(bits.bit_length()) if bits >> i & 1)
