"""Types of locals: from their annotation, else the join of everything that is assigned to them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from psockmc.lang.conversions import join
from psockmc.lang.diagnostics import Refused
from psockmc.lang.expressions import Expressions, Untyped
from psockmc.lang.loops import loop_variable
from psockmc.lang.refusals import NESTED
from psockmc.lang.scope import Module, SymbolKind
from psockmc.lang.types import BitName, Bounded, CInt, Null, Type
from psockmc.lang.world import Signature


@dataclass(frozen=True)
class _Source:
    """One assignment to a local without annotation: the local's name as it stands there, and the statement."""

    target: ast.Name
    statement: ast.Assign | ast.AugAssign | ast.For


def infer_locals(expressions: Expressions, signature: Signature, node: ast.FunctionDef) -> None:
    """Fills `expressions.around.locals`: parameters, annotated locals, inferred ones; None where that failed.

    What cannot be inferred goes to the report, once, where the local is first assigned.
    """
    locals, report = expressions.around.locals, expressions.world.report
    locals.update({p.name: p.type for p in signature.params})
    annotated, sources = _declarations(node)
    for declared in annotated:
        assert isinstance(declared.target, ast.Name)
        with report.recover():
            _declare(expressions, declared, declared.target)
    inferred = [s for s in sources if s.target.id not in locals]
    for source in inferred:
        locals.setdefault(source.target.id, None)
    _hidden_names(expressions, annotated, inferred)
    _Inference(expressions, inferred).run()
    for source in inferred:
        with report.recover():
            _require_clear(expressions, source)


def _declarations(node: ast.FunctionDef) -> tuple[list[ast.AnnAssign], list[_Source]]:
    """All annotations and all other assignments of locals, in the order of the source."""
    annotated: list[ast.AnnAssign] = []
    sources: list[_Source] = []
    for statement in _statements(node.body):
        match statement:
            case ast.AnnAssign(target=ast.Name()):
                annotated.append(statement)
            case ast.Assign(targets=[ast.Name() as target]) | ast.AugAssign(target=ast.Name() as target):
                sources.append(_Source(target, statement))
            case ast.For(target=ast.Name() as target):
                sources.append(_Source(target, statement))
    return annotated, sources


