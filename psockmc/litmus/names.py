"""Which globals and threads the code of a test names as values, before it is run."""

from __future__ import annotations

from collections.abc import Iterator

from psockmc.litmus.syntax import Assign, Binary, Block, Call, Deref, Evaluate, Expr, If, Name, Store, Test
from psockmc.litmus.terms import Term


def pointers(test: Test) -> tuple[Term, ...]:
    """The values that a pointer which is read can have: the addresses that the test stores anywhere, and NULL."""
    found: dict[Term, None] = {v: None for v in test.initial.values() if type(v) is str}
    for registers in test.registers.values():
        found.update((v, None) for v in registers.values() if type(v) is str)
    for thread in test.threads:
        for name in _value_names(thread.body):
            if name in thread.parameters:
                found[f"&{name}"] = None
    return (*found, 0)


def _value_names(block: Block) -> Iterator[str]:
    """The names that stand for values, and not only for the place of an access."""
    for statement in block:
        if isinstance(statement, Assign | Store):
            yield from _names(statement.value)
            if isinstance(statement, Store):
                yield from _names(Deref(statement.address, 0, 0))
        elif isinstance(statement, Evaluate):
            yield from _names(statement.call)
        elif isinstance(statement, If):
            yield from _names(statement.condition)
            yield from _value_names(statement.then)
            yield from _value_names(statement.otherwise)
        else:
            yield from _names(statement.condition)
            yield from _value_names(statement.body)


def _names(expr: Expr) -> Iterator[str]:
    if isinstance(expr, Name):
        yield expr.name
    elif isinstance(expr, Deref):
        if not isinstance(expr.address, Name):
            yield from _names(expr.address)
    elif isinstance(expr, Binary):
        yield from _names(expr.left)
        yield from _names(expr.right)
    elif isinstance(expr, Call):
        for argument in expr.arguments:
            yield from _names(argument)


def started(test: Test) -> frozenset[str]:
    """The threads that are callbacks of `call_rcu` and its like."""
    names = {t.name for t in test.threads}
    return frozenset(n for t in test.threads for n in _value_names(t.body) if n in names)
