"""The syntax tree of a litmus test: plain data, positions are offsets into the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from psockmc.litmus.execution import Value
from psockmc.litmus.problems import Source

# ---------------------------------------------------------------- expressions


class Number(NamedTuple):
    """An integer constant."""

    value: int
    start: int
    end: int


class Name(NamedTuple):
    """A register, or a global, whose value is its address."""

    name: str
    start: int
    end: int


class Deref(NamedTuple):
    """`*address`: a plain load, or the place of a store."""

    address: Expr
    start: int
    end: int


class Binary(NamedTuple):
    """`left op right`; `-x` is `0 - x` and `!x` is `x == 0`."""

    op: str
    left: Expr
    right: Expr
    start: int
    end: int


class Call(NamedTuple):
    """A primitive with its arguments."""

    name: str
    arguments: tuple[Expr, ...]
    start: int
    end: int


Expr = Number | Name | Deref | Binary | Call

# ---------------------------------------------------------------- statements


class Assign(NamedTuple):
    """`register = value;`, also as a declaration with initialiser."""

    register: str
    value: Expr
    start: int
    end: int


class Store(NamedTuple):
    """`*address = value;`: a plain store."""

    address: Expr
    value: Expr
    start: int
    end: int


class Evaluate(NamedTuple):
    """A call as a statement."""

    call: Call
    start: int
    end: int


class If(NamedTuple):
    """`if (condition) then else otherwise`."""

    condition: Expr
    then: Block
    otherwise: Block
    start: int
    end: int


class While(NamedTuple):
    """`while (condition) body`; at_least_once: `do body while (condition);`."""

    condition: Expr
    body: Block
    at_least_once: bool
    start: int
    end: int


Statement = Assign | Store | Evaluate | If | While
Block = tuple[Statement, ...]

# ---------------------------------------------------------------- conditions


class Register(NamedTuple):
    """`thread:name`: the final value of a register."""

    thread: int
    name: str


class Memory(NamedTuple):
    """The final value of a global."""

    name: str


Final = Register | Memory


class Equal(NamedTuple):
    """`left = right`."""

    left: Final
    right: Final | Value


class Not(NamedTuple):
    """`~operand`."""

    operand: Proposition


class And(NamedTuple):
    r"""`a /\\ b /\\ ...`; empty: true."""

    operands: tuple[Proposition, ...]


class Or(NamedTuple):
    r"""`a \\/ b \\/ ...`; empty: false."""

    operands: tuple[Proposition, ...]


Proposition = Equal | Not | And | Or


# ---------------------------------------------------------------- tests


@dataclass(slots=True)
class Thread:
    """One thread. name: `P0`; parameters: the names of globals; declared: registers declared or assigned."""

    name: str
    parameters: tuple[str, ...]
    body: Block
    declared: frozenset[str] = frozenset()


@dataclass(slots=True)
class Test:
    """A parsed litmus test.

    initial: values of globals (0 when absent); registers: initial values of registers per thread number.
    quantifier: `exists`, `~exists` or `forall`. filter: executions that do not satisfy it do not count.
    shown: what the states show: the variables of the condition and of `locations`, each once. model, expected: what the
    comment before the initial values states as `Model:` and `Result:`.
    """

    __test__ = False  # it is no test of pytest's

    source: Source
    name: str
    initial: Mapping[str, Value]
    registers: Mapping[int, Mapping[str, Value]]
    threads: tuple[Thread, ...]
    quantifier: str
    condition: Proposition
    filter: Proposition
    shown: tuple[Final, ...]
    model: str | None = None
    expected: str | None = None
