"""Expressions of the transition system as C expressions, with the interval of their values.

Expressions are exact. The interval of a term decides the C type it is computed in: `i64` (int64_t) nearly always,
`i128` (__int128) where values of a u64 meet. A term that may leave 128 bits is refused, except directly below a
`Wrap`: there it is computed modulo 2**128, which is enough because C's types have at most 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from psockmc.explore.native.bounds import Interval, hull, operator_bounds
from psockmc.explore.native.errors import EngineError
from psockmc.explore.native.layout import WORD, Layout, Place
from psockmc.explore.native.reach import Reach
from psockmc.ir import system as ir

I64 = (-(1 << 63), (1 << 63) - 1)
I128 = (-(1 << 127), (1 << 127) - 1)


class TooWideError(Exception):
    """A term whose values do not fit into 128 bits."""


@dataclass(frozen=True, slots=True)
class Term:
    """A C expression whose values lie in lo..hi. Its C type is `type`."""

    code: str
    lo: int
    hi: int

    @property
    def bounds(self) -> Interval:
        """The least and the greatest value."""
        return self.lo, self.hi

    @property
    def type(self) -> str:
        """The narrowest of i64 and i128 that holds lo..hi."""
        return c_type(self.lo, self.hi)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands.

    state: the C array with the packed state that it reads. context: whose step it is in, or -1. owner: the context
    whose locals it reads. used: numbers of the locals that expressions of this scope have read.
    """

    state: str
    context: int = -1
    owner: int = -1
    used: set[int] = field(default_factory=set)


def c_type(lo: int, hi: int) -> str:
    """The C type that holds lo..hi. Raises TooWideError when there is none."""
    if I64[0] <= lo and hi <= I64[1]:
        return "i64"
    if I128[0] <= lo and hi <= I128[1]:
        return "i128"
    raise TooWideError


def literal(value: int) -> str:
    """A constant as a C expression of the type that c_type gives."""
    if value == I64[0]:
        return "INT64_MIN"
    if I64[0] <= value <= I64[1]:
        return f"INT64_C({value})"
    low, high = value & (1 << 64) - 1, value >> 64 & (1 << 64) - 1
    return f"((i128)((u128)UINT64_C({high}) << 64 | UINT64_C({low})))"


def cast(term: Term, type: str) -> str:
    """The term's code, as `type`."""
    return term.code if term.type == type else f"({type}){term.code}"


