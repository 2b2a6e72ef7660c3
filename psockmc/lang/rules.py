"""Rules that need the whole program: where effects, choices, ghost fields and stores to constant fields are allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from psockmc.lang import tree
from psockmc.lang.diagnostics import Report
from psockmc.lang.effects import SIMPLE_STATEMENTS, Effects
from psockmc.lang.flow import always
from psockmc.lang.source import SourceFile
from psockmc.lang.types import Null
from psockmc.lang.walk import blocks, expressions, statements, within
from psockmc.lang.words import WORDS
from psockmc.lang.world import PROPERTY_ROLES

_INITIALISING_ROLES = ("user", "primitive", "proof")
"""Roles of functions that may set constant fields of any object: set-up code and INIT_WORK() and its like."""

_CONTEXT_FREE = "a property is evaluated in a state, not in a context"


def check_rules(
    report: Report,
    files: Mapping[str, SourceFile],
    structs: Mapping[str, tree.Struct],
    functions: Iterable[tree.Function],
    effects: Effects,
) -> None:
    """Reports what is wrong with `functions`. files: by name. effects: of all functions, replacements in place."""
    for function in functions:
        _Rules(report, files[function.span.file], structs, function, effects).check()


class _Rules:
    """The rules for one function."""

    def __init__(
        self,
        report: Report,
        file: SourceFile,
        structs: Mapping[str, tree.Struct],
        function: tree.Function,
        effects: Effects,
    ) -> None:
        self.report = report
        self.file = file
        self.structs = structs
        self.function = function
        self.effects = effects
        self.is_property = function.role in PROPERTY_ROLES

    def check(self) -> None:
        """Reports everything that breaks a rule."""
        self._block(self.function.body, atomic=False)
        if self.is_property:
            self._property()

    def _note(self, code: str, span: tree.Span, message: str, label: str, help: str) -> None:
        self.report.add(self.file.refuse(code, span, message, label=label, help=help))

    def _block(self, block: tuple[tree.Stmt, ...], *, atomic: bool) -> None:
        for statement in block:
            self._statement(statement, atomic=atomic)
            inside = atomic or isinstance(statement, tree.Atomic)
            for inner in blocks(statement):
                self._block(inner, atomic=inside)

    def _statement(self, statement: tree.Stmt, *, atomic: bool) -> None:
        own = [part for expr in expressions(statement) for part in within(expr)]
        match statement:
            case tree.Check(cond=cond) | tree.AssumeThat(cond=cond):
                self._require_pure(cond, "the condition of `check` or `assume`")
            case tree.WaitEvent(cond=cond, span=span):
                self._require_pure(cond, "the condition of `wait_event`")
                if atomic:
                    message = "an atomic block cannot sleep"
                    self._note("E0605", span, message, "sleeps", "move `wait_event` out of the block")
            case tree.While(cond=cond, body=body, span=span):
                self._require_step(cond, body, span)
        for part in own:
            if isinstance(part, tree.Intrinsic) and part.name == "wait":
                self._wait(part, atomic=atomic)
            if atomic:
                self._choice(part)
            if isinstance(part, tree.Intrinsic) and WORDS[part.name].writes:
                self._store(next(a for a in part.args if isinstance(a, tree.FieldOf | tree.ElementOf)))
        if isinstance(statement, tree.Assign):
            self._store(statement.target)
            if not atomic:
                self._ghost_store(statement)
        self._ghosts(statement)

    # ------------------------------------------------------------ steps, waiting, choices

    def _require_step(self, cond: tree.Expr, body: tuple[tree.Stmt, ...], span: tree.Span) -> None:
        if self.effects.can_step((tree.Evaluate(cond, span), *body)):
            return
        kind = "never ends" if always(cond) else "runs on locals only"
        help = "read a field or use `wait_event` in it; to repeat something n times, write `for i in range(n)`"
        self._note("E0405", span, f"this loop takes no step: it {kind}", "no step", help)

    def _wait(self, wait: tree.Intrinsic, *, atomic: bool) -> None:
        if not atomic:
            help = 'put it into `with atomic("reason"):` together with what it waits for'
            self._note("E0602", wait.span, "`wait` stands in an atomic block only", "no atomic block", help)
        for part in (inner for arg in wait.args for inner in within(arg)):
            if isinstance(part, tree.Intrinsic) and WORDS[part.name].effects:
                help = "do it in a statement before or behind it"
                message = f"the condition of `wait` does more than read: `{part.name}`"
                self._note("E0604", part.span, message, "an effect", help)

    def _choice(self, expr: tree.Expr) -> None:
        match expr:
            case tree.Intrinsic(name="choose" | "arbitrary", span=span):
                what = "an atomic block cannot choose"
            case tree.Intrinsic(name="kzalloc", span=span):
                what = "an atomic block cannot allocate: an allocation may fail, which is a choice"
            case tree.Call(span=span) | tree.CallPointer(span=span):
                choosing = sorted(self.effects.called(expr) & self.effects.choosing)
                if not choosing:
                    return
                what = f"an atomic block cannot call `{choosing[0]}`, which chooses or allocates"
            case _:
                return
        help = "do it before the block and keep the result in a local"
        self._note("E0605", span, what, "a choice", help)

    # ------------------------------------------------------------ effects

    def _require_pure(self, expr: tree.Expr, what: str) -> None:
        """Conditions that are evaluated in one state, atomically."""
        for part in within(expr):
            if (effect := self.effects.effect(part)) is not None:
                help = "do it in a statement before, and keep the result in a local"
                self._note("E0604", part.span, f"{what} {effect}", "an effect", help)
                return

    def _property(self) -> None:
        what = f"the property `{self.function.name}`"
        for statement in statements(self.function.body):
            if not isinstance(statement, SIMPLE_STATEMENTS):
                help = "properties consist of `if` and `return`; use `all`, `any`, `count` or a `@pure` function"
                self._note("E0604", statement.span, f"{what} contains a statement that only code has", "code", help)
            for expr in expressions(statement):
                self._require_pure(expr, what)
                self._require_context_free(expr)

    def _require_context_free(self, expr: tree.Expr) -> None:
        for part in within(expr):
            if isinstance(part, tree.Intrinsic) and WORDS[part.name].context and not WORDS[part.name].effects:
                help = "compare with a field, or use `check` in the code"
                self._note("E0604", part.span, f"{_CONTEXT_FREE}: `{part.name}`", "whose?", help)
                return

    # ------------------------------------------------------------ fields

    def _field(self, place: tree.Expr) -> tree.StructField | None:
        """The field that a place belongs to."""
        if isinstance(place, tree.ElementOf):
            return self._field(place.base)
        if isinstance(place, tree.FieldOf):
            return self.structs[place.struct].field(place.name)
        return None

    def _store(self, place: tree.Expr) -> None:
        """Constant fields are set while their object is still private: set-up code, or an object just allocated."""
        field = self._field(place)
        if field is None or not field.const or self.function.role in _INITIALISING_ROLES or self._is_fresh(place):
            return
        help = "set it in a `@user` function of the setup, or through the local that `kzalloc` was assigned to"
        message = f"the field `{field.name}` is constant after initialisation"
        self._note("E0414", place.span, message, "written here", help)

    def _is_fresh(self, place: tree.Expr) -> bool:
        """Whether a place lies in an object that this very function allocated."""
        while isinstance(place, tree.FieldOf | tree.ElementOf):
            place = place.base
        if not isinstance(place, tree.Var) or any(p.name == place.name for p in self.function.params):
            return False
        sources = [
            s.value
            for s in statements(self.function.body)
            if isinstance(s, tree.Assign) and isinstance(s.target, tree.Var) and s.target.name == place.name
        ]
        allocated = [s for s in sources if isinstance(s, tree.Intrinsic) and s.name == "kzalloc"]
        return bool(allocated) and all(s in allocated or isinstance(s.type, Null) for s in sources)

    def _ghost_store(self, statement: tree.Assign) -> None:
        """What is recorded for properties must not add steps to the code."""
        target = self._field(statement.target)
        if target is None or not target.ghost:
            return
        for part in (*within(statement.value), *within(statement.target)):
            if part is not statement.target and self.effects.is_step(part):
                help = "take the value from a local, or put both into an atomic block"
                message = f"recording `{target.name}` takes a step of its own"
                self._note("E0606", part.span, message, "read from shared memory", help)
                return

    def _ghosts(self, statement: tree.Stmt) -> None:
        """Ghost fields exist for properties: what code does must not depend on them."""
        if self.is_property or self.function.role in _INITIALISING_ROLES:
            return
        if isinstance(statement, tree.Check | tree.AssumeThat):
            return
        if isinstance(statement, tree.Assign):
            target = self._field(statement.target)
            if target is not None and target.ghost:
                return
        for expr in expressions(statement):
            for part in within(expr):
                field = self._field(part) if isinstance(part, tree.FieldOf) else None
                if field is not None and field.ghost and not self._written_by(statement, part):
                    help = "use a field of the kernel, or drop `Ghost` if code needs it"
                    self._note("E0606", part.span, f"code depends on the ghost field `{field.name}`", "a ghost", help)

    def _written_by(self, statement: tree.Stmt, part: tree.Expr) -> bool:
        """Lists and words that only write (`list_add(x, g.list)`) do not make code depend on a ghost field."""
        value = statement.value if isinstance(statement, tree.Evaluate) else None
        return isinstance(value, tree.Intrinsic) and WORDS[value.name].writes and part in value.args
