"""Proofs without loops once more, over bit-vectors: every number in its C width, MAX_MSG_FRAGS unknown.

The engine of `psockmc.prove.execute` computes with integers and makes an obligation of every place where C could lose
a value. Here the same typed functions are computed as C does it: an `u32` is 32 bits, sums wrap around, conversions
extend or cut off. Nothing is shared with the other engine but the typed program, so that equal verdicts say that
integers with obligations are C. Bounded integers (constants, choices) are exact in the language; they are WIDE bits
with a sign.

Execution is predicated: there is one memory, and every store keeps the old value where the present path is not taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, TypeVar

import z3

from psockmc.explore.verdict import Verdict
from psockmc.lang import tree
from psockmc.lang.types import Bool, Bounded, CInt, Pointer, StructType, Type
from psockmc.lang.walk import all_expressions, statements
from psockmc.prove.execute import SAFETY, claim_of
from psockmc.prove.fragments import LEAST, MOST, NAME, Constants
from psockmc.prove.machine import Unsupported, bounds

WIDE = 72
"""Bits for exact integers: the language has none beyond 64 bits, sums and differences of two need two more."""
SECONDS = 60.0
LOOPS = (tree.While, tree.ForRange, tree.ForList)
READS = frozenset(("READ_ONCE", "data_race", "smp_load_acquire", "atomic_read"))
WRITES = frozenset(("WRITE_ONCE", "smp_store_release", "atomic_set"))
Node = Any
"""A Z3 expression."""
T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """A scalar or a struct in memory: the name of its field, without indices, and the index of the array on the way."""

    path: tuple[str, ...]
    index: Node | None = None


@dataclass(frozen=True)
class Met:
    """What is assumed or must hold, in the order in which it is met. kind: `assume`, `check` or one of SAFETY."""

    kind: str
    claim: str
    sentence: str
    path: Node
    cond: Node


@dataclass
class _Frame:
    """One call. done: whether it has returned; result: what."""

    function: tree.Function
    locals: dict[str, Node | Place]
    result: Node | None = None


@dataclass
class Bits:
    """One run of a proof, all paths at once. Raises Unsupported."""

    program: tree.Program
    constants: Constants
    frags: Node
    met: list[Met] = field(default_factory=list)
    unknowns: dict[str, Node] = field(default_factory=dict)
    memory: dict[tuple[str, ...], Node] = field(default_factory=dict)
    objects: list[tuple[str, str]] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)
    path: Node = field(default_factory=lambda: z3.BoolVal(True))
    intended: int = 0

    def run(self, proof: tree.Function) -> None:
        """Executes the proof; its parameters are objects with arbitrary content."""
        self.objects = [(p.name, p.type.struct) for p in proof.params if isinstance(p.type, Pointer)]
        self.objects += [(i.name, i.struct) for i in self.program.instances.values()]
        arguments = {p.name: _wide(number) for number, p in enumerate(proof.params, 1)}
        self._call(proof, arguments)

    def note(self, kind: str, claim: str, sentence: str, cond: Node) -> None:
        """Notes an assumption or a claim at the present place."""
        self.met.append(Met(kind, claim, sentence, self.path, z3.simplify(cond)))

    def _call(self, function: tree.Function, arguments: dict[str, Node | Place]) -> Node | None:
        frame = _Frame(function, arguments)
        self.frames.append(frame)
        before = self.path
        self._block(function.body)
        self.path = before
        self.frames.pop()
        return frame.result

    # ------------------------------------------------------------ statements

    def _block(self, body: Sequence[tree.Stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, statement: tree.Stmt) -> None:
        match statement:
            case tree.Assign(target=target, value=value):
                self._assign(target, self.converted(value, target.type))
            case tree.Evaluate(value=value):
                self._any(value)
            case tree.If(cond=cond, then=then, other=other):
                self._branch(self.truth(cond), lambda: self._block(then), lambda: self._block(other))
            case tree.Return(value=value):
                self._return(value)
            case tree.Atomic(body=body):
                self._block(body)
            case tree.Check(cond=cond, sentence=sentence):
                self.note("check", *claim_of(sentence), self.truth(cond))
            case tree.AssumeThat(cond=cond):
                self.note("assume", "", "", self.truth(cond))
            case tree.CoverThat() | tree.Omits():
                pass
            case _:
                raise Unsupported("a proof over bit-vectors has no loops", statement.span)

    def _branch(self, cond: Node, then: Callable[[], T], other: Callable[[], T]) -> tuple[T, T]:
        """Both sides, each on its path; what returns in them is off the path behind."""
        before = self.path
        self.path = z3.And(before, cond)
        first, reached = then(), self.path
        self.path = z3.And(before, z3.Not(cond))
        second = other()
        self.path = z3.simplify(z3.Or(reached, self.path))
        return first, second

    def _return(self, value: tree.Expr | None) -> None:
        frame = self.frames[-1]
        if value is not None:
            result = self.converted(value, frame.function.result)
            frame.result = result if frame.result is None else z3.If(self.path, result, frame.result)
        self.path = z3.BoolVal(False)

    def _assign(self, target: tree.Expr, value: Node) -> None:
        if isinstance(target, tree.Var):
            values = self.frames[-1].locals
            old = values.get(target.name)
            values[target.name] = value if old is None else z3.If(self.path, value, old)
        else:
            for cond, place in self.places(target):
                self._store(z3.And(self.path, cond), place, target.type, value)

    # ------------------------------------------------------------ memory

    def places(self, expr: tree.Expr) -> list[tuple[Node, Place]]:
        """Where an expression can lie in memory, each with the condition under which it is meant."""
        match expr:
            case tree.Var(name=name, type=StructType()):
                return [(z3.BoolVal(True), self.frames[-1].locals[name])]
            case tree.FieldOf(base=base, name=name) if isinstance(base.type, Pointer):
                return [(cond, Place((obj, name))) for cond, obj in self._pointees(base)]
            case tree.FieldOf(base=base, name=name):
                return [(cond, Place((*place.path, name), place.index)) for cond, place in self.places(base)]
            case tree.ElementOf(base=base, index=index):
                at = self._index(base, index)
                found = self.places(base)
                if any(place.index is not None for _, place in found):
                    raise Unsupported("a proof over bit-vectors has no arrays of arrays", expr.span)
                return [(cond, Place((*place.path, "[]"), at)) for cond, place in found]
        raise Unsupported("this is no place in memory", expr.span)

    def _pointees(self, expr: tree.Expr) -> Iterator[tuple[Node, str]]:
        pointer = self._any(expr)
        assert isinstance(expr.type, Pointer)
        self.note("pointer", "pointer", "the pointer is not NULL", pointer != 0)
        for number, (name, struct) in enumerate(self.objects, 1):
            if struct == expr.type.struct:
                same = z3.simplify(pointer == number)
                if not z3.is_false(same):
                    yield same, name

    def _index(self, base: tree.Expr, index: tree.Expr) -> Node:
        if not isinstance(base, tree.FieldOf):
            raise Unsupported("the length of the array is not written here", base.span)
        declared = self.program.structs[base.struct].field(base.name)
        assert declared is not None
        at = self.exact(index)
        length = self.constants.length(declared, self.frags)
        self.note("index", "index", f"the index is in the array `{base.name}`", z3.And(at >= 0, at < length))
        return at

    def _load(self, place: Place, t: Type) -> Node:
        stored = self._stored(place, t)
        return stored if place.index is None else z3.Select(stored, place.index)

    def _store(self, cond: Node, place: Place, t: Type, value: Node) -> None:
        old = self._stored(place, t)
        new = value if place.index is None else z3.Store(old, place.index, value)
        self.memory[place.path] = z3.If(cond, new, old)

    def _stored(self, place: Place, t: Type) -> Node:
        if place.path not in self.memory:
            self.memory[place.path] = self._initial(place, t)
        return self.memory[place.path]

    def _initial(self, place: Place, t: Type) -> Node:
        """What a proof's objects hold at the beginning is unknown; instances hold 0."""
        name = ".".join(place.path).replace(".[]", "[]")
        if place.path[0] in self.program.instances:
            if self.program.instances[place.path[0]].values:
                raise Unsupported("an instance with values", self.program.instances[place.path[0]].span)
            zero = z3.BoolVal(False) if isinstance(t, Bool) else z3.BitVecVal(0, _bits(t))
            return zero if place.index is None else z3.K(z3.BitVecSort(WIDE), zero)
        sort = z3.BoolSort() if isinstance(t, Bool) else z3.BitVecSort(_bits(t))
        if place.index is not None:
            sort = z3.ArraySort(z3.BitVecSort(WIDE), sort)
        node = self.unknowns[name] = z3.Const(name, sort)
        if isinstance(t, Pointer) and place.index is None:
            numbers = [0, *(n for n, (_, struct) in enumerate(self.objects, 1) if struct == t.struct)]
            self.met.insert(0, Met("assume", "", "", z3.BoolVal(True), z3.Or([node == n for n in numbers])))
        elif not isinstance(t, Bool | CInt):
            raise Unsupported(f"arbitrary content of `{name}`", self.frames[-1].function.span)
        return node

    # ------------------------------------------------------------ values

    def truth(self, expr: tree.Expr) -> Node:
        """A condition."""
        value = self._value(expr)
        return value if z3.is_bool(value) else value != 0

    def exact(self, expr: tree.Expr) -> Node:
        """The number as an exact integer of WIDE bits."""
        return _extended(self._value(expr), expr.type, WIDE)

    def converted(self, expr: tree.Expr, target: Type) -> Node:
        """The value as C converts it to `target`; that it is kept is noted."""
        if isinstance(target, Bool):
            return self.truth(expr)
        if not isinstance(target, CInt | Bounded):
            return self._value(expr)
        number = self.exact(expr)
        result = number if isinstance(target, Bounded) else z3.Extract(target.bits - 1, 0, number)
        lo, hi = bounds(target)
        self._wrap(z3.And(number >= lo, number <= hi), f"the value leaves {lo}..{hi}")
        return result

    def _wrap(self, kept: Node, sentence: str) -> None:
        if not self.intended:
            self.note("wrap", "wrap", sentence, kept)

    def _value(self, expr: tree.Expr) -> Node:
        value = self._any(expr)
        if value is None:
            raise Unsupported("this has no value", expr.span)
        return value

    def _any(self, expr: tree.Expr) -> Node | None:
        match expr:
            case tree.Literal():
                return self._literal(expr)
            case tree.Var(name=name):
                return self.frames[-1].locals[name]
            case tree.InstanceRef(name=name):
                return _wide([obj for obj, _ in self.objects].index(name) + 1)
            case tree.FieldOf() | tree.ElementOf():
                return self._read(expr)
            case tree.Unary():
                return self._unary(expr)
            case tree.Binary():
                return self._binary(expr)
            case tree.Conditional(cond=cond, then=then, other=other, type=t):
                holds = self.truth(cond)
                first, second = self._branch(holds, lambda: self.converted(then, t), lambda: self.converted(other, t))
                return z3.If(holds, first, second)
            case tree.Call():
                return self._called(expr)
            case tree.Intrinsic():
                return self._word(expr)
        raise Unsupported("a proof over bit-vectors has no quantifiers and no function pointers", expr.span)

    def _literal(self, expr: tree.Literal) -> Node:
        if isinstance(expr.type, Bool):
            return z3.BoolVal(bool(expr.value))
        value = self.constants.of_literal(expr, self.frags)
        return _wide(expr.value if value is None else value)

    def _read(self, expr: tree.Expr) -> Node:
        (_, first), *rest = reversed(self.places(expr))
        value = self._load(first, expr.type)
        for cond, place in rest:
            value = z3.If(cond, self._load(place, expr.type), value)
        return value

    def _called(self, expr: tree.Call) -> Node | None:
        function = self.program.functions[expr.function]
        arguments: dict[str, Node | Place] = {}
        for param, arg in zip(function.params, expr.args, strict=True):
            if isinstance(param.type, StructType):
                (_, place), *others = self.places(arg)
                if others:
                    raise Unsupported("a reference to one of several structs", arg.span)
                arguments[param.name] = place
            else:
                arguments[param.name] = self.converted(arg, param.type)
        return self._call(function, arguments)

    # ------------------------------------------------------------ operators

    def _unary(self, expr: tree.Unary) -> Node:
        if expr.op == "not":
            return z3.Not(self.truth(expr.operand))
        value = self.converted(expr.operand, expr.type)
        if expr.op == "~":
            return ~value
        return self._arithmetic("-", z3.BitVecVal(0, value.size()), value, expr.type)

    def _binary(self, expr: tree.Binary) -> Node:
        if expr.op in ("and", "or"):
            return self._logical(expr)
        if expr.op in ("==", "!=", "<", "<=", ">", ">="):
            return self._comparison(expr)
        if isinstance(expr.type, Bool):
            left, right = self.truth(expr.left), self.truth(expr.right)
            return {"&": z3.And(left, right), "|": z3.Or(left, right), "^": z3.Xor(left, right)}[expr.op]
        left, right = (self._operand(side, expr.type) for side in (expr.left, expr.right))
        return self._arithmetic(expr.op, left, right, expr.type)

    def _operand(self, expr: tree.Expr, t: Type) -> Node:
        return self.converted(expr, t) if isinstance(t, CInt) else self.exact(expr)

    def _arithmetic(self, op: str, left: Node, right: Node, t: Type) -> Node:
        """C's operator in the width of the operation; that more bits would give the same is noted."""
        signed = not isinstance(t, CInt) or t.signed
        if op in ("+", "-", "*"):
            size = left.size() if op == "*" else 2
            extend = z3.SignExt if signed else z3.ZeroExt
            result = _OPERATORS[op](left, right)
            if isinstance(t, CInt):
                exact = _OPERATORS[op](extend(size, left), extend(size, right))
                self._wrap(extend(size, result) == exact, f"the value leaves {t.name}")
            return result
        if op in ("//", "%"):
            self.note("division", "division", "no division by zero", right != 0)
            if op == "//":
                return left / right if signed else z3.UDiv(left, right)
            return z3.SRem(left, right) if signed else z3.URem(left, right)
        if op == ">>":
            return left >> right if signed else z3.LShR(left, right)
        return _OPERATORS[op](left, right)

    def _comparison(self, expr: tree.Binary) -> Node:
        common = expr.common
        if isinstance(common, Bool):
            same = self.truth(expr.left) == self.truth(expr.right)
            return same if expr.op == "==" else z3.Not(same)
        left, right = (
            self.converted(side, common) if isinstance(common, CInt) else self.exact(side)
            for side in (expr.left, expr.right)
        )
        signed = not isinstance(common, CInt) or common.signed
        match expr.op:
            case "==":
                return left == right
            case "!=":
                return left != right
            case "<":
                return left < right if signed else z3.ULT(left, right)
            case "<=":
                return left <= right if signed else z3.ULE(left, right)
            case ">":
                return left > right if signed else z3.UGT(left, right)
        return left >= right if signed else z3.UGE(left, right)

    def _logical(self, expr: tree.Binary) -> Node:
        """The right side is evaluated only where the left one does not decide."""
        left = self.truth(expr.left)
        goes_on = left if expr.op == "and" else z3.Not(left)
        decided = z3.BoolVal(expr.op == "or")
        right, otherwise = self._branch(goes_on, lambda: self.truth(expr.right), lambda: decided)
        return z3.If(goes_on, right, otherwise)

    # ------------------------------------------------------------ words

    def _word(self, expr: tree.Intrinsic) -> Node | None:
        match expr.name:
            case name if name in READS:
                return self._read(expr.args[0])
            case name if name in WRITES:
                self._assign(expr.args[0], self.converted(expr.args[1], expr.args[0].type))
                return None
            case "wrapping":
                self.intended += 1
                try:
                    return self._value(expr.args[0])
                finally:
                    self.intended -= 1
            case "arbitrary":
                return self._fresh(expr, *(self.constants.argument(expr, n, self.frags) for n in (0, 1)))
            case "choose" if isinstance(expr.type, Bool):
                return self._fresh(expr, 0, 1) == 1
            case "choose":
                return self._fresh(expr, 0, self.constants.argument(expr, 0, self.frags) - 1)
        raise Unsupported(f"a proof over bit-vectors has no `{expr.name}`", expr.span)

    def _fresh(self, expr: tree.Intrinsic, lo: Node | int, hi: Node | int) -> Node:
        calls = "/".join(frame.function.name for frame in self.frames)
        name = f"{expr.name} {calls}:{expr.span.line}:{expr.span.column}#{len(self.unknowns)}"
        node = self.unknowns[name] = z3.BitVec(name, WIDE)
        self.met.insert(0, Met("assume", "", "", z3.BoolVal(True), z3.And(node >= lo, node <= hi)))
        return node