@dataclass
class Expressions:
    """Translates expressions over one packed layout. `helpers` collects the C functions that the results call."""

    ts: ir.TransitionSystem
    layout: Layout
    reach: Reach
    helpers: dict[str, str] = field(default_factory=dict)

    def term(self, expr: ir.Expr, scope: Scope) -> Term:
        """Translate an expression. Raises EngineError when its values do not fit into 128 bits."""
        try:
            return self._term(expr, scope)
        except TooWideError:
            raise EngineError(
                "the native engine computes with 128 bits and an expression of the model may need more: wrap its "
                "operands to a C type, or use --engine reference"
            ) from None

    def condition(self, expr: ir.Expr, scope: Scope) -> str:
        """An expression as a C condition."""
        return f"({self.term(expr, scope).code} != 0)"

    def _term(self, expr: ir.Expr, scope: Scope) -> Term:
        match expr:
            case ir.Const(value):
                c_type(value, value)
                return Term(literal(value), value, value)
            case ir.Local(number):
                scope.used.add(number)
                return Term(f"l{number}", *self.local_bounds(scope.owner, number))
            case ir.Load(number, index):
                return self._load(number, index, scope)
            case ir.Wrap(bits, signed, arg):
                return self._wrap(bits, signed, arg, scope)
            case ir.Readers(self_reader):
                return self._readers(self_reader, scope)
            case ir.Op(name, args):
                if name == "?:":
                    return self._conditional([self._term(arg, scope) for arg in args])
                if name in ("and", "or", "not"):
                    return self._logical(name, [self._term(arg, scope) for arg in args])
                return _operator(name, [self._term(arg, scope) for arg in args])

    # ------------------------------------------------------------ reading cells

    def cell(self, number: int, state: str) -> Term:
        """The value of a cell in a packed state."""
        place = self.layout.places[number]
        if place.bits == 0:
            return Term(literal(place.lo), place.lo, place.lo)
        raw = f"RAW({state}, {place.word}, {place.shift}, {place.bits})"
        return Term(_offset(raw, place), place.lo, place.hi)

    def local_bounds(self, context: int, number: int) -> Interval:
        """What the C variable of a local may hold; 0 where the local never gets a value."""
        held = self.reach.local(context, number)
        return held.bounds if held else (0, 0)

    def _load(self, number: int, index: ir.Expr, scope: Scope) -> Term:
        where = self.ts.fields[number]
        if where.count == 0:  # of a struct that has no objects here
            return Term(literal(0), 0, 0)
        if isinstance(index, ir.Const):
            inside = 0 <= index.value < where.count
            return self.cell(where.base + index.value, scope.state) if inside else Term(literal(0), 0, 0)
        at = self._term(index, scope)
        lo, hi = hull(*((place.lo, place.hi) for place in self.places(number)))
        if at.lo < 0 or at.hi >= where.count:
            lo, hi = min(0, lo), max(0, hi)
        if lo == hi:
            return Term(literal(lo), lo, hi)
        self.define_get(number)
        type, read = c_type(lo, hi), c_type(*self._get_bounds(number))
        code = f"get_{number}({scope.state}, {index_code(at)})"
        return Term(code if type == read else f"({type}){code}", lo, hi)

    def places(self, number: int) -> tuple[Place, ...]:
        """The places of a field's cells."""
        where = self.ts.fields[number]
        return self.layout.places[where.base : where.base + where.count]

    def _get_bounds(self, number: int) -> Interval:
        return hull((0, 0), *((place.lo, place.hi) for place in self.places(number)))

    def define_get(self, number: int) -> None:
        """The function that reads field[index]; 0 outside, where only properties look."""
        places = self.places(number)
        type = c_type(*self._get_bounds(number))
        body = [f"if ((u64)i >= {len(places)}) return 0;"]
        if places[0].bits == 0:
            body.append(_constant_lookup([place.lo for place in places], type))
        else:
            tables, at = indexed(places)
            body += [*tables, f"return {_offset(f'RAW(w, {at}, {places[0].bits})', places[0])};"]
        self.helpers[f"get_{number}"] = function(f"static inline {type} get_{number}(const u64 *w, i64 i)", body)

    # ------------------------------------------------------------ operators with several types

    def _wrap(self, bits: int, signed: bool, arg: ir.Expr, scope: Scope) -> Term:
        lo, hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        try:
            term = self._term(arg, scope)
            if lo <= term.lo and term.hi <= hi:
                return term
            code = cast(term, "u64" if bits <= 64 else "u128")
        except TooWideError:
            if bits > 64:
                raise
            code = f"(u64){self._ring(arg, scope)}"
        return Term(_wrapped(code, bits, signed), lo, hi)

    def _ring(self, expr: ir.Expr, scope: Scope) -> str:
        """The expression modulo 2**128, as a C u128: exact for `Wrap`, because 2**bits divides 2**128."""
        try:
            return f"(u128){self._term(expr, scope).code}"
        except TooWideError:
            match expr:
                case ir.Op("+" | "-" | "*" | "&" | "|" | "^" as name, (left, right)):
                    return f"({self._ring(left, scope)} {name} {self._ring(right, scope)})"
                case ir.Op("~" | "neg" as name, (arg,)):
                    return f"({'~' if name == '~' else '-'}{self._ring(arg, scope)})"
                case ir.Op("<<", (left, right)):
                    return f"shl_u128({self._ring(left, scope)}, {cast(self._term(right, scope), 'i128')})"
                case ir.Op("?:", (cond, then, other)):
                    test = self._term(cond, scope).code
                    return f"({test} ? {self._ring(then, scope)} : {self._ring(other, scope)})"
                case ir.Const(value):
                    value &= (1 << 128) - 1
                    return f"((u128)UINT64_C({value >> 64}) << 64 | UINT64_C({value & (1 << 64) - 1}))"
            raise

    def _readers(self, self_reader: bool, scope: Scope) -> Term:
        """The RCU readers: by program counters, except for the running context, whose step knows it statically."""
        code = f"(i64)readers({scope.state})"
        if scope.context >= 0:
            bit = f"UINT64_C({1 << scope.context})"
            code = f"(i64)({f'readers({scope.state}) | {bit}' if self_reader else f'readers({scope.state}) & ~{bit}'})"
        return Term(code, 0, (1 << len(self.ts.contexts)) - 1)

    @staticmethod
    def _conditional(args: list[Term]) -> Term:
        cond, then, other = args
        lo, hi = hull(then.bounds, other.bounds)
        type = c_type(lo, hi)
        return Term(f"({cond.code} ? {cast(then, type)} : {cast(other, type)})", lo, hi)

    @staticmethod
    def _logical(name: str, args: list[Term]) -> Term:
        if name == "not":
            return Term(f"(i64)!{args[0].code}", 0, 1)
        if not args:
            return Term(literal(int(name == "and")), 0, 1)
        joined = {"and": " && ", "or": " || "}[name].join(arg.code for arg in args)
        return Term(f"(i64)({joined})" if len(args) > 1 else f"(i64)({joined} != 0)", 0, 1)


