"""Symbolic values: constants, what a read of the own thread returned, and operators over them.

A term is an int, an address (`"&x"`), `("r", i)` for what the read with index i (within its thread) returned, or
`(operator, left, right)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Term = Any
"""int | str | tuple: a recursive type that mypy cannot tell from its parts cheaply."""

READ = "r"


class NoMeaning(Exception):
    """An operator was applied to values for which it has no meaning; the text says which."""


def is_constant(term: Term) -> bool:
    """Whether the term needs no read."""
    return type(term) is not tuple


def truth(value: Term) -> bool:
    """A constant as a condition; addresses are true."""
    return bool(value != 0)


_INTEGER: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
}


def apply(op: str, left: Term, right: Term) -> Term:
    """The operator on two constants. Raises NoMeaning for arithmetic on addresses and division by 0."""
    if op == "==":
        return int(left == right)
    if op == "!=":
        return int(left != right)
    if type(left) is int and type(right) is int:
        if op in ("/", "%"):
            return _divide(op, left, right)
        if op in ("<<", ">>") and not 0 <= right < 64:
            raise NoMeaning(f"{left} {op} {right} has no value")
        return _INTEGER[op](left, right)
    return _on_addresses(op, left, right)


def _divide(op: str, left: int, right: int) -> int:
    """C's division: towards 0."""
    if right == 0:
        raise NoMeaning(f"{left} {op} 0 has no value")
    quotient = abs(left) // abs(right)
    if (left < 0) != (right < 0):
        quotient = -quotient
    return quotient if op == "/" else left - quotient * right


def _on_addresses(op: str, left: Term, right: Term) -> Term:
    """What arithmetic still means when an operand is an address: the neutral and the absorbing cases."""
    if left == right and op in ("^", "-"):
        return 0
    if left == right and op in ("&", "|"):
        return left
    if 0 in (left, right):
        other = right if left == 0 else left
        if op in ("&", "*"):
            return 0
        if op in ("+", "|", "^") or (op == "-" and right == 0):
            return other
    raise NoMeaning(f"{left} {op} {right} has no meaning: {left if type(left) is str else right} is an address")


def make(op: str, left: Term, right: Term) -> Term:
    """`left op right`, simplified where the result does not depend on the reads. Raises NoMeaning."""
    if type(left) is not tuple and type(right) is not tuple:
        return apply(op, left, right)
    if left == right:
        if op in ("==", "<=", ">="):
            return 1
        if op in ("!=", "<", ">", "^", "-"):
            return 0
    if (left == 0 or right == 0) and op in ("&", "*"):
        return 0
    if right == 0 and op in ("+", "-", "|", "^", "<<", ">>"):
        return left
    if left == 0 and op in ("+", "|", "^"):
        return right
    return (op, left, right)


def reads(term: Term) -> Iterator[int]:
    """The reads that a term needs, possibly several times."""
    if type(term) is tuple:
        if term[0] == READ:
            yield term[1]
        else:
            yield from reads(term[1])
            yield from reads(term[2])


def evaluate(term: Term, value: Callable[[int], Term]) -> Term:
    """The term with reads replaced by value(index). Raises NoMeaning."""
    if type(term) is not tuple:
        return term
    if term[0] == READ:
        return value(term[1])
    return apply(term[0], evaluate(term[1], value), evaluate(term[2], value))


def simplify(term: Term, known: dict[int, Term]) -> Term:
    """The term with the known reads put in. What then has no meaning stays a term: it may never be evaluated."""
    if type(term) is not tuple:
        return term
    if term[0] == READ:
        return known.get(term[1], term)
    left, right = simplify(term[1], known), simplify(term[2], known)
    if left is term[1] and right is term[2]:
        return term
    try:
        return make(term[0], left, right)
    except NoMeaning:
        return (term[0], left, right)
