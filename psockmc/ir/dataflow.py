"""Which values a field, local, parameter or result may ever hold, and which code can therefore run.

Flow- and context-insensitive: one set of numbers for each holder, for all objects and all calls together, found by
adding to the sets until nothing changes. It begins optimistically: code counts as running only once a condition in
front of it may hold with the sets so far. So a program pointer that is loaded from a field that is NULL after the
setup, and only ever stored back into such fields, stays NULL, and what stands behind a test of it is never built.

Nothing depends on this being right: where a fact from here is used, the code that is built is cut
(`psockmc.ir.system.Cut`) as soon as a run contradicts it, and up to there a run has relied on true facts only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

from psockmc.explore.reference import OPERATORS
from psockmc.ir.memory import Memory
from psockmc.ir.reach import FieldKey, Holder
from psockmc.lang import tree
from psockmc.lang.types import (
    Bool,
    Bounded,
    CInt,
    ContextSet,
    FlagsType,
    FunctionPointer,
    ListType,
    Pointer,
    StructType,
    Type,
)

Values = frozenset[int] | None
"""The numbers that may be here; None: any. Empty: control does not get here."""

NOTHING: Values = frozenset()
BOTH: Values = frozenset((0, 1))
MOST = 64  # a larger set counts as any number
MOST_PAIRS = 1024

_READS = ("READ_ONCE", "rcu_dereference", "smp_load_acquire", "data_race", "atomic_read")
_WRITES = ("WRITE_ONCE", "rcu_assign_pointer", "RCU_INIT_POINTER", "smp_store_release", "atomic_set", "xchg")


class Dataflow:
    """The sets of one scenario's code.

    holds: by holder. reached: functions that may be called. stored: fields to which code that may run stores.
    """

    def __init__(self, program: tree.Program, memory: Memory, may_fail: Iterable[str]) -> None:
        self.program, self.memory, self.may_fail = program, memory, frozenset(may_fail)
        self.holds: dict[Holder, Values] = {}
        self.stored: set[FieldKey] = set()
        self.reached: dict[str, None] = {}
        self._outcomes: dict[int, Values] = {}
        self._readers: dict[Holder | FieldKey, set[str]] = {}
        self._todo: dict[str, None] = {}
        self._function = ""
        self._breaks: list[bool] = []

    def begin(self, shared: Iterable[int]) -> None:
        """Take over what the fields hold at the beginning, and what they hold in a new object."""
        cells = tuple(shared)
        for (root, _), leaf in self.memory.leaves.items():
            where, key = self.memory.fields[leaf.field], (leaf.owner, leaf.declared.name)
            now = set(cells[where.base : where.base + where.count])
            if self.memory.status[self.memory.pools[root]] >= 0:
                now.add(self.default(leaf.declared))
            if isinstance(leaf.type, ListType):
                if now - {0}:
                    self._store(key)
                continue
            free = leaf.declared.ghost or leaf.type == ContextSet(grace_period=True)
            self._add(("field", *key), None if free else frozenset(now))

    def default(self, declared: tree.StructField) -> int:
        """What the field holds in a new object."""
        return self.memory.constant(declared.default) if declared.default is not None else 0

    def enter(self, name: str, args: Iterable[Values] = ()) -> None:
        """The function may be called with arguments like these (of those that are places nothing need be said)."""
        function = self.program.functions[name]
        for param, values in zip(function.params, args, strict=False):
            self._add(("var", name, param.name), self._converted(values, param.type))
        if name not in self.reached:
            self.reached[name] = None
            self._todo[name] = None

    def solve(self) -> None:
        """Go through the functions until nothing is added any more."""
        while self._todo:
            self._function = next(iter(self._todo))
            del self._todo[self._function]
            self._block(self.program.functions[self._function].body)

    # ------------------------------------------------------------ what is known

    def runs(self, function: str) -> bool:
        """Whether the function may be called."""
        return function in self.reached

    def outcomes(self, cond: tree.Expr) -> frozenset[int]:
        """The truth values that a condition may have; empty when it is never evaluated."""
        match cond:
            case tree.Unary(op="not", operand=operand):
                return frozenset(1 - v for v in self.outcomes(operand))
            case tree.Binary(op=("and" | "or") as op, left=left, right=right):
                decides, first = int(op == "or"), self.outcomes(left)
                return (first & {decides}) | self.outcomes(right) if 1 - decides in first else first
        return _truths(self._outcomes.get(id(cond), NOTHING))

    def field(self, key: FieldKey) -> Values:
        """What a field may hold."""
        return self.holds.get(("field", *key), NOTHING)

    def callees(self, target: tree.Expr, values: Values) -> list[str]:
        """The functions that a call through a pointer with these values may reach."""
        assert isinstance(target.type, FunctionPointer)
        names = self.memory.function_values.get(target.type, ())
        return [name for i, name in enumerate(names, start=1) if values is None or i in values]

    def targets(self, target: tree.Expr) -> frozenset[str]:
        """The functions that a call through this expression may reach."""
        return frozenset(self.callees(target, self._outcomes.get(id(target), NOTHING)))

    # ------------------------------------------------------------ sets

    def _add(self, holder: Holder, values: Values) -> None:
        """The holder may hold these, too."""
        known = self.holds.get(holder, NOTHING)
        if known is None or values == NOTHING:
            return
        now = None if values is None else known | values
        if now is not None and len(now) > MOST:
            now = None
        if now != known:
            self.holds[holder] = now
            self._woken(holder)

    def _woken(self, what: Holder | FieldKey) -> None:
        self._todo.update(dict.fromkeys(sorted(self._readers.get(what, ()))))

    def _read(self, holder: Holder) -> Values:
        self._readers.setdefault(holder, set()).add(self._function)
        return self.holds.get(holder, NOTHING)

    def _store(self, key: FieldKey) -> None:
        if key not in self.stored:
            self.stored.add(key)
            self._woken(key)

    def _converted(self, values: Values, target: Type) -> Values:
        """What arrives in a place of this type: C integers wrap, and what leaves a bound is cut."""
        if values is None:
            return None
        match target:
            case CInt(bits=bits, signed=signed):
                half, full = 1 << (bits - 1), 1 << bits
                return frozenset((v + half) % full - half if signed else v % full for v in values)
            case Bounded(lo, hi):
                return frozenset(v for v in values if lo <= v <= hi)
        return values

    # ------------------------------------------------------------ statements

    def _block(self, body: tuple[tree.Stmt, ...]) -> bool:
        """Whether control may get behind the statements."""
        return all(self._statement(stmt) for stmt in body)

    def _statement(self, stmt: tree.Stmt) -> bool:
        match stmt:
            case tree.Assign(target, value):
                self._assign(target, self.value(value))
            case tree.Evaluate(tree.Intrinsic(name="wait", args=args)):
                for holder in args[1:]:
                    self.value(holder)
                return 1 in _truths(self._noted(args[0], self.value(args[0])))
            case tree.Evaluate(value):
                self.value(value)
            case tree.If(cond, then, other, _):
                outcomes = self.truth(cond)
                passes = [self._block(side) for side, when in ((then, 1), (other, 0)) if when in outcomes]
                return any(passes)
            case tree.While(cond, body, _):
                return self._while(cond, body)
            case tree.ForRange(var, first, last, body, _):
                self._add(("var", self._function, var), frozenset(range(first, last)) if last - first <= MOST else None)
                self._loop(body)
            case tree.ForList(var, place, body, _):
                self._place(place)
                if self.filled(place):
                    self._add(("var", self._function, var), None)
                    self._loop(body)
            case tree.Break():
                self._breaks[-1] = True
                return False
            case tree.Continue():
                return False
            case tree.Return(value, _):
                if value is not None:
                    result = self.program.functions[self._function].result
                    self._add(("result", self._function, ""), self._converted(self.value(value), result))
                return False
            case tree.Atomic(_, body, _):
                return self._block(body)
            case tree.WaitEvent(queue, cond, _):
                self._place(queue)
                for name in ("might_sleep", "prepare_to_wait", "finish_wait"):
                    self.enter(name)
                self._hope(cond)
        return True  # check(), assume(), cover() and omits() copy nothing

    def _while(self, cond: tree.Expr, body: tuple[tree.Stmt, ...]) -> bool:
        outcomes = self.truth(cond)
        left = 1 in outcomes and self._loop(body)
        return left or 0 in outcomes

    def _loop(self, body: tuple[tree.Stmt, ...]) -> bool:
        """Whether a `break` ends the loop."""
        self._breaks.append(False)
        self._block(body)
        return self._breaks.pop()

    def _assign(self, target: tree.Expr, values: Values) -> None:
        if isinstance(target, tree.Var):
            self._add(("var", self._function, target.name), self._converted(values, target.type))
        else:
            self._write(target, values)

    def _write(self, place: tree.Expr, values: Values) -> None:
        """A store of one of the values."""
        self._place(place)
        key = _key(place)
        if key is not None:
            self._store(key)
            self._add(("field", *key), self._converted(values, place.type))

    # ------------------------------------------------------------ expressions

    def truth(self, cond: tree.Expr) -> frozenset[int]:
        """The outcomes of a condition; what a short circuit skips does not happen."""
        match cond:
            case tree.Unary(op="not", operand=operand):
                return frozenset(1 - v for v in self.truth(operand))
            case tree.Binary(op=("and" | "or") as op, left=left, right=right):
                decides = int(op == "or")
                first = self.truth(left)
                if 1 - decides not in first:
                    return first
                return (first & {decides}) | self.truth(right)
        return _truths(self._noted(cond, self.value(cond)))

    def _hope(self, cond: tree.Expr) -> None:
        """What a sleeper waits for counts as possible: what it holds until then is not leaked."""
        match cond:
            case tree.Unary(op="not", operand=operand):
                self._hope(operand)
            case tree.Binary(op="and" | "or", left=left, right=right):
                self._hope(left)
                self._hope(right)
            case _:
                self.value(cond)
                self._noted(cond, BOTH)

    def _noted(self, expr: tree.Expr, values: Values) -> Values:
        """Remember what an expression may be where it is evaluated."""
        known = self._outcomes.get(id(expr), NOTHING)
        self._outcomes[id(expr)] = values = None if values is None or known is None else known | values
        return values

    def value(self, expr: tree.Expr) -> Values:
        """What an expression may be; its effects are noted."""
        match expr:
            case tree.Literal(value=value):
                return frozenset((value,))
            case tree.InstanceRef(name=name):
                return frozenset((self.memory.instances[name],))
            case tree.FunctionRef(name=name):
                return frozenset((self.memory.function_value(name),))
            case tree.Var(name=name):
                return self._read(("var", self._function, name))
            case tree.FieldOf() | tree.ElementOf():
                return self._load(expr)
            case tree.Unary(op="not") | tree.Binary(op="and" | "or"):
                return self.truth(expr)
            case tree.Unary(op=op, operand=operand, type=t):
                return self._unary(op, self.value(operand), t)
            case tree.Binary():
                return self._binary(expr)
            case tree.Conditional(cond=cond, then=then, other=other, type=t):
                outcomes = self.truth(cond)
                sides = [self._converted(self.value(s), t) for s, w in ((then, 1), (other, 0)) if w in outcomes]
                return _union(sides)
            case tree.Call(function=name, args=args):
                return self._call(name, [self._argument(a) for a in args])
            case tree.CallPointer(target=target, args=args):
                callees = self.callees(target, self._noted(target, self.value(target)))
                values = [self._argument(a) for a in args]
                return _union([self._call(name, values) for name in callees])
            case tree.Intrinsic():
                return self._word(expr)
        raise AssertionError(f"not an expression of code: {expr}")

    def _argument(self, expr: tree.Expr) -> Values:
        """An argument's value; of a place (a struct) only the way there counts."""
        if not isinstance(expr.type, StructType):
            return self.value(expr)
        self._place(expr)
        return None

    def _call(self, name: str, args: list[Values]) -> Values:
        self.enter(name, args)
        return self._read(("result", name, ""))

    def _place(self, place: tree.Expr) -> None:
        """Evaluate the pointers and indices on the way to a place."""
        match place:
            case tree.FieldOf(base=base):
                if isinstance(base.type, Pointer):
                    self.value(base)
                else:
                    self._place(base)
            case tree.ElementOf(base=base, index=index):
                self._place(base)
                self.value(index)

    def _load(self, place: tree.Expr) -> Values:
        self._place(place)
        key = _key(place)
        return None if key is None else self._read(("field", *key))

    def filled(self, place: tree.Expr) -> bool:
        """Whether a list may ever hold anything."""
        key = _key(place)
        if key is None:
            return True
        self._readers.setdefault(key, set()).add(self._function)
        return key in self.stored

    def _unary(self, op: str, values: Values, t: Type) -> Values:
        if op == "~" and isinstance(t, ContextSet):
            return None
        if op == "~" and isinstance(t, FlagsType):
            word = sum(1 << bit for _, bit in t.members)
            return _pointwise(lambda v: v ^ word, values)
        result = _pointwise(OPERATORS["neg" if op == "-" else op], values)
        return self._converted(result, t) if isinstance(t, CInt) else result

    def _binary(self, expr: tree.Binary) -> Values:
        left, right = self.value(expr.left), self.value(expr.right)
        common = expr.common if expr.common is not None else expr.type
        if isinstance(common, CInt) and expr.op not in ("<<", ">>"):
            left, right = self._converted(left, common), self._converted(right, common)
        result = _pointwise(OPERATORS[expr.op], left, right)
        if result is None and expr.type == Bool():
            return BOTH
        return self._converted(result, expr.type) if isinstance(expr.type, CInt) else result

    # ------------------------------------------------------------ words

    def _word(self, expr: tree.Intrinsic) -> Values:
        name, args = expr.name, expr.args
        if name in _READS:
            return self._load(args[0])
        if name in _WRITES:
            old = self._load(args[0])
            self._write(args[0], self.value(args[1]))
            return old
        match name:
            case "cmpxchg":
                old = self._load(args[0])
                self.value(args[1])
                self._write(args[0], self.value(args[2]))
                return old
            case "set_bit" | "clear_bit" | "test_and_set_bit" | "test_and_clear_bit" | "test_bit":
                return self._bit(name, args[0], args[1])
            case "atomic_add" | "atomic_sub":
                sign = OPERATORS["+" if name == "atomic_add" else "-"]
                self._write(args[1], _pointwise(sign, self._load(args[1]), self.value(args[0])))
                return NOTHING
            case "list_add" | "list_add_tail" | "list_del" | "list_next_entry_or_null":
                return self._list(name, args)
            case "list_empty" | "list_first_entry_or_null":
                self._place(args[0])
                empty = frozenset((int(name == "list_empty"),))
                return empty if not self.filled(args[0]) else BOTH if name == "list_empty" else None
            case "kzalloc":
                if expr.names["gfp"] == "GFP_KERNEL":
                    self.enter("might_sleep")
                struct = expr.names["struct"]
                objects = range(0 if struct in self.may_fail else 1, len(self._objects(struct)) + 1)
                return frozenset(objects) if len(objects) <= MOST else None
            case "choose":
                return frozenset(range(int(expr.names["count"])))
            case "arbitrary":
                lo, hi = int(expr.names["lo"]), int(expr.names["hi"])
                return frozenset(range(lo, hi + 1)) if hi - lo < MOST else None
            case "container_of":
                self._place(args[0])
                return None
            case "acquired":
                self._place(args[0])
                return NOTHING
            case "wrapping":
                return self.value(args[0])
            case "kfree" | "wait":
                for arg in args:
                    self.value(arg)
                return NOTHING
        return BOTH if expr.type == Bool() else None  # about the context that runs, or without a value

    def _objects(self, struct: str) -> tuple[str, ...]:
        return self.memory.objects[self.memory.pools[struct]]

    def _bit(self, name: str, bit: tree.Expr, place: tree.Expr) -> Values:
        assert isinstance(bit, tree.Literal)
        old, one = self._load(place), 1 << bit.value
        if "set" in name:
            self._write(place, _pointwise(lambda v: v | one, old))
        elif "clear" in name:
            self._write(place, _pointwise(lambda v: v & ~one, old))
        return BOTH if old is None else _pointwise(lambda v: v >> bit.value & 1, old)

    def _list(self, name: str, args: tuple[tree.Expr, ...]) -> Values:
        self.value(args[0])
        self._place(args[1])
        key = _key(args[1])
        if name.startswith("list_add") and key is not None:
            self._store(key)
        return None