_OPERATORS: dict[str, Callable[[Node, Node], Node]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b,
}


def _wide(value: Node | int) -> Node:
    return z3.BitVecVal(value, WIDE) if isinstance(value, int) else value


def _bits(t: Type) -> int:
    return t.bits if isinstance(t, CInt) else WIDE


def _extended(value: Node, t: Type, size: int) -> Node:
    """A value of type t as an exact integer."""
    if z3.is_bool(value):
        return z3.If(value, z3.BitVecVal(1, size), z3.BitVecVal(0, size))
    if not isinstance(t, CInt):
        return value
    return (z3.SignExt if t.signed else z3.ZeroExt)(size - t.bits, value)


# ---------------------------------------------------------------- verdicts


@dataclass(frozen=True)
class ScalarVerdict:
    """What is true of one claim for every MAX_MSG_FRAGS in LEAST..MOST. values: numbers that break it, that one too."""

    op: str
    claim: str
    sentence: str
    verdict: Verdict
    basis: str
    seconds: float
    frags: str = f"{LEAST}..{MOST}"
    values: dict[str, int] = field(default_factory=dict)


def without_loops(program: tree.Program) -> list[tree.Function]:
    """The proofs that get to no loop: those that can be proved for an unknown number of fragments."""
    return [f for f in program.functions.values() if f.role == "proof" and not has_loops(program, f)]


