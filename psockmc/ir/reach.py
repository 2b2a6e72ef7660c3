"""Which functions, instances and fields a scenario uses, and which functions a pointer may hold.

Both are over-approximations computed from the typed program alone. The first keeps what is not used out of the state;
the second keeps impossible targets out of the code of a call through a pointer. A pointer value outside its computed
set ends in a fatal finding, so an error here could never hide behaviour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Protocol

from psockmc.lang import tree
from psockmc.lang.types import ArrayType, FunctionPointer, Pointer, StructType, Type

# Primitives that lowering calls by itself, by the construct that needs them.
IMPLICIT = {"wait_event": ("might_sleep", "prepare_to_wait", "finish_wait"), "kzalloc": ("might_sleep",)}

FieldKey = tuple[str, str]


def walk(node: object, live: Live | None = None) -> Iterator[object]:
    """Every dataclass node at or below `node`, types and spans left out. live: and what cannot run, too."""
    if isinstance(node, (tuple, list)):
        for item in node:
            yield from walk(item, live)
    elif is_dataclass(node) and not isinstance(node, (tree.Span, type)):
        yield node
        if isinstance(node, (tree.Check, tree.AssumeThat, tree.WaitEvent)):
            live = None  # what is evaluated in one state is all there
        skipped = _dead_parts(node, live) if live else ()
        for name in _parts(type(node)):
            if name not in skipped:
                yield from walk(getattr(node, name), live)


def _dead_parts(node: object, live: Live) -> tuple[str, ...]:
    """The fields of a node that hold code which cannot run."""
    match node:
        case tree.If(cond=cond) | tree.Conditional(cond=cond):
            outcomes = live.outcomes(cond)
            return ("then",) * (1 not in outcomes) + ("other",) * (0 not in outcomes)
        case tree.While(cond=cond) if 1 not in live.outcomes(cond):
            return ("body",)
        case tree.ForList(place=place) if not live.filled(place):
            return ("body",)
        case tree.Binary(op=("and" | "or") as op, left=left) if int(op == "and") not in live.outcomes(left):
            return ("right",)
    return ()


@cache
def _parts(kind: type) -> tuple[str, ...]:
    """The fields of a node class that hold nodes."""
    return tuple(f.name for f in fields(kind) if f.name not in ("type", "span", "var_type", "common", "locals"))


@dataclass(frozen=True)
class Used:
    """What a scenario uses: functions and instances by name; fields as (struct, field) that are mentioned anywhere.

    allocated: structs that kzalloc or kfree handles. taken: functions whose address is taken.
    """

    functions: tuple[str, ...]
    instances: tuple[str, ...]
    fields: frozenset[FieldKey]
    allocated: frozenset[str]
    taken: tuple[str, ...]


class _Closure:
    def __init__(self, program: tree.Program, live: Live | None) -> None:
        self.program, self.live = program, live
        self.functions: dict[str, None] = {}
        self.instances: dict[str, None] = {}
        self.taken: dict[str, None] = {}
        self.fields: set[FieldKey] = set()
        self.allocated: set[str] = set()

    def function(self, name: str) -> None:
        if name in self.functions or name not in self.program.functions:
            return
        function = self.program.functions[name]
        stateless = function.role in (
            "pure",
            "invariant",
            "at_end",
            "eventually",
        )  # evaluated in one state: all of it is there
        if stateless or self.live is None or self.live.runs(name):
            self.functions[name] = None
            self.nodes(function.body, None if stateless else self.live)

    def nodes(self, root: object, live: Live | None = None) -> None:
        for node in walk(root, live):
            self.node(node)

    def node(self, node: object) -> None:
        match node:
            case tree.Call(function=name):
                self.function(name)
            case tree.FunctionRef(name=name):
                self.taken[name] = None
                self.function(name)
            case tree.InstanceRef(name=name):
                if name not in self.instances:
                    self.instances[name] = None
                    self.nodes(tuple(self.program.instances[name].values.values()))
            case tree.FieldOf(struct=struct, name=name):
                self.fields.add((struct, name))
                declared = self.program.structs[struct].field(name)
                if declared is not None and declared.default is not None:
                    self.nodes(declared.default)
            case tree.WaitEvent():
                self.implicit("wait_event")
            case tree.Intrinsic(name="container_of", names=names):
                self.fields.add((names["struct"], names["field"].split(".")[0]))
            case tree.Intrinsic(name="kzalloc", names=names):
                self.allocated.add(names["struct"])
                self.implicit("kzalloc")
            case tree.Intrinsic(name="kfree", args=(pointer,)) if isinstance(pointer.type, Pointer):
                self.allocated.add(pointer.type.struct)

    def implicit(self, construct: str) -> None:
        for name in IMPLICIT[construct]:
            self.function(name)
            for struct, field in (("wait_queue_head", "waiters"),):
                if struct in self.program.structs:
                    self.fields.add((struct, field))


class Live(Protocol):
    """Which code may run, as far as it is known (`psockmc.ir.dataflow`)."""

    def runs(self, function: str) -> bool:
        """Whether the function may be called."""

    def outcomes(self, cond: tree.Expr) -> frozenset[int]:
        """The truth values that a condition may have."""

    def filled(self, place: tree.Expr) -> bool:
        """Whether a list may ever hold anything."""


def used(program: tree.Program, scenario: tree.Scenario, live: Live | None = None) -> Used:
    """What the scenario uses, in a fixed order. live: leave out what cannot run."""
    closure = _Closure(program, live)
    for name in (scenario.setup, *(r.function for r in scenario.run), *scenario.properties):
        if name:
            closure.function(name)
    closure.nodes(tuple(arg for runner in scenario.run for arg in runner.args))
    for name, function in program.functions.items():
        if function.per_struct:
            closure.function(name)
    return Used(
        tuple(closure.functions),
        tuple(closure.instances),
        frozenset(closure.fields),
        frozenset(closure.allocated),
        tuple(sorted(closure.taken)),
    )


# ---------------------------------------------------------------- points-to

Holder = tuple[str, str, str]  # ("field", struct, name), ("var", function, name) or ("result", function, "")

_STORES = ("WRITE_ONCE", "rcu_assign_pointer", "RCU_INIT_POINTER", "smp_store_release", "xchg", "atomic_set")


class PointsTo:
    """For every place that can hold a function pointer, the functions it may hold (flow- and context-insensitive)."""

    def __init__(self, program: tree.Program, scenario: tree.Scenario, use: Used) -> None:
        self.program = program
        self.holds: dict[Holder, set[str]] = {}
        self.changed = True
        for runner in scenario.run:
            self.arguments(runner.function, runner.args, "")
        functions = [program.functions[name] for name in use.functions]
        nodes = [(f, list(walk(f.body))) for f in functions]
        for struct in program.structs.values():
            for declared in struct.fields:
                if declared.default is not None:
                    self.add(("field", struct.name, declared.name), self.targets(declared.default, ""))
        while self.changed:
            self.changed = False
            for name in use.instances:
                instance = program.instances[name]
                for field, value in instance.values.items():
                    self.add(("field", instance.struct, field), self.targets(value, ""))
            for function, parts in nodes:
                for part in parts:
                    self.flow(part, function.name)

    def add(self, holder: Holder, names: Iterable[str]) -> None:
        """The place may hold these functions, too."""
        known = self.holds.setdefault(holder, set())
        fresh = set(names) - known
        if fresh:
            known |= fresh
            self.changed = True

    def holder(self, expr: tree.Expr, function: str) -> Holder | None:
        """The place an expression names, if it names one."""
        match expr:
            case tree.Var(name=name):
                return ("var", function, name)
            case tree.FieldOf(struct=struct, name=name):
                return ("field", struct, name)
            case tree.ElementOf(base=base):
                return self.holder(base, function)
        return None

    def targets(self, expr: tree.Expr, function: str) -> frozenset[str]:
        """The functions that the value of an expression may be."""
        match expr:
            case tree.FunctionRef(name=name):
                return frozenset((name,))
            case tree.Conditional(then=then, other=other):
                return self.targets(then, function) | self.targets(other, function)
            case tree.Call(function=callee):
                return frozenset(self.holds.get(("result", callee, ""), ()))
            case tree.CallPointer(target=target):
                callees = self.targets(target, function)
                return frozenset(f for c in callees for f in self.holds.get(("result", c, ""), ()))
            case tree.Intrinsic(args=args) if args:
                return frozenset(f for a in args for f in self.targets(a, function))
        where = self.holder(expr, function)
        return frozenset(self.holds.get(where, ())) if where else frozenset()

    def flow(self, node: object, function: str) -> None:
        """Add what one node copies."""
        match node:
            case tree.Assign(target=target, value=value) if isinstance(target.type, FunctionPointer):
                self.copy(target, value, function)
            case tree.Intrinsic(name=name, args=(place, value)) if name in _STORES:
                self.copy(place, value, function)
            case tree.Intrinsic(name="cmpxchg", args=(place, _, value)):
                self.copy(place, value, function)
            case tree.Call(function=callee, args=args):
                self.arguments(callee, args, function)
            case tree.CallPointer(target=target, args=args):
                for callee in self.targets(target, function):
                    self.arguments(callee, args, function)
            case tree.Return(value=value) if value is not None:
                self.add(("result", function, ""), self.targets(value, function))

    def copy(self, target: tree.Expr, value: tree.Expr, function: str) -> None:
        """`target = value`."""
        where = self.holder(target, function)
        if where and isinstance(target.type, FunctionPointer):
            self.add(where, self.targets(value, function))

    def arguments(self, callee: str, args: tuple[tree.Expr, ...], function: str) -> None:
        """A call binds its arguments to the parameters."""
        for param, arg in zip(self.program.functions[callee].params, args, strict=True):
            if isinstance(param.type, FunctionPointer):
                self.add(("var", callee, param.name), self.targets(arg, function))


# ---------------------------------------------------------------- embedded structs


def embedded(structs: Mapping[str, tree.Struct], struct: str, wanted: str) -> Iterator[tuple[str, ...]]:
    """Paths of fields in `struct` at which a struct `wanted`, or an array of them, is embedded."""
    for field in structs[struct].fields:
        inner = leaf_type(field.type)
        if isinstance(inner, StructType):
            if inner.name == wanted:
                yield (field.name,)
            for path in embedded(structs, inner.name, wanted):
                yield (field.name, *path)


def leaf_type(t: Type) -> Type:
    """The element type below arrays."""
    while isinstance(t, ArrayType):
        t = t.element
    return t
