"""Walks over typed trees."""

from __future__ import annotations

from collections.abc import Iterator

from psockmc.lang import tree


def children(expr: tree.Expr) -> tuple[tree.Expr, ...]:
    """The direct operands of an expression, in evaluation order."""
    match expr:
        case tree.FieldOf(base=base):
            return (base,)
        case tree.ElementOf(base=base, index=index):
            return (base, index)
        case tree.Unary(operand=operand):
            return (operand,)
        case tree.Binary(left=left, right=right):
            return (left, right)
        case tree.Conditional(cond=cond, then=then, other=other):
            return (cond, then, other)
        case tree.Call(args=args) | tree.Intrinsic(args=args):
            return args
        case tree.CallPointer(target=target, args=args):
            return (target, *args)
        case tree.Quantifier(place=place, cond=cond, body=body):
            return tuple(e for e in (place, cond, body) if e is not None)
        case _:
            return ()


def within(expr: tree.Expr) -> Iterator[tree.Expr]:
    """The expression and everything inside of it."""
    yield expr
    for child in children(expr):
        yield from within(child)


def expressions(statement: tree.Stmt) -> tuple[tree.Expr, ...]:
    """The expressions of one statement itself, without those of its blocks."""
    match statement:
        case tree.Assign(target=target, value=value):
            return (value, target)
        case tree.Evaluate(value=value):
            return (value,)
        case tree.If(cond=cond) | tree.While(cond=cond) | tree.Check(cond=cond) | tree.AssumeThat(cond=cond):
            return (cond,)
        case tree.ForList(place=place):
            return (place,)
        case tree.Return(value=value):
            return (value,) if value is not None else ()
        case tree.WaitEvent(queue=queue, cond=cond):
            return (queue, cond)
        case _:
            return ()


def blocks(statement: tree.Stmt) -> tuple[tuple[tree.Stmt, ...], ...]:
    """The blocks of a compound statement."""
    match statement:
        case tree.If(then=then, other=other):
            return (then, other)
        case tree.While(body=body) | tree.ForRange(body=body) | tree.ForList(body=body) | tree.Atomic(body=body):
            return (body,)
        case _:
            return ()


def statements(block: tuple[tree.Stmt, ...]) -> Iterator[tree.Stmt]:
    """All statements of a block, also those of inner blocks, in the order of the source."""
    for statement in block:
        yield statement
        for inner in blocks(statement):
            yield from statements(inner)


def all_expressions(block: tuple[tree.Stmt, ...]) -> Iterator[tree.Expr]:
    """Every expression anywhere in a block."""
    for statement in statements(block):
        for expr in expressions(statement):
            yield from within(expr)
