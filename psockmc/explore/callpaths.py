"""Call paths of a run: which calls were made, in which order, with what.

A context's node names its path as a tuple of frames. The same frames may be entered again and again (a loop, a
worker), so a run is a tree of *calls*; `CallTree` follows the nodes that a context performs and gives each call a
number.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from psockmc.explore.naming import Names
from psockmc.explore.tracedata import Call, Place
from psockmc.ir import system as ir

KERNEL = "psockmc/kernel/"
"""Where the kernel primitives live: their statements are shown as one line of their caller's."""

Values = Mapping[int, int]
"""The locals of a context whose values are known: those that are live or were just assigned."""


@dataclass(slots=True)
class _Stack:
    """Where a context is: the frames of its path, the number of the path, and the calls, outermost first."""

    frames: tuple[ir.Frame, ...] = ()
    path: int = -1
    calls: list[int] = field(default_factory=list)


class CallTree:
    """The calls of a run, in the order in which they were made."""

    def __init__(self, ts: ir.TransitionSystem, names: Names, calls: list[Call] | None = None) -> None:
        """calls: the list to which calls are added (of another run, for instance), by default an empty one."""
        self.ts, self.names = ts, names
        self.calls: list[Call] = [] if calls is None else calls
        self._stacks = [_Stack() for _ in ts.contexts]
        self._files = {s.function: s.file for s in ts.statements}
        self._variables = [_variables(ts, c) for c in ts.contexts]

    def enter(self, context: int, node: int, local: Values) -> Place:
        """Control of a context reaches a node, its locals being `local`: the place, under the calls made on the way."""
        where = self.ts.contexts[context]
        stack, path = self._stacks[context], where.nodes[node].path
        frames = where.paths[path]
        if path != stack.path:
            common = _common(stack.frames, frames)
            del stack.calls[common:]
            for depth in range(common, len(frames)):
                stack.calls.append(self._call(context, frames[: depth + 1], stack.calls, local))
            stack.frames, stack.path = frames, path
        return self._place(where, where.nodes[node], tuple(stack.calls))

    def _place(self, context: ir.Context, node: ir.Node, path: tuple[int, ...]) -> Place:
        if node.statement < 0:
            frame = context.paths[node.path][-1]
            file = self._files.get(frame.function, "")
            begins = node.stop == 0
            text = f"{frame.function}() begins" if begins else f"return from {frame.function}()"
            return Place(text, file, 0, frame.function, frame.kernel_file, path)
        s = self.ts.statements[node.statement]
        return Place(s.text, s.file, s.line, s.function, s.kernel_file, path)

    def performed(self, context: int, node: int, local: Sequence[int]) -> None:
        """The node that was entered last is done and left these locals: a call's result is one of them."""
        op, stack = self.ts.contexts[context].nodes[node].op, self._stacks[context]
        if isinstance(op, ir.Let) and stack.calls:
            call, variable = self.calls[stack.calls[-1]], self.ts.contexts[context].locals[op.local]
            if variable.name == f"{call.function}()":
                self.calls[call.number] = replace(call, result=self.names.value(variable, local[op.local]))

    def assigned(self, context: int, node: int) -> int:
        """The local behind a variable of the source that the node assigns to, or -1."""
        where = self.ts.contexts[context].nodes[node]
        if not isinstance(where.op, (ir.Let, ir.Alloc, ir.Choose)):
            return -1
        own = self._variables[context].get(where.path, {})
        return where.op.local if any(where.op.local in numbers for numbers in own.values()) else -1

    # ------------------------------------------------------------ calls

    def _call(self, context: int, frames: tuple[ir.Frame, ...], outer: Sequence[int], local: Values) -> int:
        frame = frames[-1]
        text = self._call_statement(frames)
        objects = self._objects(context, frames[:-1], local)
        pointers = frozenset(self._variables_of(context, frames[:-1]))
        call = Call(
            number=len(self.calls),
            parent=outer[-1] if outer else -1,
            context=context,
            function=frame.function,
            kernel_file=frame.kernel_file,
            call_file=frame.call_file,
            call_line=frame.call_line,
            statement=text,
            arguments=arguments_of_call(text, frame.function, pointers, objects),
            primitive=self._files.get(frame.function, "").startswith(KERNEL),
            result="",
        )
        self.calls.append(call)
        return call.number

    def _call_statement(self, frames: tuple[ir.Frame, ...]) -> str:
        """The caller's statement: the last one that begins at or above the line of the call."""
        if len(frames) < 2:
            return ""
        frame, caller = frames[-1], frames[-2].function
        own = [s for s in self.ts.statements if s.file == frame.call_file and s.function == caller]
        above = [s for s in own if s.line <= frame.call_line]
        return max(above, key=lambda s: s.line).text if above else ""

    def _objects(self, context: int, caller: tuple[ir.Frame, ...], local: Values) -> dict[str, str]:
        """What the pointers among the variables of a path point to, where this is known."""
        where = self.ts.contexts[context]
        objects = {}
        for name, numbers in self._variables_of(context, caller).items():
            pointers = [n for n in numbers if where.locals[n].pool >= 0 and n in local]
            values = {self.names.value(where.locals[n], local[n]) for n in pointers}
            if len(values) == 1:
                objects[name] = values.pop()
        return objects

    def _variables_of(self, context: int, path: tuple[ir.Frame, ...]) -> dict[str, list[int]]:
        """The source's variables of a path."""
        paths = self.ts.contexts[context].paths
        return self._variables[context].get(paths.index(path), {}) if path in paths else {}


