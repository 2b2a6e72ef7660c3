"""The objects of a proof: what each field holds at the beginning, and what a pointer can point to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from psockmc.lang import tree
from psockmc.lang.types import ArrayType, Bool, Bounded, CInt, EnumType, FlagsType, Pointer, StructType, Type
from psockmc.prove import terms
from psockmc.prove.machine import SomeLanes, bounds
from psockmc.prove.state import Path
from psockmc.prove.terms import FALSE, TRUE, Term


class Objects:
    """The arguments of the proof, whose content is arbitrary, and the instances of the program, with their own.

    A pointer is the number of an object, from 1; NULL is 0. given: values of the unknowns, by name, for a run on
    concrete numbers; unknowns without a given value are then their least one.
    """

    def __init__(self, program: tree.Program, given: Mapping[str, int] | None = None) -> None:
        self.program = program
        self.given = given
        self.names: list[str] = []
        self.structs: list[str] = []
        self.arbitrary: set[str] = set()
        self.known: dict[Path, Term] = {}
        self.unknowns: dict[str, Term] = {}
        self.cells: dict[Path, dict[int | Term, None]] = {}
        self.by_name: dict[str, int] = {}
        self.shapes: dict[tuple[str, ...], tuple[Type, tree.StructField | None]] = {}

    def add(self, name: str, struct: str, *, arbitrary: bool) -> int:
        """A new object; its number."""
        self.names.append(name)
        self.structs.append(struct)
        if arbitrary:
            self.arbitrary.add(name)
        self.by_name[name] = len(self.names)
        return len(self.names)

    def add_instances(self) -> None:
        """All instances of the program."""
        for instance in self.program.instances.values():
            self.add(instance.name, instance.struct, arbitrary=False)

    def of(self, struct: str) -> list[int]:
        """The objects of a struct."""
        return [number for number, other in enumerate(self.structs, 1) if other == struct]

    def _declared(self, path: Path) -> tuple[Type, tree.StructField | None]:
        """The type of what lies at a path, and the last field on the way; the same for all elements of an array."""
        shape = tuple(part if isinstance(part, str) else "" for part in path)
        found = self.shapes.get(shape)
        if found is None:
            found = self.shapes[shape] = self._walk(path)
        return found

    def _walk(self, path: Path) -> tuple[Type, tree.StructField | None]:
        t: Type = StructType(self.structs[self.by_name[str(path[0])] - 1])
        declared: tree.StructField | None = None
        for part in path[1:]:
            if isinstance(t, StructType):
                declared = self.program.structs[t.name].field(str(part))
                assert declared is not None
                t = declared.type
            else:
                assert isinstance(t, ArrayType)
                t = t.element
        return t, declared

    def elements(self, array: Path, index: int | Term) -> list[tuple[Term, Path]]:
        """The paths of an array's element, each with the lanes in which it is meant.

        An element is known by the index that first named it. A later index may be one of these elements in some lanes
        and another one in others: slot 0, where the elements are known by their distance from the start. Raises
        SomeLanes when it is a known element in some lanes and none in others: they are taken apart.
        """
        known = self.cells.setdefault(array, {})
        if index in known:
            return [(TRUE, (*array, index))]
        here = terms.const(index) if isinstance(index, int) else index
        same = [(terms.equals(here, terms.const(i) if isinstance(i, int) else i), i) for i in known]
        same = [(when, i) for when, i in same if when is not FALSE]
        if not same:
            known[index] = None
            return [(TRUE, (*array, index))]
        if terms.disjunction(when for when, _ in same) is not TRUE:
            raise SomeLanes(same[0][0].args, others=True)
        return [(when, (*array, i)) for when, i in same]

    def initial(self, path: Path) -> Term:
        """What a scalar holds at the beginning."""
        if path not in self.known:
            self.known[path] = self._initial(path)
        return self.known[path]

    def _initial(self, path: Path) -> Term:
        t, declared = self._declared(path)
        name = str(path[0])
        if name in self.arbitrary:
            return self._anything(show_path(path), t)
        value: tree.Expr | None = declared.default if declared is not None else None
        if len(path) == 2 and path[1] in self.program.instances[name].values:
            value = self.program.instances[name].values[str(path[1])]
        if isinstance(value, tree.InstanceRef):
            return terms.const(self.by_name[value.name])
        number = value.value if isinstance(value, tree.Literal) else 0
        return terms.boolean(bool(number)) if isinstance(t, Bool) else terms.const(number)

    def _anything(self, name: str, t: Type) -> Term:
        match t:
            case Bool():
                return self.unknown(name, 0, 1, truth=True)
            case CInt() | Bounded():
                return self.unknown(name, *bounds(t))
            case EnumType(members=members):
                return self.unknown(name, 0, max(value for _, value in members))
            case FlagsType(members=members):
                return self.unknown(name, 0, sum(1 << bit for _, bit in members))
            case Pointer(struct):
                return self._any_pointer(name, struct)
        return terms.const(0)

    def _any_pointer(self, name: str, struct: str) -> Term:
        """NULL or one of the objects."""
        value = terms.const(0)
        for number in self.of(struct):
            value = terms.ite(
                self.unknown(f"{name} is {self.names[number - 1]}", 0, 1, truth=True), terms.const(number), value
            )
        return value

    def unknown(self, name: str, lo: int, hi: int, truth: bool = False) -> Term:
        """An unknown, or its given value."""
        if self.given is not None:
            value = self.given.get(name, lo)
            return terms.boolean(bool(value)) if truth else terms.const(value)
        self.unknowns[name] = terms.unknown(name) if truth else terms.var(name, lo, hi)
        return self.unknowns[name]


def in_lane(name: str, lane: int) -> str:
    """The name that an unknown has in a run where the lane is known: `a[2]` for `a[(1, 2)]` in lane 1."""
    return re.sub(r"\[\(([-\d, ]+)\)\]", lambda found: f"[{found[1].split(', ')[lane]}]", name)


def show_path(path: Path) -> str:
    """`msg.sg.data[3].length`."""
    text = str(path[0])
    for part in path[1:]:
        text += f".{part}" if isinstance(part, str) else f"[{part}]" if isinstance(part, int) else f"[{part.args}]"
    return text