def _statements(block: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in block:
        yield statement
        if not isinstance(statement, NESTED):
            for name in ("body", "orelse"):
                yield from _statements(getattr(statement, name, []))


def _declare(expressions: Expressions, node: ast.AnnAssign, target: ast.Name) -> None:
    locals, file = expressions.around.locals, expressions.file
    before = locals.get(target.id)
    locals.setdefault(target.id, None)
    t = expressions.types.local(node.annotation)
    if before is not None and before != t:
        locals[target.id] = None
        help = "declare a local once, where it is first assigned"
        raise file.refuse("E0413", node, f"`{target.id}` has another type already", label="second type", help=help)
    locals[target.id] = t


def _hidden_names(expressions: Expressions, annotated: list[ast.AnnAssign], inferred: list[_Source]) -> None:
    """A local with the name of a function, constant or word of the file would hide it."""
    targets = [*(a.target for a in annotated), *(s.target for s in inferred)]
    for name, node in {t.id: t for t in reversed(targets) if isinstance(t, ast.Name)}.items():
        with expressions.world.report.recover():
            refuse_hiding(expressions.module, name, node, "local")


def refuse_hiding(module: Module, name: str, node: ast.AST, what: str) -> None:
    """Refuses a local or parameter that bears a name which means something else in this file."""
    symbol = module.values.get(name)
    if symbol is None and name not in module.words:
        return
    kind = symbol.kind if symbol is not None else SymbolKind.WORD
    message = f"the {what} `{name}` hides the {kind.value} `{name}`"
    raise module.file.refuse("E0416", node, message, label="hides it", help=f"choose another name for the {what}")


# ---------------------------------------------------------------- inference


class _Inference:
    """Joins what is assigned to each local until nothing changes.

    excused: locals that stay without a type for a reason that is reported where they are assigned. needs: for each
    local, those that it waits for.
    """

    def __init__(self, expressions: Expressions, sources: list[_Source]) -> None:
        self.expressions = expressions
        self.sources = sources
        self.locals = expressions.around.locals
        self.excused: set[str] = set()
        self.needs: dict[str, set[str]] = {}

    def run(self) -> None:
        """A chain of n locals is known after n rounds; what changes later grows with every round."""
        growing: dict[str, _Source] = {}
        for _ in range(len(self.sources) + 2):
            growing = self._round()
            if not growing:
                break
        self._refuse({source.target.id: source for source in reversed(self._baseless())} | growing)

    def _round(self) -> dict[str, _Source]:
        """One round over all assignments; the locals whose types changed."""
        changed: dict[str, _Source] = {}
        self.excused.clear()
        for source in self.sources:
            name = source.target.id
            known, found = self.locals[name], self._assigned(source)
            joined = known if found is None else found if known is None else join(known, found)
            # Without a join the first type stays, and the assignment that does not fit is reported when it is checked.
            if joined is not None and joined != known:
                self.locals[name] = joined
                changed.setdefault(name, source)
        return changed

    def _assigned(self, source: _Source) -> Type | None:
        """The type that a statement gives its local, as far as that is known by now."""
        name = source.target.id
        try:
            match source.statement:
                case ast.For() as loop:
                    return loop_variable(self.expressions, loop)
                case ast.Assign(value=value):
                    return self.expressions.value(value).type
                case ast.AugAssign():
                    return None
        except Untyped as untyped:
            self.needs.setdefault(name, set()).add(untyped.name)
        except Refused:
            # Reported when the statement itself is checked, if it still is an error then.
            self.excused.add(name)
        return None

    def _baseless(self) -> list[_Source]:
        """Locals without a type that wait for nothing but one another, where they are first assigned."""
        waiting = [source for source in self.sources if self.locals[source.target.id] is None]
        excused = set(self.excused)
        for _ in waiting:
            excused |= {s.target.id for s in waiting if self.needs.get(s.target.id, set()) & excused}
        return [source for source in waiting if source.target.id not in excused]

    def _refuse(self, unclear: dict[str, _Source]) -> None:
        for name, source in unclear.items():
            self.locals[name] = None
            with self.expressions.world.report.recover():
                raise _unbounded(self.expressions, source)


def _require_clear(expressions: Expressions, source: _Source) -> None:
    """Refuses locals whose type only an annotation can tell."""
    locals, name = expressions.around.locals, source.target.id
    t = locals[name]
    if isinstance(t, Null):
        locals[name] = None
        help = f"write `{name}: Ptr[T] = NULL`"
        message = f"`{name}` is only ever NULL: a pointer to what?"
        raise expressions.file.refuse("E0413", source.target, message, label="no type", help=help)
    if isinstance(t, Bounded | CInt) and _counts(source):
        locals[name] = None
        raise _unbounded(expressions, source)
    if isinstance(t, BitName):
        locals[name] = None
        help = "use the member itself where a bit number is required"
        message = f"`{name}` cannot hold a bit number"
        raise expressions.file.refuse("E0209", source.target, message, label="not in a local", help=help)


def _unbounded(expressions: Expressions, source: _Source) -> Refused:
    name = source.target.id
    help = f"say how big it can get: `{name}: u32 = ...` or `{name}: Int[0, 3] = ...`"
    message = f"`{name}` is computed from itself, so its type cannot be inferred"
    return expressions.file.refuse("E0413", source.target, message, label="which type?", help=help)


def _counts(source: _Source) -> bool:
    """Whether the statement is arithmetic on the local itself, as in `n = n + 1`."""
    match source.statement:
        case ast.AugAssign():
            return True
        case ast.Assign(value=value):
            operations = [part for part in ast.walk(value) if isinstance(part, ast.BinOp | ast.UnaryOp)]
            return any(_mentions(part, source.target.id) for part in operations)
    return False


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))
