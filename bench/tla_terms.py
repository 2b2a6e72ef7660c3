"""Expressions of a transition system in TLA+, as TLC can compute them: with 32 bits and without operators on bits.

TLC notices an overflow and stops. So a number that it does not have is never computed wrongly: it is refused here, or
TLC refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.bounds import COMPARISONS, TRUTHS, Bounds, of_operator, of_wrap
from bench.graph import NotExportableError, field_bounds, local_bounds
from psockmc.ir import system as ir

MOST = 2**31 - 1
SYMBOLS = {"==": "=", "!=": "#", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
DIVISIONS = {"//": "\\div", "%": "%"}
CALLS = {"//": "Quotient", "%": "Remainder", "<<": "ShiftLeft", ">>": "ShiftRight"}
TABLE = 64  # numbers below are combined bit by bit in a table

# Division and shifts are those of psockmc.ir.system.Op. `\div` and `%` of TLA+ round down.
OPERATORS = r"""
Magnitude(a) == IF a < 0 THEN -a ELSE a
Quotient(a, b) ==
    IF b = 0 THEN 0
    ELSE IF (a < 0) = (b < 0) THEN Magnitude(a) \div Magnitude(b) ELSE -(Magnitude(a) \div Magnitude(b))
Remainder(a, b) ==
    IF b = 0 THEN 0 ELSE IF a < 0 THEN -(Magnitude(a) % Magnitude(b)) ELSE a % Magnitude(b)
ShiftLeft(a, b) == IF a = 0 \/ b < 0 \/ b > 63 THEN 0 ELSE a * 2^b
ShiftRight(a, b) ==
    IF b < 0 \/ b > 63 THEN 0 ELSE IF b > 30 THEN (IF a < 0 THEN -1 ELSE 0) ELSE a \div 2^b
RECURSIVE BitAnd(_, _)
BitAnd(a, b) ==
    IF a = 0 \/ b = 0 THEN 0
    ELSE IF a = -1 THEN b
    ELSE IF b = -1 THEN a
    ELSE 2 * BitAnd(a \div 2, b \div 2) + (a % 2) * (b % 2)
