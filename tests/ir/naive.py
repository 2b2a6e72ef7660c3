"""An interpreter of a small part of the language that knows nothing of psockmc: source text in, reachable memory out.

Every load and every store is one step, in the order of evaluation; locals and constant fields are free; an atomic block
is one step. A thread is a generator that asks for one access after the other, so a thread's state is the answers that
it got, and a schedule is explored by giving the same answers again.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass

Memory = Mapping[str, object]
"""Values by `object.field`, `object.field[index]`. Pointers are names of objects, or None."""

Request = tuple[str, str, object]
"""("load", cell, None), ("store", cell, value), ("enter", "", None), ("leave", "", None)."""

Thread = Generator[Request, object, object]


class Fault(Exception):
    """A read or write through NULL, or outside an array: the run ends."""


class _Leave(Exception):
    """`break`, `continue` or `return` on its way. kind: which; value: what is returned."""

    def __init__(self, kind: str, value: object = None) -> None:
        self.kind, self.value = kind, value


OPERATORS: dict[type[ast.AST], Callable[..., object]] = {
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.Add: operator.add,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A place in memory, by its name so far."""

    name: str


@dataclass
class Program:
    """functions by name, objects that exist, constant fields with their value, the length of every array."""

    functions: dict[str, ast.FunctionDef]
    objects: frozenset[str]
    constant: dict[str, int]
    length: int

    def call(self, name: str, args: list[object]) -> Thread:
        """The call of a function, as a thread or a part of one."""
        function = self.functions[name]
        env = dict(zip((a.arg for a in function.args.args), args, strict=True))
        try:
            yield from self._block(function.body, env)
        except _Leave as leave:
            return leave.value
        return None

    # ------------------------------------------------------------ statements

    def _block(self, body: list[ast.stmt], env: dict[str, object]) -> Thread:
        for stmt in body:
            yield from self._statement(stmt, env)
        return None

    def _statement(self, stmt: ast.stmt, env: dict[str, object]) -> Thread:
        match stmt:
            case ast.Pass():
                pass
            case ast.Expr(value=value):
                yield from self._value(value, env)
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                result = yield from self._value(value, env)
                yield from self._store(target, result, env)
            case ast.AugAssign(target=target, op=op, value=value):
                place = yield from self._place(target, env)
                old = yield ("load", place.name, None)
                new = yield from self._value(value, env)
                yield ("store", place.name, OPERATORS[type(op)](old, new))
            case ast.If(test=test, body=body, orelse=other):
                cond = yield from self._value(test, env)
                yield from self._block(body if cond else other, env)
            case ast.While() | ast.For():
                yield from self._loop(stmt, env)
            case ast.With(body=body):
                yield ("enter", "", None)
                try:
                    yield from self._block(body, env)
                except _Leave:
                    yield ("leave", "", None)
                    raise
                yield ("leave", "", None)
            case ast.Break():
                raise _Leave("break")
            case ast.Continue():
                raise _Leave("continue")
            case ast.Return(value=value):
                raise _Leave("return", (yield from self._value(value, env)) if value else None)
            case _:
                raise AssertionError(ast.dump(stmt))
        return None

    def _rounds(self, stmt: ast.While | ast.For, env: dict[str, object]) -> Generator[Request, object, bool]:
        """Whether there is one more round."""
        if isinstance(stmt, ast.While):
            return bool((yield from self._value(stmt.test, env)))
        assert isinstance(stmt.target, ast.Name)
        env[f"round of {id(stmt)}"] = count = int(env.get(f"round of {id(stmt)}", -1)) + 1  # type: ignore[call-overload]
        more = count < ast.literal_eval(stmt.iter.args[0])  # type: ignore[attr-defined]
        if more:
            env[stmt.target.id] = count
        else:
            del env[f"round of {id(stmt)}"]
        return bool(more)

    def _loop(self, stmt: ast.While | ast.For, env: dict[str, object]) -> Thread:
        env.pop(f"round of {id(stmt)}", None)
        while (yield from self._rounds(stmt, env)):
            try:
                yield from self._block(stmt.body, env)
            except _Leave as leave:
                if leave.kind == "return":
                    raise
                if leave.kind == "break":
                    break
        return None

    # ------------------------------------------------------------ places

    def _store(self, target: ast.expr, value: object, env: dict[str, object]) -> Thread:
        if isinstance(target, ast.Name):
            env[target.id] = value
            return None
        place = yield from self._place(target, env)
        yield ("store", place.name, value)
        return None

    def _place(self, expr: ast.expr, env: dict[str, object]) -> Generator[Request, object, Place]:
        match expr:
            case ast.Name(id=name) if isinstance(env.get(name), Place):
                return env[name]  # type: ignore[return-value]
            case ast.Attribute(value=base, attr=name):
                if self._is_embedded(base, env):
                    outer = yield from self._place(base, env)
                    return Place(f"{outer.name}.{name}")
                pointer = yield from self._value(base, env)
                return Place("NULL" if pointer is None else f"{pointer}.{name}")
            case ast.Subscript(value=base, slice=index):
                outer = yield from self._place(base, env)
                at = yield from self._value(index, env)
                inside = 0 <= at < self.length  # type: ignore[operator]
                return Place(f"{outer.name}[{at}]" if inside and outer.name != "NULL" else "NULL")
        raise AssertionError(ast.dump(expr))

    @staticmethod
    def _is_embedded(base: ast.expr, env: dict[str, object]) -> bool:
        """Structs are embedded at `.pair`; everything else that has fields is a pointer."""
        return (isinstance(base, ast.Attribute) and base.attr == "pair") or (
            isinstance(base, ast.Name) and isinstance(env.get(base.id), Place)
        )

    # ------------------------------------------------------------ expressions

    def _value(self, expr: ast.expr, env: dict[str, object]) -> Thread:
        match expr:
            case ast.Constant(value=value):
                return value
            case ast.Name(id="NULL"):
                return None
            case ast.Name(id=name):
                return env.get(name, name)
            case ast.Attribute(attr="pair"):
                return (yield from self._place(expr, env))
            case ast.Attribute(attr=name) if name in self.constant:
                yield from self._place(expr, env)
                return self.constant[name]
            case ast.Attribute() | ast.Subscript():
                place = yield from self._place(expr, env)
                return (yield ("load", place.name, None))
            case ast.UnaryOp(operand=operand):
                return not (yield from self._value(operand, env))
            case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
                one = yield from self._value(left, env)
                other = yield from self._value(right, env)
                return OPERATORS[type(op)](one, other)
            case ast.BoolOp(op=op, values=values):
                for value in values:
                    cond = yield from self._value(value, env)
                    if bool(cond) == isinstance(op, ast.Or):
                        return bool(cond)
                return isinstance(op, ast.And)
            case ast.IfExp(test=test, body=body, orelse=other):
                cond = yield from self._value(test, env)
                return (yield from self._value(body if cond else other, env))
            case ast.Call(func=ast.Name(id="xchg"), args=[target, value]):
                place = yield from self._place(target, env)
                new = yield from self._value(value, env)
                yield ("enter", "", None)
                old = yield ("load", place.name, None)
                yield ("store", place.name, new)
                yield ("leave", "", None)
                return old
            case ast.Call(func=ast.Name(id=name), args=args):
                values = []
                for arg in args:
                    values.append((yield from self._value(arg, env)))
                return (yield from self.call(name, values))
        raise AssertionError(ast.dump(expr))