# ---------------------------------------------------------------- places


def indexed(places: Sequence[Place]) -> tuple[list[str], str]:
    """Where field[i] is: C tables to declare, and `word, shift`. Cells of one chunk follow each other in one word."""
    bits = places[0].bits
    if all(p.word == places[0].word and p.shift == places[0].shift + i * bits for i, p in enumerate(places)):
        return [], f"{places[0].word}, {places[0].shift} + (unsigned)i * {bits}"
    words = ", ".join(str(p.word) for p in places)
    shifts = ", ".join(str(p.shift) for p in places)
    return [f"static const u16 word[] = {{{words}}};", f"static const u8 shift[] = {{{shifts}}};"], "word[i], shift[i]"


def index_code(at: Term) -> str:
    """An index as an i64; one beyond 64 bits becomes -1, which is outside as well."""
    return at.code if at.type == "i64" else f"index_i128({at.code})"


def _offset(raw: str, place: Place) -> str:
    """The raw bits of a place as its value."""
    if c_type(place.lo, place.hi) == "i128":
        return f"((i128){raw} + {literal(place.lo)})"
    if place.bits == WORD:  # raw + lo is exact modulo 2**64, and the result fits
        return f"(i64)({raw} + (u64){literal(place.lo)})"
    return f"((i64){raw} + {literal(place.lo)})" if place.lo else f"(i64){raw}"


def _constant_lookup(values: Sequence[int], type: str) -> str:
    if len(set(values)) == 1:
        return f"return {literal(values[0])};"
    return f"static const {type} value[] = {{{', '.join(map(literal, values))}}}; return value[i];"


def function(head: str, body: Sequence[str]) -> str:
    """A C function."""
    return "\n".join([head, "{", *(f"    {line}" for line in body), "}", ""])


def _wrapped(code: str, bits: int, signed: bool) -> str:
    """C code of type u64 (u128 above 64 bits) modulo 2**bits, as a value."""
    if bits > 64:
        raise TooWideError
    if signed:
        drop = 64 - bits
        return f"((i64)(({code}) << {drop}) >> {drop})"
    if bits == 64:
        return f"((i128)({code}))"
    return f"(i64)(({code}) & UINT64_C({(1 << bits) - 1}))"


# ---------------------------------------------------------------- operators


def _operator(name: str, args: list[Term]) -> Term:
    """An operator, computed in a type that holds arguments and result; the result has the type of its values."""
    lo, hi = operator_bounds(name, [arg.bounds for arg in args])
    least, most = hull(*(arg.bounds for arg in args))
    if name in _COMPARISONS:
        wide = c_type(least, most)
        return Term(f"(i64)({cast(args[0], wide)} {name} {cast(args[1], wide)})", lo, hi)
    wide, narrow = c_type(min(lo, least), max(hi, most)), c_type(lo, hi)
    operands = [cast(arg, wide) for arg in args]
    if name in _FUNCTIONS:
        code = f"{_FUNCTIONS[name]}_{wide}({', '.join(operands)})"
    elif len(operands) == 1:
        code = f"({_PREFIXES[name]}{operands[0]})"
    else:
        code = f"({operands[0]} {name} {operands[1]})"
    return Term(code if wide == narrow else f"({narrow}){code}", lo, hi)


_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_FUNCTIONS = {"//": "div", "%": "rem", "<<": "shl", ">>": "shr"}  # of step.h
_PREFIXES = {"~": "~", "neg": "-"}
