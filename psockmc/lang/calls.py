"""Calls: of functions, through function pointers, and of the words of the language."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from psockmc.lang import tree
from psockmc.lang.conversions import SCALARS, as_integer
from psockmc.lang.diagnostics import Refused
from psockmc.lang.scope import Symbol, SymbolKind
from psockmc.lang.types import (
    BitName,
    Bool,
    Bounded,
    CInt,
    ContextSet,
    ContextType,
    FlagsType,
    FunctionPointer,
    ListType,
    Pointer,
    StructType,
    Type,
    Void,
    show,
)
from psockmc.lang.words import BUILT_IN, PLACES, Argument, Derived, Kind, Word
from psockmc.lang.world import Signature

if TYPE_CHECKING:
    from psockmc.lang.expressions import Expressions

MAX_CHOICES = 64
"""An arbitrary number with more values than this is nothing for a search."""
MOST_CASES = 2500
"""Of choose(): enough for two slots of the largest ring."""

_HELD_BY: dict[Argument, tuple[type[Type], ...]] = {
    Argument.SCALAR: SCALARS,
    Argument.POINTER: (Pointer, FunctionPointer),
    Argument.INTEGER: (CInt, Bounded),
    Argument.FLAGS: (FlagsType,),
    Argument.LIST: (ListType,),
}


class Calls:
    """Checks every call inside of the expressions that it belongs to."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.file = expressions.file
        self.module = expressions.module
        self.world = expressions.world
        self.around = expressions.around

    def call(self, node: ast.Call) -> tree.Expr:
        """Any call; raises Refused."""
        if isinstance(node.func, ast.Name) and node.func.id not in self.around.locals:
            symbol = self.module.value_symbol(node.func)
            if symbol is not None and symbol.kind is SymbolKind.FUNCTION:
                return self._function(node, symbol)
            if symbol is None and (word := self.module.words.get(node.func.id) or BUILT_IN.get(node.func.id)):
                return self._word(node, word)
        return self._pointer(node)

    # ------------------------------------------------------------ functions

    def _function(self, node: ast.Call, symbol: Symbol) -> tree.Expr:
        signature = self.world.signatures.get(symbol)
        if signature is None:
            raise Refused(None)
        self._require_callable(node, signature)
        args = self._arguments(node, signature.symbol.name, [(p.name, p.type) for p in signature.params])
        return tree.Call(signature.name, args, signature.result, self.file.span(node))

    def _require_callable(self, node: ast.Call, signature: Signature) -> None:
        if not signature.is_property:
            return
        name = signature.symbol.name
        if not self.around.properties:
            help = "only properties, `check(...)` and `assume(...)` can use it"
            message = f"`{name}` exists for properties and cannot be called from code"
            raise self.file.refuse("E0601", node, message, label="a property function", help=help)
        if signature.role != "pure":
            help = "move what both need into a `@pure` function"
            message = f"the property `{name}` is stated once and called by nobody"
            raise self.file.refuse("E0601", node, message, label="a property", help=help)

    def _pointer(self, node: ast.Call) -> tree.Expr:
        """A call through a function pointer."""
        target = self.expressions.any(node.func)
        if not isinstance(target.type, FunctionPointer):
            message = f"a value of type `{show(target.type)}` cannot be called"
            help = "call a function, or a field of type `Callable[[...], ...]`"
            raise self.file.refuse("E0512", node.func, message, label="no function", help=help)
        name = self.file.written(node.func)
        args = self._arguments(node, name, [("", t) for t in target.type.params])
        return tree.CallPointer(target, args, target.type.result, self.file.span(node))

    def _arguments(self, node: ast.Call, name: str, params: Sequence[tuple[str, Type]]) -> tuple[tree.Expr, ...]:
        self._refuse_keywords(node, name)
        if len(node.args) != len(params):
            expected = ", ".join(f"{n}: {show(t)}" if n else show(t) for n, t in params)
            help = f"its parameters are ({expected})"
            raise self._wrong_count(node, name, f"{len(params)}", help)
        return tuple(
            self.expressions.converted(arg, t, "E0508", f"argument {index} of `{name}`" + (f" (`{n}`)" if n else ""))
            for index, (arg, (n, t)) in enumerate(zip(node.args, params, strict=True), 1)
        )

    def _refuse_keywords(self, node: ast.Call, name: str, allowed: Sequence[str] = ()) -> None:
        for keyword in node.keywords:
            if keyword.arg not in allowed:
                help = f"it knows {', '.join(allowed)}" if allowed else "give the arguments in order, as in C"
                message = f"`{name}` has no keyword argument `{keyword.arg or '**'}`"
                raise self.file.refuse("E0516", keyword, message, label="keyword", help=help)

    def _wrong_count(self, node: ast.Call, name: str, expected: str, help: str) -> Refused:
        count = len(node.args)
        message = f"`{name}` takes {expected} argument{'' if expected == '1' else 's'}, {count} given"
        return self.file.refuse("E0507", node, message, label=f"{count} given", help=help)

    # ------------------------------------------------------------ words

    def _word(self, node: ast.Call, word: Word) -> tree.Expr:
        if word.kind is Kind.QUANTIFIER:
            return self.expressions.quantifiers.quantifier(node, word)
        if word.kind is Kind.STATEMENT:
            help = f"write `{word.name}(...)` on a line of its own"
            if word.name == "atomic":
                help = 'write `with atomic("reason"):`'
            message = f"`{word.name}` is a statement, not a value"
            raise self.file.refuse("E0415", node, message, label="a statement", help=help)
        if word.kind is not Kind.CALL:
            message = f"`{word.name}` is {word.kind.value} and cannot be called here"
            help = "docs/language.md shows its use"
            raise self.file.refuse("E0512", node.func, message, label="no function", help=help)
        if word.primitive and self.around.role != "primitive":
            help = "use a lock, `wait_event` or `check`; primitives are in psockmc/kernel"
            message = f"`{word.name}` is reserved for `@primitive` functions"
            raise self.file.refuse("E0602", node, message, label="not in models", help=help)
        if word.property_only and not self.around.properties:
            help = f'code cannot ask this; state it with `check({word.name}(...), "sentence")` or in a property'
            message = f"`{word.name}` is reserved for properties, `check` and `assume`"
            raise self.file.refuse("E0603", node, message, label="not in code", help=help)
        return self._regular(node, word) if word.arguments is not None else self._special(node, word.name)

    def _regular(self, node: ast.Call, word: Word) -> tree.Expr:
        assert word.arguments is not None
        self._refuse_keywords(node, word.name)
        if len(node.args) != len(word.arguments):
            help = f"its arguments are: {', '.join(a.value for a in word.arguments) or 'none'}"
            raise self._wrong_count(node, word.name, f"{len(word.arguments)}", help)
        pairs = list(zip(node.args, word.arguments, strict=True))
        place = next((self._place(arg, kind, word.name) for arg, kind in pairs if kind in PLACES), None)
        args = tuple(
            place if kind in PLACES and place is not None else self._argument(arg, kind, place, index, word.name)
            for index, (arg, kind) in enumerate(pairs, 1)
        )
        return tree.Intrinsic(word.name, args, {}, self._result(word, place), self.file.span(node))

    def _result(self, word: Word, place: tree.Expr | None) -> Type:
        if word.result is Derived.PLACE and place is not None:
            return place.type
        if word.result is Derived.ENTRY and place is not None and isinstance(place.type, ListType):
            return Pointer(place.type.struct)
        assert not isinstance(word.result, Derived)
        return word.result

    def _place(self, node: ast.expr, kind: Argument, name: str) -> tree.Expr:
        """A field or element in shared memory that can hold what the word works on."""
        expr = self.expressions.any(node)
        if not isinstance(expr, tree.FieldOf | tree.ElementOf):
            what = "a local, which no other context sees" if isinstance(expr, tree.Var) else "no place in memory"
            help = f"name a field: `{name}(object.field)`"
            message = f"`{name}` works on shared memory"
            raise self.file.refuse("E0514", node, message, label=f"this is {what}", help=help)
        if not isinstance(expr.type, _HELD_BY[kind]):
            message = f"`{name}` works on {kind.value}, not on one of type `{show(expr.type)}`"
            help = "docs/language.md, sections 4 and 5, shows its use"
            raise self.file.refuse("E0508", node, message, label=f"this is `{show(expr.type)}`", help=help)
        return expr

    def _argument(self, node: ast.expr, kind: Argument, place: tree.Expr | None, index: int, name: str) -> tree.Expr:
        what = f"argument {index} of `{name}`"
        if kind is Argument.VALUE and place is not None:
            return self.expressions.converted(node, place.type, "E0508", what)
        expr = self.expressions.value(node)
        match kind, place.type if place is not None else None:
            case Argument.BIT, FlagsType(name=flags):
                fits = expr.type == BitName(flags) and isinstance(expr, tree.Literal)
                help = f"name one member of the flag word `{flags}`"
            case Argument.ENTRY, ListType(struct=struct):
                fits = expr.type == Pointer(struct)
                help = f"the list holds objects of `{struct}`"
            case Argument.COUNT, _:
                fits = as_integer(expr.type) is not None and not isinstance(expr.type, Bool)
                help = "give an integer"
            case _:
                fits = isinstance(expr.type, Pointer)
                help = "give a pointer"
        if not fits:
            message = f"{what} must be {kind.value}, not `{show(expr.type)}`"
            raise self.file.refuse("E0508", node, message, label=f"this is `{show(expr.type)}`", help=help)
        return expr

    # ------------------------------------------------------------ words with rules of their own

    def _special(self, node: ast.Call, name: str) -> tree.Expr:
        match name:
            case "kzalloc":
                return self._kzalloc(node)
            case "kfree":
                return self._kfree(node)
            case "container_of":
                return self._container_of(node)
            case "choose":
                return self._choose(node)
            case "arbitrary":
                return self._arbitrary(node)
            case "wrapping":
                return self._wrapping(node)
            case "wait":
                return self._wait(node)
            case "acquired":
                return self._acquired(node)
            case _:
                return self._finding(node)

    def _counted(self, node: ast.Call, counts: Sequence[int], help: str, keywords: Sequence[str] = ()) -> None:
        name = self.file.written(node.func)
        self._refuse_keywords(node, name, keywords)
        if len(node.args) not in counts:
            raise self._wrong_count(node, name, " or ".join(map(str, counts)), help)

    def _kzalloc(self, node: ast.Call) -> tree.Expr:
        form = "write `kzalloc(T, GFP_ATOMIC)` or `kzalloc(T, GFP_KERNEL)`"
        self._counted(node, (2,), form)
        struct = self.expressions.types.struct(node.args[0])
        gfp = self.module.word(node.args[1], Kind.CONSTANT)
        if gfp is None or not gfp.name.startswith("GFP_"):
            message = "argument 2 of `kzalloc` says whether it may sleep"
            raise self.file.refuse("E0508", node.args[1], message, label="GFP_ATOMIC or GFP_KERNEL", help=form)
        names = {"struct": struct, "gfp": gfp.name}
        return tree.Intrinsic("kzalloc", (), names, Pointer(struct), self.file.span(node))

    def _kfree(self, node: ast.Call) -> tree.Expr:
        self._counted(node, (1,), "write `kfree(p)`")
        expr = self.expressions.value(node.args[0])
        if not isinstance(expr.type, Pointer):
            message = f"argument 1 of `kfree` must be a pointer, not `{show(expr.type)}`"
            help = "an embedded struct is freed with the object that holds it"
            raise self.file.refuse("E0508", node.args[0], message, label="no pointer", help=help)
        return tree.Intrinsic("kfree", (expr,), {}, Void(), self.file.span(node))

    def _container_of(self, node: ast.Call) -> tree.Expr:
        form = 'write `container_of(member, T, "field")`'
        self._counted(node, (3,), form)
        member = self.expressions.any(node.args[0])
        if not isinstance(member.type, StructType):
            message = f"argument 1 of `container_of` must be an embedded struct, not `{show(member.type)}`"
            raise self.file.refuse("E0508", node.args[0], message, label="not embedded", help=form)
        struct = self.expressions.types.struct(node.args[1])
        path = self.text(node.args[2], "the name of the field", form)
        if self._embedded(struct, path) != member.type:
            message = f"`{struct}` has no field `{path}` of type `{show(member.type)}`"
            help = "name the field that embeds argument 1"
            raise self.file.refuse("E0505", node.args[2], message, label="no such field", help=help)
        names = {"struct": struct, "field": path}
        return tree.Intrinsic("container_of", (member,), names, Pointer(struct), self.file.span(node))

    def _embedded(self, struct: str, path: str) -> Type | None:
        """The type of an embedded field, given as `field` or `outer.field`."""
        t: Type = StructType(struct)
        for name in path.split("."):
            declared = self.world.structs.get(t.name) if isinstance(t, StructType) else None
            if (found := declared.field(name) if declared is not None else None) is None:
                return None
            t = found.type
        return t

    def _choose(self, node: ast.Call) -> tree.Expr:
        self._counted(node, (0, 1), "write `choose(n)` or `choose()`")
        span = self.file.span(node)
        if not node.args:
            return tree.Intrinsic("choose", (), {"count": "2"}, Bool(), span)
        count = self.expressions.types.integer(node.args[0])
        if not 1 <= count <= MOST_CASES:
            message = f"a choice among {count} values is refused"
            help = f"choose among 1 to {MOST_CASES}"
            raise self.file.refuse("E0211", node.args[0], message, label="out of range", help=help)
        return tree.Intrinsic("choose", (), {"count": str(count)}, Bounded(0, count - 1), span)

    def _arbitrary(self, node: ast.Call) -> tree.Expr:
        self._counted(node, (2,), "write `arbitrary(lo, hi)` with constants lo <= hi")
        lo, hi = (self.expressions.types.integer(arg) for arg in node.args)
        if lo > hi:
            message = f"there is no integer from {lo} to {hi}"
            raise self.file.refuse("E0211", node, message, label="empty", help="write the smaller bound first")
        return tree.Intrinsic("arbitrary", (), {"lo": str(lo), "hi": str(hi)}, Bounded(lo, hi), self.file.span(node))

    def _wrapping(self, node: ast.Call) -> tree.Expr:
        self._counted(node, (1,), "write `wrapping(a - b)`")
        expr = self.expressions.value(node.args[0])
        if not isinstance(expr.type, CInt):
            message = f"argument 1 of `wrapping` must be a C integer, not `{show(expr.type)}`"
            help = "only C integers wrap around"
            raise self.file.refuse("E0508", node.args[0], message, label="cannot wrap", help=help)
        return tree.Intrinsic("wrapping", (expr,), {}, expr.type, self.file.span(node))

    def _wait(self, node: ast.Call) -> tree.Expr:
        self._counted(node, (1,), "write `wait(cond, holder=owner)` or `wait(cond, idle=True)`", ("holder", "idle"))
        args = [self.expressions.condition(node.args[0])]
        names: dict[str, str] = {}
        for keyword in node.keywords:
            if keyword.arg == "holder":
                holder = self.expressions.value(keyword.value)
                if not isinstance(holder.type, ContextType | ContextSet):
                    message = f"`holder` must be a `Ctx` or a `CtxSet`, not `{show(holder.type)}`"
                    help = "say which contexts are waited for"
                    raise self.file.refuse("E0508", keyword.value, message, label="who is waited for?", help=help)
                args.append(holder)
            elif isinstance(keyword.value, ast.Constant) and keyword.value.value is True:
                names["idle"] = "yes"
            else:
                raise self.file.refuse(
                    "E0508", keyword.value, "`idle` can only be `True`", label="not True", help="or leave it out"
                )
        return tree.Intrinsic("wait", tuple(args), names, Void(), self.file.span(node))

    def _acquired(self, node: ast.Call) -> tree.Expr:
        form = 'write `acquired(lock, "write")` or `acquired(lock, "read")`'
        self._counted(node, (2,), form)
        lock = self.expressions.any(node.args[0])
        struct = self.world.structs.get(lock.type.name) if isinstance(lock.type, StructType) else None
        if struct is None or not struct.lock:
            message = f"argument 1 of `acquired` must be a lock, not `{show(lock.type)}`"
            raise self.file.refuse("E0508", node.args[0], message, label="no lock", help=form)
        mode = self.text(node.args[1], "the mode", form)
        if mode not in ("read", "write"):
            message = f'the mode is "read" or "write", not "{mode}"'
            raise self.file.refuse("E0508", node.args[1], message, label="no such mode", help=form)
        return tree.Intrinsic("acquired", (lock,), {"mode": mode}, Void(), self.file.span(node))

    def _finding(self, node: ast.Call) -> tree.Expr:
        form = 'write `finding("kind", "sentence")`'
        self._counted(node, (2,), form)
        kind = self.text(node.args[0], "the kind of finding", form)
        sentence = self.text(node.args[1], "a sentence", form)
        return tree.Intrinsic("finding", (), {"kind": kind, "sentence": sentence}, Void(), self.file.span(node))

    def text(self, node: ast.expr | None, what: str, help: str, where: ast.AST | None = None) -> str:
        """A string literal that says something; else E0408. where: what to underline when there is no argument."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
            return node.value
        place = node if node is not None else where
        assert place is not None
        raise self.file.refuse("E0408", place, f"{what} is missing", label="a string in quotes belongs here", help=help)
