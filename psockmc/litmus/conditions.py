r"""The end of a litmus test: `locations [...]`, `filter (...)`, `exists (0:r1=1 /\ ~x=2)`; and what can be done with
it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Sequence

from psockmc.litmus.execution import Value
from psockmc.litmus.lexer import END, NUMBER, WORD, Token, number
from psockmc.litmus.problems import Problem
from psockmc.litmus.syntax import And, Equal, Final, Memory, Not, Or, Proposition, Register

_AND, _OR, _NOT = ("/\\", "&&"), ("\\/", "||"), ("~", "not", "!")

Literal = tuple[Equal, bool]
"""An equation and whether it holds."""


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class ConditionParser:
    """Parses the tokens behind the last thread. locations, filter: what `locations` and `filter` said.

    registers: the names per thread; globals: all names of globals. None: these are not known well enough to complain.
    """

    def __init__(
        self,
        tokens: list[Token],
        registers: Sequence[Container[str]],
        globals: Container[str] | None,
        problems: list[Problem],
    ) -> None:
        self.tokens = tokens
        self.registers = registers
        self.globals = globals
        self.problems = problems
        self.at = 0
        self.locations: list[Final] = []
        self.filter: Proposition | None = None

    def parse(self) -> tuple[str, Proposition]:
        """The quantifier and the condition; without a condition: `forall` true. Fills problems."""
        try:
            while self.tokens[self.at].text == "locations":
                self._locations()
            if self._take("filter"):
                self.filter = self._or()
            quantifier = self._quantifier()
            proposition = self._or() if quantifier else And(())
            while self.tokens[self.at].text == "locations":
                self._locations()
            self._take(";")
            if self.tokens[self.at].kind != END:
                raise self._unexpected("the end of the file")
        except _Refused as refused:
            self.problems.append(refused.problem)
            return "exists", And(())
        return quantifier or "forall", proposition

    def _quantifier(self) -> str:
        if self._take("~"):
            if self._take("exists"):
                return "~exists"
            raise self._unexpected("`exists`")
        for word in ("exists", "forall"):
            if self._take(word):
                return word
        if self.tokens[self.at].kind != END:
            raise self._unexpected("`exists`, `~exists`, `forall`, `filter` or `locations`")
        return ""

    def _locations(self) -> None:
        self.at += 1
        self._expect("[")
        while not self._take("]"):
            final = self._final()
            self._take("*")
            if not (self._take(";") or self._take(",")) and self.tokens[self.at].text != "]":
                raise self._unexpected("`;` or `]`")
            self.locations.append(final)

    # ------------------------------------------------------------ propositions

    def _or(self) -> Proposition:
        operands = [self._and()]
        while self.tokens[self.at].text in _OR:
            self.at += 1
            operands.append(self._and())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _and(self) -> Proposition:
        operands = [self._not()]
        while self.tokens[self.at].text in _AND:
            self.at += 1
            operands.append(self._not())
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _not(self) -> Proposition:
        if self.tokens[self.at].text in _NOT:
            self.at += 1
            return Not(self._not())
        if self._take("("):
            inner = self._or()
            self._expect(")")
            return inner
        for word, truth in (("true", And(())), ("false", Or(()))):
            if self._take(word):
                return truth
        return self._equation()

    def _equation(self) -> Proposition:
        left = self._final()
        token = self.tokens[self.at]
        if token.text not in ("=", "==", "!="):
            raise self._unexpected("`=`")
        self.at += 1
        equation = Equal(left, self._right())
        return Not(equation) if token.text == "!=" else equation

    def _right(self) -> Final | Value:
        """A number, an address (the name of a global), or a register of a thread."""
        token = self.tokens[self.at]
        if self._take("-"):
            return -self._number()
        if token.kind == NUMBER:
            return self._final() if self.tokens[self.at + 1].text == ":" else self._number()
        if self._take("NULL"):
            return 0
        self._take("&")
        if self.tokens[self.at].kind != WORD:
            raise self._unexpected("a number, an address or a register such as `0:r1`")
        self.at += 1
        return f"&{self.tokens[self.at - 1].text}"

    def _final(self) -> Final:
        """`0:r1`, `P0:r1`, `x`, `[x]` or `*x`."""
        bracket = self._take("[")
        self._take("*")
        token = self.tokens[self.at]
        if token.kind == NUMBER or self.tokens[self.at + 1].text == ":":
            thread = self._thread(token)
            if thread >= len(self.registers):
                message = f"there is no thread P{thread}: the last is P{len(self.registers) - 1}"
                raise _Refused(Problem("L0008", message, token.start, token.end))
            self.at += 1
            self._expect(":")
            return Register(thread, self._known(self.registers[thread], f"P{thread} has no register"))
        memory = Memory(self._known(self.globals or (), "there is no global"))
        if bracket:
            self._expect("]")
        return memory

    def _thread(self, token: Token) -> int:
        digits = token.text if token.kind == NUMBER else token.text.removeprefix("P")
        if not digits.isdecimal():
            raise self._unexpected("a thread such as `0` or `P0`")
        return int(digits)

    def _known(self, names: Container[str], otherwise: str) -> str:
        """The next word, with a complaint when it is not among these names."""
        token = self.tokens[self.at]
        name = self._word()
        if self.globals is not None and name not in names:
            self.problems.append(Problem("L0006", f"{otherwise} `{name}`", token.start, token.end))
        return name

    # ------------------------------------------------------------ tokens

    def _number(self) -> int:
        token = self.tokens[self.at]
        if token.kind != NUMBER:
            raise self._unexpected("a number")
        self.at += 1
        return number(token.text)

    def _word(self) -> str:
        token = self.tokens[self.at]
        if token.kind != WORD:
            raise self._unexpected("the name of a register or global")
        self.at += 1
        return token.text

    def _take(self, text: str) -> bool:
        if self.tokens[self.at].text == text:
            self.at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._unexpected(f"`{text}`")

    def _unexpected(self, wanted: str) -> _Refused:
        token = self.tokens[self.at]
        found = f"`{token.text}`" if token.kind != END else "the end of the file"
        return _Refused(Problem("L0008", f"expected {wanted}, found {found}", token.start, token.end))


def variables(proposition: Proposition) -> Iterator[Final]:
    """The registers and globals of a proposition, in order, possibly several times."""
    if isinstance(proposition, Equal):
        yield proposition.left
        if isinstance(proposition.right, Register | Memory):
            yield proposition.right
    elif isinstance(proposition, Not):
        yield from variables(proposition.operand)
    else:
        for operand in proposition.operands:
            yield from variables(operand)


def holds(proposition: Proposition, value: Callable[[Final], Value]) -> bool:
    """Whether the proposition holds where value(variable) are the final values."""
    if isinstance(proposition, Equal):
        right = proposition.right
        return value(proposition.left) == (value(right) if isinstance(right, Register | Memory) else right)
    if isinstance(proposition, Not):
        return not holds(proposition.operand, value)
    if isinstance(proposition, And):
        return all(holds(p, value) for p in proposition.operands)
    return any(holds(p, value) for p in proposition.operands)


def width(proposition: Proposition, truth: bool) -> int:
    """How many tuples `disjuncts` gives: found without making them, as they can be very many."""
    if isinstance(proposition, Equal):
        return 1
    if isinstance(proposition, Not):
        return width(proposition.operand, not truth)
    widths = [width(operand, truth) for operand in proposition.operands]
    return math.prod(widths) if isinstance(proposition, And) is truth else sum(widths)


def disjuncts(proposition: Proposition, truth: bool = True) -> list[tuple[Literal, ...]]:
    """The disjunctive normal form: the proposition has this truth iff all literals of one of the tuples hold."""
    if isinstance(proposition, Equal):
        return [((proposition, truth),)]
    if isinstance(proposition, Not):
        return disjuncts(proposition.operand, not truth)
    if isinstance(proposition, And) is truth:
        product: list[tuple[Literal, ...]] = [()]
        for operand in proposition.operands:
            product = [(*done, *more) for done in product for more in disjuncts(operand, truth)]
        return product
    return [literals for operand in proposition.operands for literals in disjuncts(operand, truth)]
