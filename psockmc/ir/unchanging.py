"""What is known of fields that never change."""

from __future__ import annotations

from dataclasses import dataclass

from psockmc.ir import system as ir
from psockmc.ir.dataflow import Dataflow
from psockmc.ir.memory import Leaf, Memory
from psockmc.ir.places import Ref
from psockmc.lang import tree
from psockmc.lang.types import ListType


@dataclass(frozen=True)
class Unchanging:
    """What the code of a scenario can know about values: fields that nothing stores to keep what the setup has left,
    and others only ever get the one value that they have anyway.

    A load of such a field is a step like any other, and a store, too; but code that cannot run is not built.
    flow: which values may be where; shared: the shared cells at the beginning.
    """

    flow: Dataflow
    shared: tuple[int, ...]

    def expect_change(self, leaf: Leaf) -> None:
        """A store to a field that was thought never to change would make every verdict worthless."""
        if (leaf.owner, leaf.declared.name) not in self.flow.stored:
            raise AssertionError(f"{leaf.owner}.{leaf.declared.name} is stored to, and was thought never to change")

    def only_value(self, leaf: Leaf) -> int | None:
        """The value that the field has at the beginning and that every store to it stores, if there is one."""
        if leaf.declared.ghost or isinstance(leaf.type, ListType):
            return None
        values = self.flow.field((leaf.owner, leaf.declared.name))
        return next(iter(values)) if values is not None and len(values) == 1 else None

    def outcomes(self, cond: tree.Expr) -> frozenset[int]:
        """The truth values that a condition may have; empty when the code is never reached."""
        return self.flow.outcomes(cond)

    def targets(self, target: tree.Expr) -> frozenset[str]:
        """The functions that a call through a pointer may reach."""
        return self.flow.targets(target)

    def value(self, ref: Ref, memory: Memory) -> int | None:
        """The value that every load of the place gives, or None when it is not known."""
        leaf = memory.leaves[(ref.root, ref.path)]
        if leaf.declared.ghost:
            return None
        if (leaf.owner, leaf.declared.name) in self.flow.stored:
            return self.only_value(leaf)
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