def _common(one: Sequence[ir.Frame], other: Sequence[ir.Frame]) -> int:
    """How many leading frames are equal."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _variables(ts: ir.TransitionSystem, context: ir.Context) -> dict[int, dict[str, list[int]]]:
    """For each path, the source's variables by name: locals to which a statement `name = ...` of the path assigns.

    Locals that the compiler made bear names too (a field's, for instance) and are none.
    """
    found: dict[int, dict[str, list[int]]] = {}
    for node in context.nodes:
        if isinstance(node.op, (ir.Let, ir.Alloc, ir.Choose)) and node.statement >= 0:
            number = node.op.local
            name = context.locals[number].name
            if _assigned(ts.statements[node.statement].text) == name:
                numbers = found.setdefault(node.path, {}).setdefault(name, [])
                if number not in numbers:
                    numbers.append(number)
    return found


# ---------------------------------------------------------------- source texts


def parse_statement(text: str) -> ast.stmt | None:
    """The syntax tree of a statement's one-line text (`if x:` without its body); None when it is not Python."""
    text = text.strip()
    if text.startswith("elif "):
        text = text[2:]
    for source in (text, f"{text} pass"):
        try:
            return ast.parse(source).body[0]
        except (SyntaxError, IndexError):
            continue
    return None


def _assigned(text: str) -> str:
    """The variable that a statement assigns to, or ""."""
    match parse_statement(text):
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name)):
            return name
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.For(target=ast.Name(id=name)):
            return name
    return ""


def _is_pointer(function: ast.expr, pointers: frozenset[str]) -> bool:
    """Whether this is a variable, which then holds a function."""
    return isinstance(function, ast.Name) and function.id in pointers


class _KnownObjects(ast.NodeTransformer):
    """Puts objects in the place of variables."""

    def __init__(self, objects: Mapping[str, str]) -> None:
        self.objects = objects

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """A variable that is known."""
        return ast.Name(self.objects.get(node.id, node.id), ast.Load())


def arguments_of_call(
    text: str, function: str, pointers: frozenset[str], objects: Mapping[str, str]
) -> tuple[str, ...]:
    """The arguments of the call of `function` in a statement, objects in place of the variables that are known.

    pointers: the caller's variables; a call through a field or one of them has another name, and is meant when it
    is the only one. `("...",)` where the statement calls the function more than once in different ways, or not
    visibly.
    """
    tree = parse_statement(text)
    if tree is None:
        return ("...",) if text else ()
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    ours = [n for n in calls if isinstance(n.func, ast.Name) and n.func.id == function]
    ours = ours or [n for n in calls if isinstance(n.func, ast.Attribute) or _is_pointer(n.func, pointers)]
    known = _KnownObjects(objects)
    written = {tuple(ast.unparse(known.visit(a)) for a in call.args) for call in ours}
    return written.pop() if len(written) == 1 else ("...",)
