"""The shared part of the state: pools of objects, their fields as cells, the names of values.

Fields that the scenario's functions never mention get no cells. A struct has a status field only when kzalloc or
kfree handles it.
"""

from __future__ import annotations

from dataclasses import dataclass

from psockmc.ir import system as ir
from psockmc.ir.reach import Used
from psockmc.lang import tree
from psockmc.lang.types import (
    CONTEXTS,
    ArrayType,
    Bool,
    Bounded,
    CInt,
    ContextSet,
    ContextType,
    EnumType,
    FlagsType,
    FunctionPointer,
    ListType,
    Null,
    Pointer,
    StructType,
    Type,
)

Path = tuple[str, ...]
MAX_LABELS = 64


@dataclass(frozen=True)
class Leaf:
    """A scalar (or list) field: its `ir.Field`, cells per object, declared type, and the struct that declares it."""

    field: int
    per_object: int
    type: Type
    declared: tree.StructField
    owner: str


@dataclass(frozen=True)
class Domain:
    """Values of a type: lo..hi, the pool pointers point into or -1, names of values or ()."""

    lo: int
    hi: int
    pool: int
    labels: tuple[str, ...]


class Memory:
    """The shared cells of a scenario.

    pools by struct name, leaves by (struct, path), instances as pointer values. `contexts` is the number of contexts
    and `context_names` their names.
    """

    def __init__(
        self,
        program: tree.Program,
        scenario: tree.Scenario,
        use: Used,
        context_names: tuple[str, ...],
    ) -> None:
        self.program, self.use, self.context_names = program, use, context_names
        self.contexts = len(context_names)
        self.function_values: dict[FunctionPointer, tuple[str, ...]] = {}
        self.pools: dict[str, int] = {}
        self.objects: list[tuple[str, ...]] = []
        self.statics: list[int] = []
        self.instances: dict[str, int] = {}
        self.fields: list[ir.Field] = []
        self.leaves: dict[tuple[str, Path], Leaf] = {}
        self.cells: list[ir.Cell] = []
        self.initial: list[int] = []
        self.status: list[int] = []
        self.pool_fields: list[list[tuple[int, int, int]]] = []
        self._name_functions()
        self._name_objects(scenario)
        for struct in self.pools:
            self._lay_out(struct)
        self._set_instances()

    # ------------------------------------------------------------ values

    def _name_functions(self) -> None:
        """Numbers for the functions whose address is taken, by signature."""
        for name in self.use.taken:
            function = self.program.functions[name]
            signature = FunctionPointer(tuple(p.type for p in function.params), function.result)
            self.function_values[signature] = (*self.function_values.get(signature, ()), name)

    def function_value(self, name: str) -> int:
        """The value (from 1) of a pointer to this function."""
        function = self.program.functions[name]
        signature = FunctionPointer(tuple(p.type for p in function.params), function.result)
        return self.function_values[signature].index(name) + 1

    def domain(self, t: Type) -> Domain:
        """The values that a scalar of this type takes."""
        match t:
            case Bool():
                return Domain(0, 1, -1, ("false", "true"))
            case Bounded(lo, hi):
                return Domain(lo, hi, -1, ())
            case CInt(bits=bits, signed=signed):
                half = 1 << (bits - 1)
                return Domain(-half, half - 1, -1, ()) if signed else Domain(0, 2 * half - 1, -1, ())
            case EnumType(members=members):
                by_value = {value: name for name, value in members}
                lo, hi = min(0, *by_value), max(by_value)
                small = hi - lo < MAX_LABELS
                labels = tuple(by_value.get(v, str(v)) for v in range(lo, hi + 1)) if small else ()
                return Domain(lo, hi, -1, labels)
            case FlagsType(members=members):
                bits = max(bit for _, bit in members) + 1
                return Domain(0, (1 << bits) - 1, -1, flag_labels(members, bits))
            case Null():
                return Domain(0, 0, -1, ("NULL",))
            case Pointer(struct):
                pool = self.pools[struct]
                return Domain(0, len(self.objects[pool]), pool, ("NULL", *self.objects[pool]))
            case FunctionPointer():
                names = self.function_values.get(t, ())
                return Domain(0, len(names), -1, ("NULL", *names))
            case ContextType():
                return Domain(0, self.contexts, -1, ("nobody", *self.context_names))
            case ContextSet():
                return Domain(0, (1 << self.contexts) - 1, -1, ())
        raise AssertionError(f"no values of type {t}")

    # ------------------------------------------------------------ layout

    def _name_objects(self, scenario: tree.Scenario) -> None:
        """Pools: instances first, under their own names, then numbered objects."""
        for struct in self._pooled(scenario):
            own = [n for n in self.use.instances if self.program.instances[n].struct == struct]
            short = self.program.structs[struct].short
            numbered: list[str] = []
            number = 0
            while len(numbered) < scenario.pools.get(struct, 0):
                if f"{short}{number}" not in own:
                    numbered.append(f"{short}{number}")
                number += 1
            self.pools[struct] = len(self.objects)
            self.objects.append((*own, *numbered))
            self.statics.append(len(own))
            for value, name in enumerate(own, start=1):
                self.instances[name] = value

    def _pooled(self, scenario: tree.Scenario) -> list[str]:
        """Structs that have objects or are pointed to, in the program's order."""
        wanted = (
            {self.program.instances[n].struct for n in self.use.instances} | set(scenario.pools) | self.use.allocated
        )
        todo = list(wanted)
        pointees: set[str] = set()
        for name in self.use.functions:
            pointees |= {t.struct for t in self.program.functions[name].locals.values() if isinstance(t, Pointer)}
            pointees |= {p.type.struct for p in self.program.functions[name].params if isinstance(p.type, Pointer)}
        todo += sorted(pointees - wanted)
        wanted |= pointees
        while todo:
            for field in self.program.structs[todo.pop()].fields:
                for target in self._pointees(field.type):
                    if target not in wanted:
                        wanted.add(target)
                        todo.append(target)
        return [s for s in self.program.structs if s in wanted]

    def _pointees(self, t: Type) -> list[str]:
        match t:
            case ArrayType(element=element):
                return self._pointees(element)
            case StructType(name):
                return [p for f in self.program.structs[name].fields for p in self._pointees(f.type)]
            case Pointer(struct) | ListType(struct):
                return [struct]
        return []

    def _lay_out(self, struct: str) -> None:
        pool = self.pools[struct]
        self.pool_fields.append([])
        self.status.append(-1)
        if struct in self.use.allocated:
            self.status[pool] = self._field(
                f"{struct}.status", pool, 1, Domain(0, 2, -1, ("free", "live", "freed")), "status",
                [f"{o} is" for o in self.objects[pool]],
            )  # fmt: skip
            where = self.fields[self.status[pool]]
            for i in range(self.statics[pool]):
                self.initial[where.base + i] = ir.LIVE
        self._fields(struct, struct, (), 1, count=len(self.objects[pool]))

    def _fields(self, root: str, struct: str, path: Path, repeat: int, count: int) -> None:
        """Lay out the fields of `struct`, embedded in `root` at `path`, inside arrays of `repeat` elements in all."""
        for field in self.program.structs[struct].fields:
            if (struct, field.name) in self.use.fields:
                self._leaf(root, (struct, field), field.type, (*path, field.name), repeat, count)

    def _leaf(
        self, root: str, source: tuple[str, tree.StructField], t: Type, path: Path, repeat: int, count: int
    ) -> None:
        owner, declared = source
        match t:
            case StructType(name):
                self._fields(root, name, path, repeat, count)
                return
            case ArrayType(element, length):
                self._leaf(root, source, element, path, repeat * self.length(length), count)
                return
        pool = self.pools[root]
        room, kind = 1, "ghost" if declared.ghost else "value"
        scalar = t
        if isinstance(t, ListType):
            # one cell more than objects: it stays 0, ends every walk, and stands for the links behind the head
            room, kind, scalar = len(self.objects[self.pools[t.struct]]) + 1, "list", Pointer(t.struct)
        if self._is_lock_part(root, path):
            kind = "lock"
        dotted = ".".join(path)
        per_object = repeat * room
        names = [
            f"{o}.{dotted}" + (f"[{i}]" if per_object > 1 else "")
            for o in self.objects[pool][:count]
            for i in range(per_object)
        ]
        default = self.constant(declared.default) if declared.default is not None else 0
        number = self._field(f"{root}.{dotted}", pool, per_object, self.domain(scalar), kind, names, default)
        self.leaves[(root, path)] = Leaf(number, per_object, t, declared, owner)

    def _is_lock_part(self, root: str, path: Path) -> bool:
        struct = self.program.structs[root]
        for name in path[:-1]:
            field = struct.field(name)
            t = field.type if field else None
            while isinstance(t, ArrayType):
                t = t.element
            if not isinstance(t, StructType):
                return False
            struct = self.program.structs[t.name]
        return struct.lock

    def length(self, length: int) -> int:
        """An array's length, CONTEXTS resolved."""
        return self.contexts if length == CONTEXTS else length

    def _field(
        self, name: str, pool: int, per_object: int, domain: Domain, kind: str, names: list[str], default: int = 0
    ) -> int:
        number, base = len(self.fields), len(self.cells)
        self.fields.append(ir.Field(name, base, len(names), domain.lo, domain.hi, domain.pool, domain.labels, kind))
        self.cells += [ir.Cell(n, domain.lo, domain.hi, domain.pool) for n in names]
        self.initial += [default] * len(names)
        if kind != "status":
            self.pool_fields[pool].append((number, per_object, default))
        return number

    # ------------------------------------------------------------ initial values

    def constant(self, expr: tree.Expr) -> int:
        """The value of a constant expression."""
        match expr:
            case tree.Literal(value=value):
                return value
            case tree.InstanceRef(name=name):
                return self.instances[name]
            case tree.FunctionRef(name=name):
                return self.function_value(name)
            case tree.Unary(op="-", operand=operand):
                return -self.constant(operand)
        raise AssertionError(f"not a constant: {expr}")

    def _set_instances(self) -> None:
        for name, value in self.instances.items():
            instance = self.program.instances[name]
            for field, expr in instance.values.items():
                leaf = self.leaves.get((instance.struct, (field,)))
                if leaf is not None:
                    where = self.fields[leaf.field]
                    self.initial[where.base + (value - 1) * leaf.per_object] = self.constant(expr)

    def pool_table(self) -> tuple[ir.Pool, ...]:
        """The pools, as the engines see them."""
        return tuple(
            ir.Pool(struct, self.objects[i], self.status[i], tuple(self.pool_fields[i]), self.statics[i])
            for struct, i in self.pools.items()
        )

    def lock_classes(self) -> tuple[ir.LockClass, ...]:
        """Every place in which a `Lock` struct is embedded, as a lock class."""
        found = []
        for (root, path), leaf in self.leaves.items():
            if path[-1] == "owner" and self._is_lock_part(root, path):
                readers = self.leaves.get((root, (*path[:-1], "readers")))
                name = ".".join((root, *path[:-1]))
                found.append(ir.LockClass(name, leaf.field, readers.field if readers else -1))
        return tuple(found)

    def live(self, struct: str, pointer: ir.Expr) -> ir.Expr:
        """Whether a pointer leads to an object that is allocated and not freed."""
        some = ir.Op("!=", (pointer, ir.Const(0)))
        status = self.status[self.pools[struct]]
        if status < 0:
            return some
        is_live = ir.Op("==", (ir.Load(status, ir.Op("-", (pointer, ir.Const(1)))), ir.Const(ir.LIVE)))
        return ir.Op("and", (some, is_live))

    def grace_period_cells(self) -> tuple[int, ...]:
        """Cells from which readers disappear when they leave."""
        cells: list[int] = []
        for leaf in self.leaves.values():
            if leaf.type == ContextSet(grace_period=True):
                where = self.fields[leaf.field]
                cells += range(where.base, where.base + where.count)
        return tuple(cells)


def flag_labels(members: tuple[tuple[str, int], ...], bits: int) -> tuple[str, ...]:
    """Names of all values of a small flag word: `A|B`, `0`."""
    if bits > 4:
        return ()
    by_bit = {bit: name for name, bit in members}
    return tuple("|".join(by_bit.get(b, f"bit{b}") for b in range(bits) if v >> b & 1) or "0" for v in range(1 << bits))