def has_loops(program: tree.Program, proof: tree.Function) -> bool:
    """Whether a proof gets to a loop."""
    pending, seen = [proof.name], {proof.name}
    while pending:
        body = program.functions[pending.pop()].body
        if any(isinstance(s, LOOPS) for s in statements(body)):
            return True
        for expr in all_expressions(body):
            if isinstance(expr, tree.Quantifier):
                return True
            if isinstance(expr, tree.Call) and expr.function not in seen:
                seen.add(expr.function)
                pending.append(expr.function)
    return False


def verdicts_of(program: tree.Program, proof: tree.Function, timeout: float = SECONDS) -> list[ScalarVerdict]:
    """The verdict of each claim of a proof without loops.

    As in `psockmc.prove.proof`, a claim is about the runs that get to it and break no claim of SAFETY before.
    """
    started = time.monotonic()
    frags = z3.BitVec(NAME, WIDE)
    run = Bits(program, Constants(program), frags)
    try:
        run.run(proof)
    except Unsupported as error:
        basis = f"not proved over bit-vectors: {error.message} ({error.span.file}:{error.span.line})"
        return [ScalarVerdict(proof.property_id, "all", "", Verdict.UNDETERMINED, basis, time.monotonic() - started)]
    run.unknowns[NAME] = frags
    arrays = any(z3.is_array(value) for value in run.memory.values())
    sane: list[Node] = [frags >= LEAST, frags <= MOST]
    broken: dict[str, list[Node]] = {}
    reached: dict[str, list[Node]] = {}
    sentences: dict[str, str] = {}
    for met in run.met:
        holds = z3.Implies(met.path, met.cond)
        if met.kind != "assume":
            sentences.setdefault(met.claim, met.sentence)
            broken.setdefault(met.claim, []).append(z3.And(*sane, z3.Not(holds)))
            reached.setdefault(met.claim, []).append(z3.And(*sane, met.path))
        if met.kind == "assume" or met.kind in SAFETY:
            sane.append(holds)
    asked = _Asked("QF_AUFBV" if arrays else "QF_BV", run.unknowns, timeout)
    return [
        _verdict(asked, proof.property_id, claim, sentences[claim], broken[claim], reached[claim])
        for claim in sentences
    ]