# ---------------------------------------------------------------- schedules

State = tuple[frozenset[tuple[str, object]], tuple[tuple[object, ...], ...]]


def _step(thread: Thread, answers: tuple[object, ...], memory: dict[str, object]) -> tuple[object, ...] | None:
    """Let a thread take its next step on `memory`; all answers it has got then, or None when it is done already."""
    given, depth = list(answers), 0
    request = _resume(thread, None)
    for answer in answers:
        request = _resume(thread, answer)
    while request is not None:
        kind, cell, value = request
        depth += {"enter": 1, "leave": -1}.get(kind, 0)
        if kind in ("load", "store") and cell not in memory:
            raise Fault(cell)
        if kind == "store":
            memory[cell] = value
        given.append(memory[cell] if kind == "load" else None)
        request = _resume(thread, given[-1])
        if depth == 0:
            return tuple(given)
    return None


def _resume(thread: Thread, answer: object) -> Request | None:
    try:
        return thread.send(answer)
    except StopIteration:
        return None


def reachable(
    start: Memory, threads: list[Callable[[], Thread]]
) -> Iterator[tuple[frozenset[tuple[str, object]], bool]]:
    """Every memory that the threads can reach, and whether all are done there."""
    first: State = (frozenset(start.items()), tuple(() for _ in threads))
    seen, todo = {first}, [first]
    while todo:
        memory, answers = todo.pop()
        done = True
        for i, thread in enumerate(threads):
            cells = dict(memory)
            try:
                given = _step(thread(), answers[i], cells)
            except Fault:
                done = False
                continue
            if given is None:
                continue
            done = False
            state = (frozenset(cells.items()), (*answers[:i], given, *answers[i + 1 :]))
            if state not in seen:
                seen.add(state)
                todo.append(state)
        yield memory, done