class Together:
    """What may run in the setup or in a context."""

    def __init__(self, *parts: Dataflow) -> None:
        self.parts = parts

    def runs(self, function: str) -> bool:
        """Whether one of them may call the function."""
        return any(part.runs(function) for part in self.parts)

    def outcomes(self, cond: tree.Expr) -> frozenset[int]:
        """The truth values that a condition may have in one of them."""
        return frozenset().union(*(part.outcomes(cond) for part in self.parts))

    def filled(self, place: tree.Expr) -> bool:
        """Whether one of them may fill a list."""
        return any(part.filled(place) for part in self.parts)


# ---------------------------------------------------------------- details


def _key(place: tree.Expr) -> FieldKey | None:
    while isinstance(place, tree.ElementOf):
        place = place.base
    return (place.struct, place.name) if isinstance(place, tree.FieldOf) else None


def _truths(values: Values) -> frozenset[int]:
    """The outcomes of a condition with one of these values."""
    return frozenset((0, 1)) if values is None else frozenset(int(v != 0) for v in values)


def _union(sets: list[Values]) -> Values:
    known = [s for s in sets if s is not None]
    return frozenset().union(*known) if len(known) == len(sets) else None


def _pointwise(apply: Callable[..., int], *operands: Values) -> Values:
    """The results for all combinations."""
    known = [o for o in operands if o is not None]
    if any(not o for o in known):
        return NOTHING
    count = 1
    for o in known:
        count *= len(o)
    if len(known) < len(operands) or count > MOST_PAIRS:
        return None
    return frozenset(apply(*values) for values in product(*known))
