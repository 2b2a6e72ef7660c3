"""Control flow of one function: results on every path, locals assigned before they are read."""

from __future__ import annotations

from collections.abc import Iterable

from psockmc.lang import tree
from psockmc.lang.diagnostics import Report
from psockmc.lang.source import SourceFile
from psockmc.lang.types import Void, show
from psockmc.lang.walk import blocks, expressions, within


def check_flow(report: Report, file: SourceFile, function: tree.Function) -> None:
    """Reports a missing return and reads of locals that may not have a value yet."""
    if not isinstance(function.result, Void) and can_end(function.body):
        where = tree.Span(
            function.span.file, function.span.line, function.span.column, function.span.line, _width(file, function)
        )
        help = f"end every path with `return` and a value of type `{show(function.result)}`"
        message = f"`{function.name}` can end without returning its result"
        report.add(file.refuse("E0410", where, message, label="missing return", help=help))
    _Assigned(report, file).check(function)


def _width(file: SourceFile, function: tree.Function) -> int:
    return len(file.line(function.span.line))


def can_end(block: tuple[tree.Stmt, ...]) -> bool:
    """Whether control can reach the end of a block."""
    return all(_passes(statement) for statement in block)


def _passes(statement: tree.Stmt) -> bool:
    """Whether control can reach what follows a statement."""
    match statement:
        case tree.Return() | tree.Break() | tree.Continue():
            return False
        case tree.If(then=then, other=other):
            return can_end(then) or can_end(other)
        case tree.Atomic(body=body):
            return can_end(body)
        case tree.While(cond=cond, body=body):
            return not always(cond) or has_break(body)
        case _:
            return True


def always(cond: tree.Expr) -> bool:
    """Whether a condition is the constant true."""
    return isinstance(cond, tree.Literal) and cond.value != 0


def has_break(body: tuple[tree.Stmt, ...]) -> bool:
    """Whether a `break` in a loop's body ends this very loop."""
    for statement in body:
        if isinstance(statement, tree.Break):
            return True
        is_loop = isinstance(statement, tree.While | tree.ForRange | tree.ForList)
        if not is_loop and any(has_break(block) for block in blocks(statement)):
            return True
    return False


_Names = frozenset[str]


class _Assigned:
    """Definite assignment: the locals that have a value on every path to a place.

    leaving: for each loop around the current statement, what has a value at each `break` and at each `continue`.
    """

    def __init__(self, report: Report, file: SourceFile) -> None:
        self.report = report
        self.file = file
        self.reported: set[str] = set()
        self.leaving: list[tuple[list[_Names], list[_Names]]] = []

    def check(self, function: tree.Function) -> None:
        """Reports the first read of every local that may have no value there."""
        self.locals = set(function.locals)
        self._block(function.body, frozenset(p.name for p in function.params))

    def _block(self, block: tuple[tree.Stmt, ...], known: _Names) -> _Names | None:
        """What has a value behind the block; None when control does not get there."""
        for statement in block:
            after = self._statement(statement, known)
            if after is None:
                return None
            known = after
        return known

    def _statement(self, statement: tree.Stmt, known: _Names) -> _Names | None:
        for expr in expressions(statement):
            if not (isinstance(statement, tree.Assign) and expr is statement.target and isinstance(expr, tree.Var)):
                self._read(expr, known)
        match statement:
            case tree.Assign(target=tree.Var(name=name)):
                return known | {name}
            case tree.If(then=then, other=other):
                return _meet([self._block(then, known), self._block(other, known)])
            case tree.Atomic(body=body):
                return self._block(body, known)
            case tree.While(cond=cond, body=body):
                breaks, _ = self._loop(body, known)
                return _meet([*breaks, None if always(cond) else known])
            case tree.ForRange(var=var, first=first, last=last, body=body):
                breaks, rounds = self._loop(body, known | {var})
                return _meet([*breaks, *(rounds if first < last else [known])])
            case tree.ForList(var=var, body=body):
                breaks, _ = self._loop(body, known | {var})
                return _meet([*breaks, known])
            case tree.Break():
                self.leaving[-1][0].append(known)
            case tree.Continue():
                self.leaving[-1][1].append(known)
        return known if _passes(statement) else None

    def _loop(self, body: tuple[tree.Stmt, ...], known: _Names) -> tuple[list[_Names], list[_Names | None]]:
        """What has a value at each `break`, and wherever a round ends."""
        self.leaving.append(([], []))
        end = self._block(body, known)
        breaks, continues = self.leaving.pop()
        return breaks, [*continues, end]

    def _read(self, expr: tree.Expr, known: _Names) -> None:
        for part in within(expr):
            if isinstance(part, tree.Var) and part.name in self.locals and part.name not in known | self.reported:
                self.reported.add(part.name)
                help = "assign it on every path before this one"
                message = f"the local `{part.name}` may be read before it is assigned"
                refused = self.file.refuse("E0412", part.span, message, label="no value yet", help=help)
                self.report.add(refused)


def _meet(paths: Iterable[_Names | None]) -> _Names | None:
    """What has a value when paths meet; a path that does not get there (None) does not count."""
    arriving = [path for path in paths if path is not None]
    return frozenset.intersection(*arriving) if arriving else None
