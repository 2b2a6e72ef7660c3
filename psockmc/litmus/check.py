"""What the calls of a test must satisfy before anything is run: known primitives, with what they need as arguments.

Checked for all code, also for branches that no execution takes: an unknown primitive is never ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from psockmc.litmus.definitions import Definitions, Primitive
from psockmc.litmus.problems import LitmusError, Problem
from psockmc.litmus.syntax import Assign, Binary, Block, Call, Deref, Evaluate, Expr, If, Name, Store, Test


def check_calls(test: Test, known: Definitions) -> None:
    """Raises LitmusError with every call that is wrong."""
    threads = {t.name for t in test.threads}
    problems: list[Problem] = []
    for thread in test.threads:
        for call, wants_value in _calls(thread.body):
            problems.extend(_problems(call, wants_value, known, threads))
    if problems:
        raise LitmusError(test.source, problems)


def _problems(call: Call, wants_value: bool, known: Definitions, threads: set[str]) -> Iterator[Problem]:
    primitive = known.get(call.name)
    if primitive is None:
        yield Problem(
            "L0004", f"the primitive {call.name}() is not defined", call.start, call.end, help=_near(call, known)
        )
        return
    if len(call.arguments) != len(primitive.parameters):
        given = len(call.arguments)
        message = f"{call.name}() takes {len(primitive.parameters)} arguments, and was given {given}"
        yield Problem("L0005", message, call.start, call.end, help=f"write `{_usage(primitive)}`")
        return
    if wants_value and primitive.result is None:
        yield Problem(
            "L0005", f"{call.name}() has no value", call.start, call.end, help="make it a statement of its own"
        )
    for parameter, argument in zip(primitive.parameters, call.arguments, strict=True):
        if parameter in primitive.lvalues and not isinstance(argument, Deref):
            message = f"{call.name}() needs an lvalue here"
            yield Problem("L0005", message, argument.start, argument.end, help=f"write `{_usage(primitive)}`")
    if primitive.is_start:
        callback = call.arguments[-1]
        if not isinstance(callback, Name) or callback.name not in threads:
            message = f"{call.name}() needs the thread that is its callback here"
            yield Problem(
                "L0005", message, callback.start, callback.end, help=f"name one of {', '.join(sorted(threads))}"
            )


def _near(call: Call, known: Definitions) -> str:
    near = get_close_matches(call.name, list(known), 1)
    return f"did you mean `{near[0]}`?" if near else "the primitives are those of psockmc/litmus/primitives.def"


def _usage(primitive: Primitive) -> str:
    parameters = (f"*{p}" if p in primitive.lvalues else p for p in primitive.parameters)
    return f"{primitive.name}({', '.join(parameters)})"


def _calls(block: Block) -> Iterator[tuple[Call, bool]]:
    """The calls of a block, and whether their value is used."""
    for statement in block:
        if isinstance(statement, Evaluate):
            yield statement.call, False
            for argument in statement.call.arguments:
                yield from _calls_in(argument)
        elif isinstance(statement, Assign):
            yield from _calls_in(statement.value)
        elif isinstance(statement, Store):
            yield from _calls_in(statement.value)
            yield from _calls_in(statement.address)
        else:
            yield from _calls_in(statement.condition)
            yield from _calls(statement.then if isinstance(statement, If) else statement.body)
            yield from _calls(statement.otherwise if isinstance(statement, If) else ())


def _calls_in(expr: Expr) -> Iterator[tuple[Call, bool]]:
    if isinstance(expr, Call):
        yield expr, True
        for argument in expr.arguments:
            yield from _calls_in(argument)
    elif isinstance(expr, Deref):
        yield from _calls_in(expr.address)
    elif isinstance(expr, Binary):
        yield from _calls_in(expr.left)
        yield from _calls_in(expr.right)
