"""Expressions evaluated atomically: conditions of properties, `check`, `assume`, and what a sleeper waits for.

Nothing here is a step. A load through NULL or from outside an array gives 0; the fields of an object that is not live
have their initial values, since freed objects are reset: conditions guard with `live`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from psockmc.ir import system as ir
from psockmc.ir.memory import Memory
from psockmc.ir.places import Ref, add, elements, multiply
from psockmc.ir.reach import walk
from psockmc.lang import tree
from psockmc.lang.types import ContextType, ListType, Pointer, StructType, Type

if TYPE_CHECKING:
    from psockmc.ir.inline import Inliner

ZERO, ONE = ir.Const(0), ir.Const(1)


class Pure:
    """Translates expressions without emitting nodes.

    Names mean what they mean in the inliner's current call, unless `names` says otherwise (properties have no inliner
    call).
    """

    def __init__(self, memory: Memory, inliner: Inliner) -> None:
        self.memory, self.inliner = memory, inliner
        self.names: list[Mapping[str, ir.Expr | Ref]] = []

    @staticmethod
    def reads_memory(expr: tree.Expr) -> bool:
        """Whether the expression loads anything shared."""
        return any(isinstance(n, (tree.FieldOf, tree.Call, tree.Quantifier, tree.Intrinsic)) for n in walk(expr))

    def truth(self, expr: tree.Expr) -> ir.Expr:
        """The expression as a condition."""
        return self.value(expr)

    def value(self, expr: tree.Expr) -> ir.Expr:
        """The value of an expression in one state."""
        match expr:
            case tree.Literal(value=value):
                return ir.Const(value)
            case tree.Var(name=name):
                bound = self._name(name)
                if not isinstance(bound, ir.Expr):
                    raise AssertionError(f"{name} is a place, not a value")
                return bound
            case tree.InstanceRef(name=name):
                return ir.Const(self.memory.instances[name])
            case tree.FunctionRef(name=name):
                return ir.Const(self.memory.function_value(name))
            case tree.FieldOf() | tree.ElementOf():
                return self._load(self.place(expr))
            case tree.Unary(op=op, operand=operand, type=t):
                return self.inliner.unary(op, self.value(operand), operand.type, t)
            case tree.Binary(op=("and" | "or") as op, left=left, right=right):
                return ir.Op(op, (self.value(left), self.value(right)))
            case tree.Binary(left=left, right=right):
                return self.inliner.binary(expr, self.value(left), self.value(right))
            case tree.Conditional(cond=cond, then=then, other=other, type=t):
                return ir.Op("?:", (self.value(cond), self._converted(then, t), self._converted(other, t)))
            case tree.Call(function=name, args=args):
                return self._call(self.memory.program.functions[name], args)
            case tree.Quantifier():
                return self._quantifier(expr)
            case tree.Intrinsic():
                return self._word(expr)
            case _:
                raise AssertionError(f"not an expression of a condition: {expr}")

    def _converted(self, expr: tree.Expr, t: Type) -> ir.Expr:
        return self.inliner.convert(self.value(expr), expr.type, t)

    def _name(self, name: str) -> ir.Expr | Ref:
        for scope in reversed(self.names):
            if name in scope:
                return scope[name]
        bound = self.inliner.binding(name)
        return ir.Local(bound) if isinstance(bound, int) else bound

    # ------------------------------------------------------------ places

    def place(self, expr: tree.Expr) -> Ref:
        """The place an expression names. Of its tests only the bounds of arrays count."""
        match expr:
            case tree.Var(name=name):
                bound = self._name(name)
                if isinstance(bound, Ref):
                    return bound
            case tree.FieldOf(base=base, name=name, type=t):
                if isinstance(base.type, Pointer):
                    return Ref(base.type.struct, self.value(base), (name,), ZERO, t, ())
                outer = self.place(base)
                offset = multiply(outer.index, elements(self.memory, t))
                return Ref(outer.root, outer.pointer, (*outer.path, name), offset, t, outer.tests)
            case tree.ElementOf(base=base, index=index, type=t):
                at = self.value(index)
                return self.inliner.element(
                    self.place(base), add(at, ir.Const(-1)) if index.type == ContextType() else at, t
                )
        raise AssertionError(f"not a place: {expr}")

    def _load(self, ref: Ref, offset: int = 0) -> ir.Expr:
        field, index = self.inliner.locate(ref)
        value: ir.Expr = ir.Load(field, add(index, ir.Const(offset)))
        for test in ref.tests:
            if not isinstance(test, ir.Deref) and (inside := self.inliner.inside(*test)) is not None:
                value = ir.Op("?:", (inside, value, ZERO))
        return value

    # ------------------------------------------------------------ functions and words

    def _call(self, function: tree.Function, args: tuple[tree.Expr, ...]) -> ir.Expr:
        """A `@pure` function: nested ifs and returns become one conditional expression."""
        scope: dict[str, ir.Expr | Ref] = {}
        for param, arg in zip(function.params, args, strict=True):
            is_place = isinstance(param.type, StructType)
            scope[param.name] = self.place(arg) if is_place else self._converted(arg, param.type)
        self.names.append(scope)
        try:
            return self.body(function.body, function.result)
        finally:
            self.names.pop()

    def body(self, body: tuple[tree.Stmt, ...], result: Type) -> ir.Expr:
        """The value returned by the statements of a property or `@pure` function: ifs and returns only."""
        if not body:
            return ZERO
        match body[0]:
            case tree.Return(value=value) if value is not None:
                return self._converted(value, result)
            case tree.If(cond=cond, then=then, other=other):
                yes, no = (self.body((*branch, *body[1:]), result) for branch in (then, other))
                return ir.Op("?:", (self.value(cond), yes, no))
        raise AssertionError(f"not a statement of a property: {body[0]}")

    def _word(self, expr: tree.Intrinsic) -> ir.Expr:
        match expr.name, expr.args:
            case "live", (pointer,) if isinstance(pointer.type, Pointer):
                return self.memory.live(pointer.type.struct, self.value(pointer))
            case (("READ_ONCE" | "rcu_dereference" | "smp_load_acquire" | "data_race" | "atomic_read"), (place,)):
                return self._load(self.place(place))
            case "test_bit", (tree.Literal(value=bit), place):
                return ir.Op("&", (ir.Op(">>", (self._load(self.place(place)), ir.Const(bit))), ONE))
            case "list_empty", (place,):
                return ir.Op("==", (self._load(self.place(place)), ZERO))
            case "list_first_entry_or_null", (place,):
                return self._load(self.place(place))
            case "current", ():
                return ir.Const(self.inliner.context + 1)
            case "current_bit", ():
                return ir.Const(1 << self.inliner.context)
        raise AssertionError(f"{expr.name} has no value in a condition")

    # ------------------------------------------------------------ quantifiers

    def _quantifier(self, expr: tree.Quantifier) -> ir.Expr:
        terms = [self._instance(expr, element, guard) for element, guard in self._domain(expr)]
        if expr.kind == "all":
            return ir.Op("and", tuple(ir.Op("or", (ir.Op("not", (g,)), b)) for g, b in terms)) if terms else ONE
        if expr.kind == "any":
            return ir.Op("or", tuple(ir.Op("and", (g, b)) for g, b in terms)) if terms else ZERO
        total: ir.Expr = ZERO
        for guard, body in terms:
            total = ir.Op("+", (total, ir.Op("and", (guard, body))))
        return total

    def _instance(self, expr: tree.Quantifier, element: ir.Expr, guard: ir.Expr) -> tuple[ir.Expr, ir.Expr]:
        self.names.append({expr.var: element})
        try:
            if expr.cond is not None:
                guard = ir.Op("and", (guard, self.value(expr.cond)))
            return guard, self.value(expr.body)
        finally:
            self.names.pop()

    def _domain(self, expr: tree.Quantifier) -> list[tuple[ir.Expr, ir.Expr]]:
        """(element, whether it is there) for every element the domain can have."""
        if expr.place is None:
            if expr.struct not in self.memory.pools:
                return []  # the scenario has no such objects
            objects = self.memory.objects[self.memory.pools[expr.struct]]
            pointers = [ir.Const(i + 1) for i in range(len(objects))]
            return [(p, self.memory.live(expr.struct, p)) for p in pointers]
        ref = self.place(expr.place)
        if isinstance(ref.type, ListType):
            room = len(self.memory.objects[self.memory.pools[ref.type.struct]])
            cells = [self._load(ref, i) for i in range(room)]
            return [(c, ir.Op("!=", (c, ZERO))) for c in cells]
        return [(self._load(ref, i), ONE) for i in range(elements(self.memory, ref.type))]
