"""Expressions in a symbolic execution: values, places, conversions, quantifiers and the words of the language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from psockmc.lang import tree
from psockmc.lang.types import ArrayType, Bool, Bounded, CInt, Pointer, StructType, Type
from psockmc.lang.walk import within
from psockmc.prove import terms
from psockmc.prove.machine import NeedsCase, Unsupported, as_number, as_truth, compare
from psockmc.prove.state import Local, Path, Place, pick
from psockmc.prove.terms import FALSE, TRUE, Term

if TYPE_CHECKING:
    from psockmc.prove.execute import Execution

READS = frozenset(("READ_ONCE", "data_race", "smp_load_acquire", "rcu_dereference", "atomic_read"))
WRITES = frozenset(("WRITE_ONCE", "smp_store_release", "rcu_assign_pointer", "RCU_INIT_POINTER", "atomic_set"))
QUIET = frozenset(("rcu_read_lock", "rcu_read_unlock"))


class Expressions:
    """Evaluates expressions in the present state of an execution."""

    def __init__(self, run: Execution) -> None:
        self.run = run
        self.tables: dict[tuple[str | bool | Local, ...], Term] = {}
        self.handlers: dict[type, Callable[[Any], Term | None]] = {
            tree.Literal: self._literal,
            tree.Var: self._local,
            tree.InstanceRef: self._instance,
            tree.FieldOf: self._loaded,
            tree.ElementOf: self._loaded,
            tree.Unary: self._unary,
            tree.Binary: self._binary,
            tree.Conditional: self._conditional,
            tree.Call: self._call,
            tree.Intrinsic: self._word,
            tree.Quantifier: self._quantifier,
        }

    # ------------------------------------------------------------ values

    def value(self, expr: tree.Expr) -> Term:
        """An integer or truth value."""
        found = self.any(expr)
        if found is not None:
            return found
        if self.run.dead:  # no run comes back from what was called: any value will do
            return FALSE if isinstance(expr.type, Bool) else terms.const(0)
        raise Unsupported("this has no value", expr.span)

    def truth(self, expr: tree.Expr) -> Term:
        """A condition."""
        value = self.value(expr)
        return value if value.truth else as_truth(value)

    def number(self, expr: tree.Expr) -> Term:
        """An integer; truth values count as 0 and 1."""
        value = self.value(expr)
        return as_number(value) if value.truth else value

    def converted(self, expr: tree.Expr, target: Type) -> Term:
        """The value as `target` holds it."""
        if isinstance(target, Bool):
            return self.truth(expr)
        value = self.number(expr)
        if isinstance(target, CInt | Bounded):
            return self.run.machine.fit(value, target, expr.span)
        return value

    def any(self, expr: tree.Expr) -> Term | None:
        """Any expression; None when it has no value."""
        handler = self.handlers.get(type(expr))
        if handler is None:
            raise Unsupported("the prover knows no function pointers", expr.span)
        return handler(expr)

    def _literal(self, expr: tree.Literal) -> Term:
        constants = self.run.settings.constants
        if expr.text in constants:
            return constants[expr.text]
        return terms.boolean(bool(expr.value)) if isinstance(expr.type, Bool) else terms.const(expr.value)

    def _local(self, expr: tree.Var) -> Term:
        found = self.run.state.locals[expr.name]
        if isinstance(found, Place):
            raise Unsupported("a struct is no value", expr.span)
        return found

    def _instance(self, expr: tree.InstanceRef) -> Term:
        return terms.const(self.run.objects.by_name[expr.name])

    def _loaded(self, expr: tree.FieldOf | tree.ElementOf) -> Term:
        return self.load(self.place(expr))

    def _call(self, expr: tree.Call) -> Term | None:
        params = self.run.program.functions[expr.function].params
        bound: list[Local] = []
        for param, arg in zip(params, expr.args, strict=True):
            if isinstance(param.type, StructType):
                bound.append(self.place(arg))
            else:
                bound.append(self.converted(arg, param.type))
        return self._each(expr.function, bound, expr.span)

    def _each(self, name: str, args: list[Local], span: tree.Span) -> Term | None:
        """A call. A function of numbers alone is called once for each of the few numbers that an argument can be.

        So what comes of an index is known as exactly as the index itself.
        """
        if name not in self.run.arithmetic:
            return self.run.call(name, args, span)
        if all(isinstance(arg, Term) and arg.kind in ("int", "lanes") for arg in args):
            return self._table(name, args, span)
        for position, arg in enumerate(args):
            found = terms.options(arg) if isinstance(arg, Term) and not arg.truth else None
            if found is not None and len(found) > 1:
                return self._one_of(list(found.items()), partial(self._with, name, args, position, span))
        return self.run.call(name, args, span)

    def _with(self, name: str, args: list[Local], position: int, span: tree.Span, leaf: Term) -> Term | None:
        """The call with one argument replaced by a known number."""
        return self._each(name, [*args[:position], leaf, *args[position + 1 :]], span)

    def _table(self, name: str, args: list[Local], span: tree.Span) -> Term | None:
        """A call with known numbers, looked up when it was made before and nothing was to be noted about it.

        What comes of a call depends on the conditions that led to it, too: returns that they exclude are left out.
        """
        run = self.run
        key = (name, bool(run.machine.intended), run.state.path, *args)
        found = self.tables.get(key)
        if found is None:
            before = len(run.items)
            found = run.call(name, args, span)
            if found is not None and len(run.items) == before:
                self.tables[key] = found
        return found

    def _one_of(self, options: list[tuple[Term, Term]], body: Callable[[Term], Term | None]) -> Term | None:
        """The value of the body for the option whose condition holds."""
        leaf, when = options[0]
        if len(options) == 1:
            return body(leaf)
        return self.run.branch(when, lambda: body(leaf), lambda: self._one_of(options[1:], body))

    # ------------------------------------------------------------ operators

    def _unary(self, expr: tree.Unary) -> Term:
        if expr.op == "not":
            return terms.negation(self.truth(expr.operand))
        value = self.converted(expr.operand, expr.type)
        if expr.op == "-":
            return self.run.machine.operate("-", terms.const(0), value, expr.type, expr.span)
        inverted = terms.subtract(terms.const(-1), value)
        if isinstance(expr.type, CInt) and not expr.type.signed:
            return terms.add(inverted, terms.const(1 << expr.type.bits))
        return inverted

    def _binary(self, expr: tree.Binary) -> Term:
        op = expr.op
        if op in ("and", "or"):
            return self._logical(expr)
        if op in ("==", "!=", "<", "<=", ">", ">="):
            return self._comparison(expr)
        if isinstance(expr.type, Bool):
            return self._bitwise_truth(expr)
        shift = op in ("<<", ">>")
        left = self._operand(expr.left, expr.type)
        right = self.number(expr.right) if shift else self._operand(expr.right, expr.type)
        return self.run.machine.operate(op, left, right, expr.type, expr.span)

    def _operand(self, expr: tree.Expr, t: Type) -> Term:
        """C converts operands to the type of the operation; bounded integers are computed as they are."""
        return self.converted(expr, t) if isinstance(t, CInt) else self.number(expr)

    def _bitwise_truth(self, expr: tree.Binary) -> Term:
        left, right = self.truth(expr.left), self.truth(expr.right)
        match expr.op:
            case "&":
                return terms.conjunction((left, right))
            case "|":
                return terms.disjunction((left, right))
            case _:
                return terms.choice(left, terms.negation(right), right)

    def _comparison(self, expr: tree.Binary) -> Term:
        common = expr.common
        if isinstance(common, Bool):
            left, right = self.truth(expr.left), self.truth(expr.right)
            same = terms.choice(left, right, terms.negation(right))
            return same if expr.op == "==" else terms.negation(same)
        left, right = (
            self.converted(side, common) if isinstance(common, CInt) else self.number(side)
            for side in (expr.left, expr.right)
        )
        return compare(expr.op, left, right)

    def _logical(self, expr: tree.Binary) -> Term:
        left = self.truth(expr.left)
        if expr.op == "and":
            return self._lazily(left, expr.right, lambda right: terms.conjunction((left, right)), left)
        return self._lazily(terms.negation(left), expr.right, lambda right: terms.disjunction((left, right)), left)

    def _lazily(self, cond: Term, right: tree.Expr, combine: object, otherwise: Term) -> Term:
        """The right side, evaluated only where `cond` holds."""
        if cond is FALSE:
            return otherwise
        assert callable(combine)
        value = self._guarded(cond, right)
        result = combine(value)
        assert isinstance(result, Term)
        return result

    def _guarded(self, cond: Term, expr: tree.Expr) -> Term:
        """A truth value that is evaluated only where `cond` holds; elsewhere it is anything."""
        run = self.run
        if cond is TRUE:
            return self.truth(expr)
        if any(isinstance(part, tree.Call | tree.Intrinsic) for part in within(expr)):
            value = run.branch(cond, lambda: self.truth(expr), lambda: FALSE)
            assert value is not None
            return value
        taken = run.state.taken
        run.state.taken = (*taken, cond)
        value = self.truth(expr)
        run.state.taken = taken
        return value

    def _conditional(self, expr: tree.Conditional) -> Term:
        value = self.run.branch(
            self.truth(expr.cond),
            lambda: self.converted(expr.then, expr.type),
            lambda: self.converted(expr.other, expr.type),
        )
        assert value is not None
        return value

    # ------------------------------------------------------------ places

    def place(self, expr: tree.Expr) -> Place:
        """Where an expression lies in memory: a field, an element, an embedded struct."""
        if isinstance(expr, tree.FieldOf):
            base, name = expr.base, expr.name
            where = self._pointee(base) if isinstance(base.type, Pointer) else self.place(base)
            if len(where.options) == 1:
                ((cond, path),) = where.options
                return Place(((cond, (*path, name)),))
            return Place(tuple((cond, (*path, name)) for cond, path in where.options))
        if isinstance(expr, tree.ElementOf):
            return self._element(self.place(expr.base), expr.base, expr.index)
        if isinstance(expr, tree.Var) and isinstance(expr.type, StructType):
            found = self.run.state.locals[expr.name]
            assert isinstance(found, Place)
            return found
        raise Unsupported("this is no place in memory", expr.span)

    def _pointee(self, expr: tree.Expr) -> Place:
        """The objects that a pointer can mean; NULL is an obligation."""
        pointer = self.value(expr)
        if pointer.is_int and pointer.value:
            return Place(((TRUE, (self.run.objects.names[pointer.value - 1],)),))
        found = terms.cases(pointer)
        assert found is not None
        null = found.get(0, FALSE)
        self.run.note("pointer", "pointer", "the pointer is not NULL", expr.span, terms.negation(null))
        names = self.run.objects.names
        return Place(tuple((cond, (names[number - 1],)) for number, cond in found.items() if number))

    def _element(self, base: Place, array: tree.Expr, index: tree.Expr) -> Place:
        assert isinstance(array.type, ArrayType)
        length = array.type.length
        at = self.number(index)
        if at.kind in ("int", "lanes") and at.lo >= 0 and at.hi < length and len(base.options) == 1:
            ((cond, path),) = base.options
            found = self.run.objects.elements(path, at.value if at.is_int else at)
            if len(found) == 1 and found[0][0] is TRUE:
                return Place(((cond, found[0][1]),))
        inside = terms.conjunction((terms.at_most(terms.const(0), at), terms.at_most(at, terms.const(length - 1))))
        self.run.note("index", "index", f"the index is in 0..{length - 1}", index.span, inside)
        options = [
            (terms.conjunction((cond, when, lanes)), element)
            for cond, path in base.options
            for i, when in self._slots(at, length)
            for lanes, element in self.run.objects.elements(path, i)
        ]
        return Place(tuple((cond, path) for cond, path in options if cond is not FALSE))

    def _slots(self, at: Term, length: int) -> list[tuple[int | Term, Term]]:
        """The indices inside of an array that a number can be, each with its condition."""
        found = terms.options(at)
        if found is None or any(leaf.lo < 0 or leaf.hi >= length for leaf in found):
            values = terms.cases(at) or {i: terms.equals(at, terms.const(i)) for i in range(length)}
            return [(i, when) for i, when in values.items() if 0 <= i < length]
        return [(leaf.value if leaf.is_int else leaf, when) for leaf, when in found.items()]

    def read(self, path: Path) -> Term:
        """The scalar at a path."""
        found = self.run.state.memory.get(path)
        return self.run.objects.initial(path) if found is None else found

    def load(self, place: Place) -> Term:
        """The scalar at a place; where the place is nowhere (an obligation failed), any of its options."""
        if not place.options:
            return terms.const(0)
        if len(place.options) == 1:
            return self.run.here(self.read(place.options[0][1]))
        value = self.read(place.options[-1][1])
        for cond, path in reversed(place.options[:-1]):
            value = pick(cond, terms.Given(cond)(self.read(path)), value)
        return self.run.here(value)

    def assign(self, target: tree.Expr, value: Term, span: tree.Span) -> None:
        """Stores a converted value."""
        if isinstance(target, tree.Var):
            self.run.state.locals[target.name] = value
        else:
            self.store(self.place(target), value)

    def store(self, place: Place, value: Term) -> None:
        """Stores to every option where it is the one that is meant."""
        for cond, path in place.options:
            if cond is TRUE:
                self.run.state.write(path, value)
                continue
            self.run.state.write(path, pick(cond, terms.Given(cond)(value), self.read(path)))

    # ------------------------------------------------------------ words

    def _word(self, expr: tree.Intrinsic) -> Term | None:
        run, args, names = self.run, expr.args, expr.names
        match expr.name:
            case name if name in READS:
                return self.load(self.place(args[0]))
            case name if name in WRITES:
                self.store(self.place(args[0]), self.converted(args[1], args[0].type))
                return None
            case name if name in QUIET:
                return None
            case "wrapping":
                run.machine.intended += 1
                try:
                    return self.value(args[0])
                finally:
                    run.machine.intended -= 1
            case "arbitrary":
                return run.fresh("arbitrary", expr.span, int(names["lo"]), int(names["hi"]))
            case "choose":
                return self._choose(int(names["count"]), expr.span, truth=isinstance(expr.type, Bool))
            case "live":
                return as_truth(self.number(args[0]))
            case "xchg":
                place = self.place(args[0])
                old = self.load(place)
                self.store(place, self.converted(args[1], args[0].type))
                return old
        raise Unsupported(f"the prover has one thread and fixed objects: it has no `{expr.name}`", expr.span)

    def _choose(self, count: int, span: tree.Span, *, truth: bool) -> Term:
        run = self.run
        settings = run.settings
        number, run.choices = run.choices, run.choices + 1
        if number >= settings.split:
            return run.fresh("choice", span, 0, count - 1, truth)
        if number == len(settings.decided):
            raise NeedsCase(count)
        decided = settings.decided[number]
        value = terms.const(decided) if isinstance(decided, int) else terms.lanes(decided)
        return as_truth(value) if truth else value

    # ------------------------------------------------------------ quantifiers

    def _quantifier(self, expr: tree.Quantifier) -> Term:
        run = self.run
        outer = run.state.locals
        body: list[Term] = []
        count = terms.const(0)
        for value in self._domain(expr):
            run.state.locals = {**outer, expr.var: value}
            holds = TRUE if expr.cond is None else self.truth(expr.cond)
            if expr.kind == "count":
                each = self.number(expr.body)
                count = terms.add(count, terms.ite(holds, each, terms.const(0)))
            elif expr.kind == "all":
                body.append(terms.implies(holds, self.truth(expr.body)))
            else:
                body.append(terms.conjunction((holds, self.truth(expr.body))))
        run.state.locals = outer
        match expr.kind:
            case "count":
                return count
            case "all":
                return terms.conjunction(body)
            case _:
                return terms.disjunction(body)

    def _domain(self, expr: tree.Quantifier) -> Iterator[Term]:
        if expr.place is None:
            yield from map(terms.const, self.run.objects.of(expr.struct))
            return
        place = self.place(expr.place)
        if not isinstance(expr.place.type, ArrayType):
            raise Unsupported("the prover knows no lists", expr.span)
        for i in range(expr.place.type.length):
            yield self.load(
                Place(
                    tuple(
                        (terms.conjunction((cond, lanes)), element)
                        for cond, path in place.options
                        for lanes, element in self.run.objects.elements(path, i)
                    )
                )
            )
