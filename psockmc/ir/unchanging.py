"""What is known of fields that nobody stores to."""

from __future__ import annotations

from dataclasses import dataclass

from psockmc.ir import system as ir
from psockmc.ir.memory import Leaf, Memory
from psockmc.ir.places import Ref
from psockmc.lang.types import ListType


@dataclass(frozen=True)
class Unchanging:
    """Fields that no context of the scenario ever stores to keep the values that the setup has left.

    A load of such a field is a step like any other, but its value is known, so code that cannot run is not built.
    changed: the fields that are stored to; shared: the shared cells after the setup.
    """

    changed: frozenset[tuple[str, str]]
    shared: tuple[int, ...]

    def expect_change(self, leaf: Leaf) -> None:
        """A store to a field that was thought never to change would make every verdict worthless."""
        if (leaf.owner, leaf.declared.name) not in self.changed:
            raise AssertionError(f"{leaf.owner}.{leaf.declared.name} is stored to, and was thought never to change")

    def value(self, ref: Ref, memory: Memory) -> int | None:
        """The value that every load of the place gives, or None when it is not known."""
        leaf = memory.leaves[(ref.root, ref.path)]
        if (leaf.owner, leaf.declared.name) in self.changed or leaf.declared.ghost:
            return None
        where, pool = memory.fields[leaf.field], memory.pools[ref.root]
        match ref.pointer, ref.index:
            case ir.Const(pointer), ir.Const(index) if 0 < pointer <= memory.statics[pool]:
                if not isinstance(leaf.type, ListType) and 0 <= index < leaf.per_object:
                    return self.shared[where.base + (pointer - 1) * leaf.per_object + index]
        values = set(self.shared[where.base : where.base + where.count])
        if memory.status[pool] >= 0:
            if leaf.declared.default is not None:
                return None
            values.add(0)  # an object that is freed and handed out again has its default
        return values.pop() if len(values) == 1 else None
