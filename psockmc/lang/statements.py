"""Function bodies: from syntax to typed statements. One bad statement is reported, the next one is still checked."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace

from psockmc.lang import tree
from psockmc.lang.annotations import operator_text
from psockmc.lang.expressions import Expressions, Surroundings
from psockmc.lang.inference import infer_locals
from psockmc.lang.loops import is_range, list_domain, range_bounds
from psockmc.lang.refusals import NESTED, STATEMENT_HELP
from psockmc.lang.scope import Module
from psockmc.lang.types import Pointer, StructType, Type, Void, show
from psockmc.lang.words import NEEDED_PRIMITIVES, Kind, Word
from psockmc.lang.world import Signature, World


class FunctionBody:
    """Checks the body of one function."""

    def __init__(self, world: World, module: Module, signature: Signature) -> None:
        self.world = world
        self.module = module
        self.file = module.file
        self.signature = signature
        self.around = Surroundings(signature.role, {}, signature.is_property)
        self.expressions = Expressions(world, module, self.around)
        self.loops = 0

    def check(self) -> tree.Function:
        """The typed function; whatever is wrong in it goes to the report."""
        signature, node = self.signature, self.signature.node
        infer_locals(self.expressions, signature, node)
        statements = node.body
        doc = ast.get_docstring(node) or ""
        if _is_docstring(statements[0]):
            statements = statements[1:]
        body = self.block(statements)
        return tree.Function(
            name=signature.name,
            role=signature.role,
            params=signature.params,
            result=signature.result,
            body=body,
            locals={name: t for name, t in self.around.locals.items() if t is not None},
            span=self.file.span(node),
            doc=doc,
            kernel_file=signature.kernel_file,
            recursion=signature.recursion,
            property_id=signature.property_id,
            sentence=signature.sentence,
            per_struct=signature.per_struct,
            per_kind=signature.per_kind,
            variant=signature.replaces,
            split=signature.split,
        )

    def block(self, statements: Iterable[ast.stmt]) -> tuple[tree.Stmt, ...]:
        """The statements of a block, without those that were refused."""
        checked: list[tree.Stmt] = []
        for statement in statements:
            with self.world.report.recover():
                checked.extend(self._statement(statement))
        return tuple(checked)

    # ------------------------------------------------------------ every form

    def _statement(self, node: ast.stmt) -> Sequence[tree.Stmt]:
        """What one statement becomes: nothing for `pass` and for a declaration, else one statement."""
        match node:
            case ast.Pass():
                return ()
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                return self._assignment(node)
            case ast.Expr(value=value):
                return (self._expression(node, value),)
            case ast.If():
                return (self._if(node),)
            case ast.While():
                return (self._while(node),)
            case ast.For():
                return (self._for(node),)
            case ast.With(items=[ast.withitem(context_expr=ast.Call() as call, optional_vars=None)]) if self._called(
                call, "atomic"
            ):
                return (self._atomic(node, call),)
            case ast.Return():
                return (self._return(node),)
            case ast.Break() | ast.Continue():
                return (self._jump(node),)
        if isinstance(node, NESTED):
            help = "move it to module level and pass what it needs as parameters"
            message = f"`{node.name}` is defined inside of a function"
            raise self.file.refuse("E0402", node, message, label="nested", help=help)
        help = STATEMENT_HELP.get(type(node), "docs/language.md, section 3, lists the statements")
        raise self.file.refuse("E0401", node, "this statement is refused", label=type(node).__name__.lower(), help=help)

    def _called(self, node: ast.expr, *names: str) -> Word | None:
        """The word of the language that a call names, when it is one of these."""
        if not isinstance(node, ast.Call):
            return None
        word = self.module.word(node.func, Kind.STATEMENT)
        return word if word is not None and word.name in names else None

    # ------------------------------------------------------------ assignment

    def _assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> Sequence[tree.Stmt]:
        match node:
            case ast.AugAssign():
                return self._augmented(node)
            case ast.AnnAssign(target=ast.Name(), value=None):
                return ()
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                return (self._store(node, target, value),)
            case ast.Assign(targets=[target], value=value):
                return (self._store(node, target, value),)
            case ast.Assign():
                help = "write one assignment for each"
                raise self.file.refuse("E0403", node, "several targets in one assignment", label="refused", help=help)
        help = "only locals are declared with a type"
        raise self.file.refuse("E0403", node, "this cannot be declared here", label="no local", help=help)

    def _augmented(self, node: ast.AugAssign) -> Sequence[tree.Stmt]:
        """`x.f += v`: the place is computed once, as in C, and then both read and written."""
        before: list[tree.Stmt] = []
        place = self._computed_once(self._target(node.target), before)
        op = operator_text(node.op)
        if op is None:
            help = "docs/language.md, section 3, lists the operators"
            raise self.file.refuse("E0501", node, "this operator is refused", label="refused", help=help)
        result = self.expressions.binary(node, op, place, self.expressions.value(node.value))
        what = f"`{self.file.written(node.target)}`"
        self.expressions.require_fit(node, result.type, place.type, "E0509", what)
        return (*before, tree.Assign(place, result, self.file.span(node)))

    def _computed_once(self, place: tree.Expr, before: list[tree.Stmt]) -> tree.Expr:
        """The place with the pointers and indices on the way to it kept in locals, which `before` assigns."""
        match place:
            case tree.FieldOf(base=base) if isinstance(base.type, Pointer):
                return replace(place, base=self._kept(base, before))
            case tree.FieldOf(base=base):
                return replace(place, base=self._computed_once(base, before))
            case tree.ElementOf(base=base, index=index):
                return replace(place, base=self._computed_once(base, before), index=self._kept(index, before))
        return place

    def _kept(self, expr: tree.Expr, before: list[tree.Stmt]) -> tree.Expr:
        """The expression itself when it is free, else a local that holds its value, named as it is written."""
        if isinstance(expr, tree.Var | tree.Literal | tree.InstanceRef):
            return expr
        name = self.file.text_of(expr.span)
        self.around.locals[name] = expr.type
        local = tree.Var(name, expr.type, expr.span)
        before.append(tree.Assign(local, expr, expr.span))
        return local

    def _store(self, node: ast.stmt, target: ast.expr, value: ast.expr) -> tree.Stmt:
        if isinstance(target, ast.Name) and self.around.locals.get(target.id) is None:
            # The local has no type because of what is assigned to it: that is what must be reported.
            self.expressions.value(value)
        place = self._target(target)
        what = f"`{self.file.written(target)}`"
        return tree.Assign(place, self.expressions.converted(value, place.type, "E0509", what), self.file.span(node))

    def _target(self, node: ast.expr) -> tree.Expr:
        """Something that can be stored to: a local or a field."""
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            help = "assign to a local, a field `x.f` or an element `x.f[i]`"
            message = f"`{self.file.written(node)}` cannot be assigned to"
            raise self.file.refuse("E0403", node, message, label="no place", help=help)
        place = self.expressions.any(node)
        if isinstance(place, tree.Var) and isinstance(place.type, StructType):
            help = "store to its fields; the reference itself is fixed"
            message = f"the parameter `{place.name}` is a reference to a struct and cannot be assigned to"
            raise self.file.refuse("E0403", node, message, label="a reference", help=help)
        # A name that is assigned to is a local, and everything else of these forms lies in an object.
        assert isinstance(place, tree.Var | tree.FieldOf | tree.ElementOf)
        self.expressions.require_scalar(node, place)
        return place

    # ------------------------------------------------------------ calls and words

    def _expression(self, node: ast.Expr, value: ast.expr) -> tree.Stmt:
        if (word := self._called(value, "check", "assume", "cover", "omits", "wait_event")) is not None:
            assert isinstance(value, ast.Call)
            return self._word(node, value, word.name)
        if not isinstance(value, ast.Call):
            help = "assign it, test it or drop it"
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                help = 'write a comment, or `omits("reason")` where the model leaves something out'
            message = "this expression does nothing as a statement"
            self.expressions.any(value) if not isinstance(value, ast.Constant) else None
            raise self.file.refuse("E0409", node, message, label="no effect", help=help)
        return tree.Evaluate(self.expressions.any(value), self.file.span(node))

    def _word(self, node: ast.stmt, call: ast.Call, name: str) -> tree.Stmt:
        span = self.file.span(node)
        match name:
            case "check":
                form = 'write `check(cond, "what must hold")`'
                self._require_count(call, name, 2, form, missing_sentence=True)
                return tree.Check(self._asserted(call.args[0]), self._sentence(call, 1, form), span)
            case "assume":
                self._require_count(call, name, 1, "write `assume(cond)`")
                return tree.AssumeThat(self._asserted(call.args[0]), span)
            case "wait_event":
                return self._wait_event(call, span)
        form = f'write `{name}("sentence")`'
        self._require_count(call, name, 1, form, missing_sentence=True)
        sentence = self._sentence(call, 0, form)
        return tree.CoverThat(sentence, span) if name == "cover" else tree.Omits(sentence, span)

    def _asserted(self, node: ast.expr) -> tree.Expr:
        """The condition of `check` or `assume`, which may use the words of properties."""
        around = Surroundings(self.around.role, self.around.locals, properties=True)
        return Expressions(self.world, self.module, around).condition(node)

    def _sentence(self, call: ast.Call, index: int, form: str) -> str:
        return self.expressions.calls.text(call.args[index], "the sentence", form)

    def _require_count(
        self, call: ast.Call, name: str, count: int, form: str, *, missing_sentence: bool = False
    ) -> None:
        if missing_sentence and len(call.args) == count - 1 and not call.keywords:
            raise self.file.refuse("E0408", call, f"`{name}` needs a sentence", label="no sentence", help=form)
        if len(call.args) != count or call.keywords:
            message = f"`{name}` takes {count} argument{'s' if count > 1 else ''}"
            raise self.file.refuse("E0507", call, message, label="wrong arguments", help=form)

    def _wait_event(self, call: ast.Call, span: tree.Span) -> tree.Stmt:
        self._require_count(call, "wait_event", 2, "write `wait_event(wq, cond)`")
        queue_type = self._wait_queue()
        queue = self.expressions.converted(call.args[0], queue_type, "E0508", "argument 1 of `wait_event`")
        return tree.WaitEvent(queue, self.expressions.condition(call.args[1]), span)

    def _wait_queue(self) -> Type:
        """The type of a wait queue: what prepare_to_wait() of psockmc/kernel takes."""
        prepare = self.world.function("prepare_to_wait")
        assert prepare is not None, NEEDED_PRIMITIVES
        return prepare.params[0].type

    # ------------------------------------------------------------ control flow

    def _if(self, node: ast.If) -> tree.Stmt:
        with self.world.report.recover():
            cond = self.expressions.condition(node.test)
            return tree.If(cond, self.block(node.body), self.block(node.orelse), self.file.span(node, until=node.test))
        return self._unconditional(node, node.body, node.orelse)

    def _unconditional(self, node: ast.stmt, *blocks: Iterable[ast.stmt]) -> tree.Stmt:
        """The head was refused: its blocks are still checked, so that their errors are reported with it."""
        body = tuple(statement for block in blocks for statement in self.block(block))
        return tree.Atomic("", body, self.file.span(node))

    def _while(self, node: ast.While) -> tree.Stmt:
        self._refuse_else(node)
        self.loops += 1
        try:
            with self.world.report.recover():
                cond = self.expressions.condition(node.test)
                return tree.While(cond, self.block(node.body), self.file.span(node, until=node.test))
            return self._unconditional(node, node.body)
        finally:
            self.loops -= 1

    def _refuse_else(self, node: ast.While | ast.For) -> None:
        if node.orelse:
            help = "put it behind the loop and test what you need there"
            raise self.file.refuse("E0401", node.orelse[0], "`else` after a loop is refused", label="else", help=help)

    def _for(self, node: ast.For) -> tree.Stmt:
        self._refuse_else(node)
        self.loops += 1
        try:
            with self.world.report.recover():
                return self._for_head(node)
            return self._unconditional(node, node.body)
        finally:
            self.loops -= 1

    def _for_head(self, node: ast.For) -> tree.Stmt:
        if not isinstance(node.target, ast.Name):
            help = "write `for x in ...` with one name"
            raise self.file.refuse("E0403", node.target, "a loop has one variable", label="no name", help=help)
        span = self.file.span(node, until=node.iter)
        if is_range(node.iter):
            first, last = range_bounds(self.expressions, node.iter)
            return tree.ForRange(node.target.id, first, last, self.block(node.body), span)
        place = list_domain(self.expressions, node.iter)
        return tree.ForList(node.target.id, place, self.block(node.body), span)

    def _jump(self, node: ast.Break | ast.Continue) -> tree.Stmt:
        word = "break" if isinstance(node, ast.Break) else "continue"
        if not self.loops:
            help = "use `return` to leave the function"
            raise self.file.refuse("E0406", node, f"`{word}` stands outside a loop", label="no loop", help=help)
        return tree.Break(self.file.span(node)) if word == "break" else tree.Continue(self.file.span(node))

    def _atomic(self, node: ast.With, call: ast.Call) -> tree.Stmt:
        reason = ""
        with self.world.report.recover():
            if len(call.args) != 1 or call.keywords or not isinstance(call.args[0], ast.Constant):
                help = 'write `with atomic("why nothing can come between"):`; reports list it as an assumption'
                raise self.file.refuse("E0407", call, "an atomic block needs a reason", label="why?", help=help)
            form = 'write `with atomic("why nothing can come between"):`'
            reason = self.expressions.calls.text(call.args[0], "the reason", form)
        return tree.Atomic(reason, self.block(node.body), self.file.span(node, until=call))

    def _return(self, node: ast.Return) -> tree.Stmt:
        result, span = self.signature.result, self.file.span(node)
        name = self.signature.symbol.name
        if node.value is None:
            if not isinstance(result, Void):
                help = f"return a value of type `{show(result)}`"
                raise self.file.refuse("E0411", node, f"`{name}` must return a value", label="no value", help=help)
            return tree.Return(None, span)
        if isinstance(result, Void):
            help = f"drop the value, or give `{name}` a result type"
            raise self.file.refuse("E0411", node.value, f"`{name}` returns nothing", label="a value", help=help)
        value = self.expressions.converted(node.value, result, "E0411", f"the result of `{name}`")
        return tree.Return(value, span)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
