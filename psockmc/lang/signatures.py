"""Function heads: parameters, result and decorators."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from psockmc.lang import tree
from psockmc.lang.annotations import TypeReader
from psockmc.lang.diagnostics import Refused, did_you_mean, listed
from psockmc.lang.inference import refuse_hiding
from psockmc.lang.scope import Module, Symbol, SymbolKind
from psockmc.lang.types import Bool, Pointer, StructType, Type, show
from psockmc.lang.words import WORDS, Kind
from psockmc.lang.world import Signature, World

ROLES = ("kernel", "user", "primitive", "proof", "invariant", "at_end", "eventually", "pure")
OBJECT_KINDS = ("kworker", "rcu_callback", "softirq", "hardirq")
MAX_RECURSION = 8

_WHICH = 'put `@kernel("net/core/skmsg.c")`, `@user` or another decorator of docs/language.md, section 3, above it'


def declare_functions(world: World, symbols: list[Symbol]) -> None:
    """The signatures of all functions; replacements last, since they take over from what they replace."""
    functions = [s for s in symbols if s.kind is SymbolKind.FUNCTION]
    for symbol in sorted(functions, key=lambda s: s.module.variant):
        world.signatures[symbol] = None
        with world.report.recover():
            world.signatures[symbol] = _Head(world, symbol).signature()


class _Head:
    """Reads one function head."""

    def __init__(self, world: World, symbol: Symbol) -> None:
        assert isinstance(symbol.node, ast.FunctionDef)
        self.world = world
        self.symbol = symbol
        self.node = symbol.node
        self.module: Module = symbol.module
        self.file = symbol.module.file
        self.types = TypeReader(world, symbol.module)
        self.decorators = dict(map(self._decorator, symbol.node.decorator_list))

    def signature(self) -> Signature:
        """The whole head; raises Refused."""
        original = self._original()
        params, result = self._params(), self._result()
        if original is not None:
            self._require_same(original, params, result)
        role = self._role(original)
        kernel_file, recursion = self._kernel(role, original)
        id, sentence = self._property(role, params, result)
        operation, split = self._proof(role, params)
        per_struct, per_kind = self._per_object(params)
        return Signature(
            name=original.name if original is not None else self.symbol.name,
            role=role,
            params=params,
            result=result,
            symbol=self.symbol,
            kernel_file=kernel_file,
            recursion=recursion,
            property_id=id or operation,
            sentence=sentence,
            per_struct=per_struct or (original.per_struct if original is not None else ""),
            per_kind=per_kind or (original.per_kind if original is not None else ""),
            replaces=original.name if original is not None else "",
            split=split,
        )

    # ------------------------------------------------------------ decorators

    def _decorator(self, node: ast.expr) -> tuple[str, ast.Call | None]:
        name = node.func if isinstance(node, ast.Call) else node
        word = self.module.word(name, Kind.DECORATOR)
        if word is not None:
            return word.name, node if isinstance(node, ast.Call) else None
        known = [w for w, word in WORDS.items() if word.kind is Kind.DECORATOR]
        written = self.file.written(name)
        if written in known:
            help = f"add `{written}` to `from psockmc.lang import ...`"
        else:
            help = did_you_mean(written, known) or f"the decorators are {listed(known)}"
        raise self.file.refuse("E0301", node, f"unknown decorator `{written}`", label="not known here", help=help)

    def _role(self, original: Signature | None) -> str:
        """The one decorator that says what the function is; a replacement is what it replaces."""
        roles = [name for name in self.decorators if name in ROLES]
        if len(roles) > 1:
            message = f"`{self.symbol.name}` cannot be {listed(roles)} at once"
            raise self.file.refuse("E0301", self.node, message, label="which one?", help="keep one of them")
        if original is not None:
            if roles and roles[0] != original.role:
                message = (
                    f"the replacement of the `@{original.role}` function `{original.name}` cannot be `@{roles[0]}`"
                )
                help = f"write `@{original.role}` as above the original, or leave it out"
                raise self.file.refuse("E0803", self._head_span(), message, label="another role", help=help)
            return original.role
        if not roles:
            message = f"`{self.symbol.name}` does not say what it is"
            raise self.file.refuse("E0301", self._head_span(), message, label="no decorator", help=_WHICH)
        role = roles[0]
        if role == "primitive" and not self.module.is_kernel:
            help = "use `@kernel` or `@user`; what only primitives can do is in psockmc/kernel"
            message = "`@primitive` functions live in psockmc/kernel"
            raise self.file.refuse("E0305", self.node.decorator_list[0], message, label="not here", help=help)
        if role in ("user", "primitive", "pure") and self.decorators[role] is not None:
            raise self._bad_decorator(role, f"write `@{role}` without arguments")
        return role

    def _bad_decorator(self, name: str, help: str) -> Refused:
        where = self.decorators[name] or self.node.decorator_list[list(self.decorators).index(name)]
        message = f"`@{name}` is written in another form"
        return self.file.refuse("E0301", where, message, label="wrong form", help=help)

    def _kernel(self, role: str, original: Signature | None) -> tuple[str, int]:
        """The kernel file and the depth of recursion that `@kernel` states."""
        if "kernel" not in self.decorators:
            return (original.kernel_file, original.recursion) if original is not None else ("", 1)
        form = 'write `@kernel("net/core/skmsg.c")` or `@kernel("net/core/skmsg.c", recursion=2)`'
        match self.decorators["kernel"]:
            case ast.Call(args=[ast.Constant(value=str(path))], keywords=[]) if path:
                return path, original.recursion if original is not None else 1
            case ast.Call(
                args=[ast.Constant(value=str(path))], keywords=[ast.keyword(arg="recursion", value=depth)]
            ) if path:
                count = self.types.integer(depth)
                if not 1 <= count <= MAX_RECURSION:
                    help = f"a function stands 1 to {MAX_RECURSION} times on one call path"
                    raise self.file.refuse("E0211", depth, f"a depth of {count} is refused", label="depth", help=help)
                return path, count
        raise self._bad_decorator("kernel", form)

    def _property(self, role: str, params: tuple[tree.Param, ...], result: Type) -> tuple[str, str]:
        """ID and sentence of a property."""
        if role not in ("invariant", "at_end", "eventually"):
            return "", ""
        for param, arg in zip(params, self.node.args.args, strict=True):
            if not isinstance(param.type, Pointer):
                help = f"write `{param.name}: Ptr[T]`: a property holds for every live object of T"
                message = f"the parameter `{param.name}` of a property must be a pointer, not `{show(param.type)}`"
                raise self.file.refuse("E0304", arg, message, label="ranges over what?", help=help)
        if not isinstance(result, Bool):
            message = f"the property `{self.symbol.name}` must return `bool`, not `{show(result)}`"
            where = self.node.returns or self.node
            raise self.file.refuse("E0304", where, message, label="not bool", help="write `-> bool`")
        match self.decorators[role]:
            case ast.Call(args=[ast.Constant(value=str(id)), ast.Constant(value=str(sentence))], keywords=[]) if (
                id and sentence
            ):
                return id, sentence
        raise self._bad_decorator(role, f'write `@{role}("I07", "what must hold")`')

    def _proof(self, role: str, params: tuple[tree.Param, ...]) -> tuple[str, int]:
        """The operation that a proof is about, and how many of its first choices are taken one by one."""
        if role != "proof":
            return "", 0
        for param, arg in zip(params, self.node.args.args, strict=True):
            if not isinstance(param.type, Pointer):
                help = (
                    f"write `{param.name}: Ptr[T]` for any object, and `arbitrary(lo, hi)` in the body for any number"
                )
                message = f"the parameter `{param.name}` of a proof must be a pointer, not `{show(param.type)}`"
                raise self.file.refuse("E0304", arg, message, label="ranges over what?", help=help)
        match self.decorators[role]:
            case ast.Call(args=[ast.Constant(value=str(operation))], keywords=[]) if operation:
                return operation, 0
            case ast.Call(
                args=[ast.Constant(value=str(operation))], keywords=[ast.keyword(arg="split", value=count)]
            ) if operation:
                return operation, self.types.integer(count)
        raise self._bad_decorator(role, 'write `@proof("sk_msg_trim")` or `@proof("sk_msg_trim", split=1)`')

    def _per_object(self, params: tuple[tree.Param, ...]) -> tuple[str, str]:
        """Struct and kind of context of `@per_object`: one context of the function for each object."""
        if "per_object" not in self.decorators:
            return "", ""
        match self.decorators["per_object"]:
            case ast.Call(
                args=[ast.Name() as target], keywords=[ast.keyword(arg="kind", value=ast.Constant(value=str(kind)))]
            ):
                struct = self.types.struct(target)
            case _:
                raise self._bad_decorator("per_object", 'write `@per_object(work_struct, kind="kworker")`')
        where = self.node.decorator_list[list(self.decorators).index("per_object")]
        if kind not in OBJECT_KINDS:
            help = did_you_mean(kind, OBJECT_KINDS) or f"kinds are {listed(OBJECT_KINDS)}"
            raise self.file.refuse("E0306", where, f"there is no kind of context `{kind}`", label="kind", help=help)
        one_object = [p.type for p in params] in ([StructType(struct)], [Pointer(struct)])
        if not one_object or "primitive" not in self.decorators:
            help = f"it must be a `@primitive` with one parameter of type `{struct}`"
            message = f"`{self.symbol.name}` cannot run once for each `{struct}`"
            raise self.file.refuse("E0306", where, message, label="does not fit", help=help)
        return struct, kind

    # ------------------------------------------------------------ parameters and result

    def _head_span(self) -> tree.Span:
        span = self.file.span(self.node)
        return tree.Span(span.file, span.line, span.column, span.line, len(self.file.line(span.line)))

    def _params(self) -> tuple[tree.Param, ...]:
        args = self.node.args
        extra = [*args.posonlyargs, *args.kwonlyargs, *filter(None, [args.vararg, args.kwarg])]
        if extra:
            help = "write plain parameters `name: type`"
            raise self.file.refuse("E0303", extra[0], "this form of parameter is refused", label="refused", help=help)
        if args.defaults:
            help = "give the value at every call, as C does"
            raise self.file.refuse("E0303", args.defaults[0], "default values are refused", label="refused", help=help)
        return tuple(self._param(arg) for arg in args.args)

    def _param(self, arg: ast.arg) -> tree.Param:
        if arg.annotation is None:
            help = f"write `{arg.arg}: type`"
            raise self.file.refuse("E0302", arg, f"the parameter `{arg.arg}` has no type", label="no type", help=help)
        refuse_hiding(self.module, arg.arg, arg, "parameter")
        return tree.Param(arg.arg, self.types.parameter(arg.annotation))

    def _result(self) -> Type:
        if self.node.returns is None:
            help = "write `-> None`, or `-> type`, behind the parameters"
            message = f"`{self.symbol.name}` does not say what it returns"
            raise self.file.refuse("E0302", self._head_span(), message, label="no result type", help=help)
        return self.types.result(self.node.returns)

    # ------------------------------------------------------------ replacements

    def _original(self) -> Signature | None:
        """What `@replaces(f)` replaces, or None for an ordinary function."""
        if "replaces" not in self.decorators:
            return None
        call = self.decorators["replaces"]
        where = self.node.decorator_list[list(self.decorators).index("replaces")]
        if not self.module.variant:
            help = "give the file with `--with FILE`"
            message = "`@replaces` has a meaning in variant files only"
            raise self.file.refuse("E0805", where, message, label="not a variant", help=help)
        match call:
            case ast.Call(args=[ast.Name() as name], keywords=[]):
                target = self.module.replaced.get(name.id) or self.module.value_symbol(name)
            case _:
                raise self._bad_decorator("replaces", "write `@replaces(function)`")
        if target is None or target.kind is not SymbolKind.FUNCTION or target.module is self.module:
            help = f"import it: `from models.NAME import {name.id}`"
            message = f"`{name.id}` is no function of the model"
            raise self.file.refuse("E0802", name, message, label="replaces what?", help=help)
        original = self.world.signatures.get(target)
        if original is None:
            raise Refused(None)
        if original.is_property:
            help = "variants change code; what must hold stays"
            message = f"`{original.name}` exists for properties and cannot be replaced"
            raise self.file.refuse("E0802", name, message, label="a property", help=help)
        self._refuse_second(original, where)
        return original

    def _refuse_second(self, original: Signature, where: ast.expr) -> None:
        for other in self.world.signatures.values():
            if other is not None and other.replaces == original.name:
                message = f"`{original.name}` is replaced at {other.symbol.place} already"
                help = "compose only variants that replace different functions"
                raise self.file.refuse("E0802", where, message, label="second replacement", help=help)

    def _require_same(self, original: Signature, params: Sequence[tree.Param], result: Type) -> None:
        mine, theirs = [p.type for p in params], [p.type for p in original.params]
        if (mine, result) == (theirs, original.result):
            return
        expected = ", ".join(f"{p.name}: {show(p.type)}" for p in original.params)
        help = f"write `def {self.symbol.name}({expected}) -> {show(original.result)}:`"
        message = f"the replacement of `{original.name}` has another signature"
        raise self.file.refuse("E0803", self._head_span(), message, label="differs", help=help)