@dataclass(frozen=True)
class _Asked:
    """How the solver is asked. logic: in the words of SMT-LIB; without arrays there is a faster one."""

    logic: str
    unknowns: dict[str, Node]
    timeout: float


def _verdict(
    asked: _Asked, op: str, claim: str, sentence: str, broken: list[Node], reached: list[Node]
) -> ScalarVerdict:
    started = time.monotonic()
    solver = z3.SolverFor(asked.logic)
    solver.set("timeout", int(asked.timeout * 1000))
    verdict, basis = Verdict.HOLDS, f"every number in its C width, every {NAME} in {LEAST}..{MOST}"
    values: dict[str, int] = {}
    answer = solver.check(z3.Or(broken))
    if answer == z3.sat:
        verdict, basis = Verdict.VIOLATED, "numbers that break it in C's arithmetic"
        values = _numbers(solver.model(), asked.unknowns)
    elif answer == z3.unknown:
        verdict, basis = Verdict.UNDETERMINED, f"not proved: the solver gave up ({solver.reason_unknown()})"
    elif claim not in SAFETY and solver.check(z3.Or(reached)) != z3.sat:
        verdict, basis = Verdict.UNDETERMINED, "vacuous: no run gets to the check"
    return ScalarVerdict(op, claim, sentence, verdict, basis, time.monotonic() - started, values=values)


def _numbers(model: Any, unknowns: dict[str, Node]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, node in unknowns.items():
        value = model.eval(node, model_completion=True)
        if z3.is_bool(value):
            found[name] = int(z3.is_true(value))
        elif z3.is_bv_value(value):
            found[name] = value.as_signed_long() if value.size() == WIDE else value.as_long()
    return found


def scalar_verdicts(root: File, variants: Sequence[File] = (), timeout: float = SECONDS) -> list[ScalarVerdict]:
    """The claims of all proofs without loops under checks/ring, for every MAX_MSG_FRAGS that a kernel can have."""
    from psockmc.prove.rings import load

    program = load(root, LEAST, variants)
    return [verdict for proof in without_loops(program) for verdict in verdicts_of(program, proof, timeout)]