Unsigned(a) == IF a >= 0 \/ ~Assert(FALSE, "a number beyond 32 bits") THEN a ELSE 0
Element(f, i) == IF i >= 1 /\ i <= Len(f) THEN f[i] ELSE 0
"""


def table_of_and(size: int) -> str:
    """`SmallAnd(a, b)` for 0 <= a < size and any b; nothing for size 0."""
    if not size:
        return ""
    rows = ", ".join(f"<<{', '.join(str(a & b) for b in range(size))}>>" for a in range(size))
    return f"AndTable == <<{rows}>>\nSmallAnd(a, b) == AndTable[a + 1][(b % {size}) + 1]\n"


@dataclass(frozen=True, slots=True)
class Term:
    """TLA+ text of a number, in parentheses unless it is a single word or a call, and bounds of its values."""

    text: str
    bounds: Bounds


def literal(number: int) -> str:
    """Raises NotExportableError for a number that TLC does not have."""
    if abs(number) > MOST:
        raise NotExportableError(f"the number {number} has more than the 32 bits of TLC's integers")
    return str(number) if number >= 0 else f"({number})"


def within(term: Term, lo: int, hi: int) -> str:
    """A test whether the number is in lo..hi; "" when it must be."""
    tests = []
    if term.bounds[0] < lo and lo > -MOST:
        tests.append(f"{term.text} >= {literal(lo)}")
    if term.bounds[1] > hi and hi < MOST:
        tests.append(f"{term.text} <= {literal(hi)}")
    return " /\\ ".join(tests)


class Tables:
    """Notes how large the table of `SmallAnd` must be."""

    def __init__(self) -> None:
        self.size = 0

    def fits(self, bounds: Bounds) -> bool:
        """Whether a number with these bounds can be looked up; if so, the table has a row for it."""
        if bounds[0] < 0 or bounds[1] >= TABLE:
            return False
        self.size = max(self.size, 1 << max(bounds[1].bit_length(), 1))
        return True


@dataclass(frozen=True)
class Scope:
    """What an expression sees. fields: the text of each field now: a tuple of its cells, or the cell if it has one.

    locals: the text of each local that is set; the others are 0. context: whose step it is, None for a property.
    """

    fields: Mapping[int, str]
    locals: Mapping[int, str]
    context: ir.Context | None = None


class Terms:
    """Translates expressions of a system. readers: for each context the text of its bit in the set of readers, or 0."""

    def __init__(self, ts: ir.TransitionSystem, tables: Tables, readers: Mapping[int, str]) -> None:
        self.ts, self.tables, self.readers = ts, tables, readers

    def truth(self, expr: ir.Expr, scope: Scope) -> str:
        """Whether the expression is not 0: a formula, in parentheses unless it is a single word."""
        match expr:
            case ir.Const(value):
                return "TRUE" if value else "FALSE"
            case ir.Op("not", (arg,)):
                return f"(~{self.truth(arg, scope)})"
            case ir.Op("and" | "or", args):
                symbol, neutral = (" /\\ ", "TRUE") if expr.name == "and" else (" \\/ ", "FALSE")
                return f"({symbol.join(self.truth(arg, scope) for arg in args) or neutral})"
            case ir.Op(name, (left, right)) if name in COMPARISONS:
                return f"({self.number(left, scope).text} {SYMBOLS[name]} {self.number(right, scope).text})"
        return f"({self.number(expr, scope).text} # 0)"

    def number(self, expr: ir.Expr, scope: Scope) -> Term:
        """The value of the expression."""
        match expr:
            case ir.Const(value):
                return Term(literal(value), (value, value))
            case ir.Local(local):
                assert scope.context is not None, "a property reads a local"
                return Term(scope.locals.get(local, "0"), local_bounds(scope.context, local))
            case ir.Load(field, index):
                return Term(self._load(field, index, scope), field_bounds(self.ts, self.ts.fields[field]))
            case ir.Wrap(_, _, arg):
                return self._wrap(expr, self.number(arg, scope))
            case ir.Readers(self_reader):
                return self._readers(self_reader, scope)
            case ir.Op(name, _) if name in TRUTHS:
                return Term(f"(IF {self.truth(expr, scope)} THEN 1 ELSE 0)", (0, 1))
            case ir.Op("?:", (cond, then, other)):
                a, b = self.number(then, scope), self.number(other, scope)
                text = f"(IF {self.truth(cond, scope)} THEN {a.text} ELSE {b.text})"
                return Term(text, of_operator("?:", ((0, 1), a.bounds, b.bounds)))
            case ir.Op(name, args):
                terms = [self.number(arg, scope) for arg in args]
                return Term(self._operator(name, terms), of_operator(name, [term.bounds for term in terms]))

    def _load(self, number: int, index: ir.Expr, scope: Scope) -> str:
        """A cell. In a property there is none outside the field: its value is 0 then."""
        count, text = self.ts.fields[number].count, scope.fields[number]
        if isinstance(index, ir.Const) and not 0 <= index.value < count:
            return "0"
        if count == 1 and (scope.context is not None or isinstance(index, ir.Const)):
            return text
        position = self.position(index, scope)
        if scope.context is not None or isinstance(index, ir.Const):
            return f"{text}[{position}]"
        return f"Element({text if count > 1 else f'<<{text}>>'}, {position})"

    def position(self, index: ir.Expr, scope: Scope) -> str:
        """Where in its tuple a cell is: tuples begin at 1, as pointers do."""
        match index:
            case ir.Const(value):
                return str(value + 1)
            case ir.Op("-", (pointer, ir.Const(1))):
                return self.number(pointer, scope).text
        return f"{self.number(index, scope).text} + 1"

    def _wrap(self, node: ir.Wrap, arg: Term) -> Term:
        """`arg` modulo 2**bits. What is in range already stays as it is."""
        lo, hi = of_wrap(node)
        if lo <= arg.bounds[0] and arg.bounds[1] <= hi:
            return arg
        if node.bits > 31:  # TLC has no number below lo or above hi; of the others, negative ones become too large
            return Term(arg.text if node.signed else f"Unsigned({arg.text})", (lo, hi))
        if node.bits == 31:
            raise NotExportableError("a conversion to 31 bits has a modulus that TLC's integers do not reach")
        if node.signed:
            return Term(f"((({arg.text} + {-lo}) % {2**node.bits}) - {-lo})", (lo, hi))
        return Term(f"({arg.text} % {2**node.bits})", (lo, hi))

    def _readers(self, self_reader: bool, scope: Scope) -> Term:
        bits = []
        for context in self.ts.contexts:
            own = context is scope.context
            bits.append(str(self_reader << context.index) if own else self.readers[context.index])
        text = f"({' + '.join(bit for bit in bits if bit != '0') or '0'})"
        return Term(text, (0, 2 ** len(bits) - 1))

    def _operator(self, name: str, args: list[Term]) -> str:
        texts = [arg.text for arg in args]
        if name == "neg":
            return f"(-{texts[0]})"
        if name == "~":
            return f"(-{texts[0]} - 1)"
        if name in DIVISIONS and args[0].bounds[0] >= 0 and args[1].bounds[0] > 0:
            return f"({texts[0]} {DIVISIONS[name]} {texts[1]})"
        if name in ("&", "|", "^"):
            return self._bitwise(name, args[0], args[1])
        if name in CALLS:
            return f"{CALLS[name]}({', '.join(texts)})"
        return f"({texts[0]} {name} {texts[1]})"

    def _bitwise(self, name: str, a: Term, b: Term) -> str:
        """The bits that both have, by the table where a number is small; `|` and `^` are sums without those."""
        if self.tables.fits(a.bounds):
            both = f"SmallAnd({a.text}, {b.text})"
        elif self.tables.fits(b.bounds):
            both = f"SmallAnd({b.text}, {a.text})"
        else:
            both = f"BitAnd({a.text}, {b.text})"
        if name == "&":
            return both
        return f"({a.text} + {b.text} - {'2 * ' if name == '^' else ''}{both})"
