"""Expressions of the transition system as C expressions, with the interval of their values.

Expressions are exact. The interval of a term decides the C type it is computed in: `i64` (int64_t) nearly always,
`i128` (__int128) where values of a u64 meet. A term that may leave 128 bits is refused, except directly below a
`Wrap`: there it is computed modulo 2**128, which is enough because C's types have at most 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psockmc.explore.native.errors import EngineError
from psockmc.explore.native.layout import WORD, Layout, Place, field_cells
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
    def type(self) -> str:
        """The narrowest of i64 and i128 that holds lo..hi."""
        return c_type(self.lo, self.hi)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: the packed state it reads (a C array), whose step it is (-1: a property), its locals.

    used: numbers of the locals that expressions of this scope have read.
    """

    state: str
    context: int = -1
    locals: Sequence[ir.Variable] = ()
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


def hull(*terms: Term) -> tuple[int, int]:
    """The smallest interval that holds all values of the terms."""
    return min(t.lo for t in terms), max(t.hi for t in terms)


@dataclass
class Expressions:
    """Translates expressions over one packed layout. `helpers` collects the C functions that the results call."""

    ts: ir.TransitionSystem
    layout: Layout
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
                variable = scope.locals[number]
                scope.used.add(number)
                return Term(f"l{number}", min(0, variable.lo), max(0, variable.hi))
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
                return _OPERATORS[name](*[self._term(arg, scope) for arg in args])

    # ------------------------------------------------------------ reading cells

    def cell(self, number: int, state: str) -> Term:
        """The value of a cell in a packed state."""
        return read_place(self.layout.places[number], state, self.ts.cells[number])

    def _load(self, number: int, index: ir.Expr, scope: Scope) -> Term:
        where = self.ts.fields[number]
        if isinstance(index, ir.Const):
            inside = 0 <= index.value < where.count
            return self.cell(where.base + index.value, scope.state) if inside else Term(literal(0), 0, 0)
        at = self._term(index, scope)
        self.define_get(number)
        lo, hi = min(0, where.lo), max(0, where.hi)
        return Term(f"get_{number}({scope.state}, {index_code(at)})", lo, hi)

    def define_get(self, number: int) -> None:
        """The function that reads field[index]; 0 outside, where only properties look."""
        where = self.ts.fields[number]
        places = [self.layout.places[cell] for cell in field_cells(where)]
        type = c_type(min(0, where.lo), max(0, where.hi))
        body = [f"if ((u64)i >= {where.count}) return 0;"]
        if not places:
            body = ["return 0;"]
        elif places[0].bits == 0:
            body.append(_constant_lookup(self.ts.initial[where.base : where.base + where.count], type))
        else:
            tables, at = indexed(places)
            raw = f"RAW(w, {at}, {places[0].bits})"
            body += [*tables, f"return {_offset(raw, where.lo, where.hi, places[0].bits)};"]
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
        lo, hi = hull(then, other)
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


def read_place(place: Place, state: str, cell: ir.Cell) -> Term:
    """The value at a place of a packed state."""
    if place.bits == 0:
        return Term(literal(place.lo), place.lo, place.lo)
    raw = f"RAW({state}, {place.word}, {place.shift}, {place.bits})"
    return Term(_offset(raw, cell.lo, cell.hi, place.bits), cell.lo, cell.hi)


def indexed(places: list[Place]) -> tuple[list[str], str]:
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


def _offset(raw: str, lo: int, hi: int, bits: int) -> str:
    """Raw bits as a value of lo..hi."""
    if c_type(lo, hi) == "i128":
        return f"((i128){raw} + {literal(lo)})"
    if bits == WORD:  # raw + lo is exact modulo 2**64, and the result fits
        return f"(i64)({raw} + (u64){literal(lo)})"
    return f"((i64){raw} + {literal(lo)})" if lo else f"(i64){raw}"


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


def _arithmetic(symbol: str, bounds: Callable[[Term, Term], tuple[int, int]]) -> Callable[[Term, Term], Term]:
    """`a symbol b`, computed in a type that holds the operands and the result."""

    def apply(left: Term, right: Term) -> Term:
        lo, hi = bounds(left, right)
        return _computed(lambda type: f"({cast(left, type)} {symbol} {cast(right, type)})", lo, hi, left, right)

    return apply


def _called(name: str, bounds: Callable[[Term, Term], tuple[int, int]]) -> Callable[[Term, Term], Term]:
    """A function of the runtime, `name_i64` or `name_i128`."""

    def apply(left: Term, right: Term) -> Term:
        lo, hi = bounds(left, right)
        return _computed(lambda type: f"{name}_{type}({cast(left, type)}, {cast(right, type)})", lo, hi, left, right)

    return apply


def _computed(code: Callable[[str], str], lo: int, hi: int, *args: Term) -> Term:
    """Compute in the type that holds everything; the result has the type of lo..hi."""
    least, most = hull(*args)
    wide = c_type(min(lo, least), max(hi, most))
    narrow = c_type(lo, hi)
    return Term(code(wide) if wide == narrow else f"({narrow}){code(wide)}", lo, hi)


def _comparison(symbol: str) -> Callable[[Term, Term], Term]:
    def apply(left: Term, right: Term) -> Term:
        type = c_type(*hull(left, right))
        return Term(f"(i64)({cast(left, type)} {symbol} {cast(right, type)})", 0, 1)

    return apply


def _corners(apply: Callable[[int, int], int]) -> Callable[[Term, Term], tuple[int, int]]:
    """Bounds of an operator that is monotonic in each argument."""

    def bounds(left: Term, right: Term) -> tuple[int, int]:
        values = [apply(a, b) for a in (left.lo, left.hi) for b in (right.lo, right.hi)]
        return min(values), max(values)

    return bounds


def _quotient_bounds(left: Term, right: Term) -> tuple[int, int]:
    """A quotient is no larger than the dividend; its sign needs one of each."""
    most = max(abs(left.lo), abs(left.hi))
    if left.lo >= 0 and right.lo >= 0:
        return 0, left.hi
    return -most, most


def _remainder_bounds(left: Term, right: Term) -> tuple[int, int]:
    """A remainder is smaller than the divisor, no larger than the dividend, and has the dividend's sign."""
    most = min(max(abs(left.lo), abs(left.hi)), max(abs(right.lo), abs(right.hi), 1) - 1)
    return (0 if left.lo >= 0 else -most), (0 if left.hi <= 0 else most)


def _bitwise_bounds(symbol: str) -> Callable[[Term, Term], tuple[int, int]]:
    def bounds(left: Term, right: Term) -> tuple[int, int]:
        if symbol == "&" and (left.lo >= 0 or right.lo >= 0):
            return 0, min(t.hi for t in (left, right) if t.lo >= 0)
        size = max(v.bit_length() if v >= 0 else (~v).bit_length() for t in (left, right) for v in (t.lo, t.hi))
        return (0 if left.lo >= 0 and right.lo >= 0 else -(1 << size)), (1 << size) - 1

    return bounds


def _shift_bounds(apply: Callable[[int, int], int]) -> Callable[[Term, Term], tuple[int, int]]:
    """Amounts outside 0..63 give 0."""

    def bounds(left: Term, right: Term) -> tuple[int, int]:
        first, last = max(right.lo, 0), min(right.hi, 63)
        values = [apply(value, n) for value in (left.lo, left.hi) for n in (first, last) if first <= last]
        if right.lo < 0 or right.hi > 63:
            values.append(0)
        return min(values), max(values)

    return bounds


def _invert(arg: Term) -> Term:
    return _computed(lambda type: f"(~{cast(arg, type)})", ~arg.hi, ~arg.lo, arg)


def _negate(arg: Term) -> Term:
    return _computed(lambda type: f"(-{cast(arg, type)})", -arg.hi, -arg.lo, arg)


_COMPARISONS: dict[str, Callable[..., Term]] = {
    symbol: _comparison(symbol) for symbol in ("==", "!=", "<", "<=", ">", ">=")
}
_OPERATORS: dict[str, Callable[..., Term]] = _COMPARISONS | {
    "+": _arithmetic("+", _corners(lambda a, b: a + b)),
    "-": _arithmetic("-", _corners(lambda a, b: a - b)),
    "*": _arithmetic("*", _corners(lambda a, b: a * b)),
    "&": _arithmetic("&", _bitwise_bounds("&")),
    "|": _arithmetic("|", _bitwise_bounds("|")),
    "^": _arithmetic("^", _bitwise_bounds("^")),
    "//": _called("div", _quotient_bounds),
    "%": _called("rem", _remainder_bounds),
    "<<": _called("shl", _shift_bounds(lambda a, n: a << n)),
    ">>": _called("shr", _shift_bounds(lambda a, n: a >> n)),
    "~": _invert,
    "neg": _negate,
}
