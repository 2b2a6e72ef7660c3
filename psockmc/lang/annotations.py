"""Type annotations and integer constants: from their syntax to `Type` and `int`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psockmc.lang.conversions import HIGHEST, LOWEST, SCALARS, OutOfRange, interval, undefined
from psockmc.lang.diagnostics import Refused, did_you_mean
from psockmc.lang.scope import Module, Symbol, SymbolKind
from psockmc.lang.types import (
    C_INTEGERS,
    CONTEXTS,
    ArrayType,
    Bool,
    Bounded,
    ContextSet,
    ContextType,
    FunctionPointer,
    ListType,
    Pointer,
    StructType,
    Type,
    Void,
    show,
)
from psockmc.lang.words import Kind
from psockmc.lang.world import World

MAX_ARRAY = 1024

_PLAIN_TYPES: dict[str, Type] = {
    **C_INTEGERS,
    "Ctx": ContextType(),
    "CtxSet": ContextSet(),
    "GracePeriod": ContextSet(grace_period=True),
}

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}


def operator_text(op: ast.operator) -> str | None:
    """An arithmetic operator as it is written, or None when the language does not have it."""
    return _OPERATORS.get(type(op))


@dataclass(frozen=True)
class FieldType:
    """The annotation of a field: its type and whether it is `Const` or `Ghost`."""

    type: Type
    const: bool = False
    ghost: bool = False


class TypeReader:
    """Reads the annotations of one module."""

    def __init__(self, world: World, module: Module) -> None:
        self.world = world
        self.module = module

    # ------------------------------------------------------------ types by place

    def local(self, node: ast.expr) -> Type:
        """The type of a local: something that a register could hold."""
        t = self.any(node)
        if isinstance(t, SCALARS):
            return t
        help = f"a local cannot hold {_described(t)}; pass the field itself on, or hold a `Ptr`"
        raise self._misplaced(node, t, "local", help)

    def parameter(self, node: ast.expr) -> Type:
        """The type of a parameter: a value, or a struct (by reference)."""
        t = self.any(node)
        if isinstance(t, (*SCALARS, StructType)):
            return t
        help = f"pass a pointer to the object that holds the {'list' if isinstance(t, ListType) else 'array'}"
        raise self._misplaced(node, t, "parameter", help)

    def result(self, node: ast.expr) -> Type:
        """The type of a function's result: a value or None."""
        if isinstance(node, ast.Constant) and node.value is None:
            return Void()
        t = self.any(node)
        if isinstance(t, SCALARS):
            return t
        raise self._misplaced(node, t, "result", "return a value, a pointer or `None`")

    def field(self, node: ast.expr) -> FieldType:
        """The type of a struct field, without its `Const[...]` or `Ghost[...]`."""
        match node:
            case ast.Subscript(value=ast.Name() as name, slice=inner) if word := self.module.word(name, Kind.TYPE):
                if word.name == "Const":
                    t = self.any(inner)
                    if not isinstance(t, (*SCALARS, ArrayType)):
                        help = f"say `Const` for the fields inside of {_described(t)}, not for the whole"
                        raise self._misplaced(inner, t, "`Const` field", help)
                    return FieldType(t, const=True)
                if word.name == "Ghost":
                    t = self.any(inner)
                    if isinstance(t, StructType):
                        raise self._misplaced(inner, t, "`Ghost` field", "say `Ghost` for the fields of the struct")
                    return FieldType(t, ghost=True)
        return FieldType(self.any(node))

    def _misplaced(self, node: ast.expr, t: Type, what: str, help: str) -> Refused:
        article = "an" if what[0] in "aeiou" else "a"
        message = f"{article} {what} cannot have the type `{show(t)}`"
        return self.module.file.refuse("E0209", node, message, label="not here", help=help)

    # ------------------------------------------------------------ types

    def any(self, node: ast.expr) -> Type:
        """Any type but `None`, `Const` and `Ghost`; raises Refused."""
        match node:
            case ast.Name():
                return self._name(node)
            case ast.Subscript(value=ast.Name() as name):
                return self._subscript(node, name)
        help = "write a type as in docs/language.md, section 2: `u32`, `Ptr[sock]`, `Int[0, 3]`, ..."
        message = f"`{self.module.file.written(node)}` is not a type"
        raise self.module.file.refuse("E0202", node, message, label="not a type", help=help)

    def _name(self, node: ast.Name) -> Type:
        if node.id == "bool":
            return Bool()
        word = self.module.word(node, Kind.TYPE)
        if word is not None and word.name in _PLAIN_TYPES:
            return _PLAIN_TYPES[word.name]
        if word is not None:
            help = f"write it as in docs/language.md, section 2: {_FORMS[word.name]}"
            message = f"`{word.name}` alone is not a type"
            raise self.module.file.refuse("E0202", node, message, label="incomplete", help=help)
        if (symbol := self.module.type_symbol(node)) is not None:
            return self.alias(symbol)
        raise self._unknown(node)

    def _unknown(self, node: ast.Name) -> Refused:
        if node.id in ("int", "str", "float", "list", "dict", "set", "object", "Any", "Optional"):
            help = "use `Int[lo, hi]`, `u32` or another type of docs/language.md, section 2"
            message = f"Python's type `{node.id}` is not a type of the language"
            return self.module.file.refuse("E0201", node, message, label="not a type here", help=help)
        refused = self.module.unknown_name(node, [], "type")
        assert refused.diagnostic is not None
        known = [*self.module.types, *(w for w, word in self.module.words.items() if word.kind is Kind.TYPE)]
        help = did_you_mean(node.id, known) or refused.diagnostic.help
        return self.module.file.refuse("E0201", node, refused.diagnostic.message, label="no such type", help=help)

    def alias(self, symbol: Symbol) -> Type:
        """The type that a definition stands for."""
        if symbol.kind is SymbolKind.STRUCT:
            return StructType(symbol.name)
        if symbol.kind is SymbolKind.ALIAS and symbol not in self.world.types:
            self.world.types[symbol] = None
            reader = TypeReader(self.world, symbol.module)
            with self._defining(symbol) as value:
                self.world.types[symbol] = reader.any(value)
        elif symbol in self.world.evaluating:
            raise self._circular(symbol)
        if (found := self.world.types.get(symbol)) is None:
            raise Refused(None)
        return found

    @contextmanager
    def _defining(self, symbol: Symbol) -> Iterator[ast.expr]:
        """While the definition of a constant or alias is read, it must not meet itself."""
        assert isinstance(symbol.node, ast.Assign)
        self.world.evaluating.add(symbol)
        try:
            yield symbol.node.value
        finally:
            self.world.evaluating.discard(symbol)

    def _circular(self, symbol: Symbol) -> Refused:
        message = f"`{symbol.name}` is defined by itself"
        help = "give it a value of its own"
        return symbol.module.file.refuse("E0210", symbol.node, message, label="goes in a circle", help=help)

    def _subscript(self, node: ast.Subscript, name: ast.Name) -> Type:
        word = self.module.word(name, Kind.TYPE)
        arguments = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        match word.name if word else "", arguments:
            case "Int", [lo, hi]:
                return self._bounded(node, lo, hi)
            case "Ptr", [target]:
                return Pointer(self.struct(target))
            case "ListHead", [target]:
                return ListType(self.struct(target))
            case "Array", [element, length]:
                return self._array(element, length)
            case "Callable", [ast.List(elts=params), result]:
                return FunctionPointer(tuple(self.parameter(p) for p in params), self.result(result))
            case "Const" | "Ghost", [_]:
                message = f"`{name.id}[...]` stands around the whole type of a struct field"
                help = "drop it here"
                raise self.module.file.refuse("E0209", node, message, label="not here", help=help)
        if word is None:
            self._name(name)
        help = f"write it as in docs/language.md, section 2: {_FORMS.get(name.id, f'`{name.id}`')}"
        message = f"`{self.module.file.written(node)}` is not how this type is written"
        raise self.module.file.refuse("E0202", node, message, label="wrong form", help=help)

    def _bounded(self, node: ast.expr, lo: ast.expr, hi: ast.expr) -> Bounded:
        bounds = Bounded(self.integer(lo), self.integer(hi))
        if bounds.lo > bounds.hi:
            message = f"the bounds {bounds.lo} and {bounds.hi} leave no value"
            help = f"write `Int[{bounds.hi}, {bounds.lo}]`"
            raise self.module.file.refuse("E0203", node, message, label="the lower bound is higher", help=help)
        return bounds

    def _array(self, element: ast.expr, length: ast.expr) -> ArrayType:
        t = self.any(element)
        if not isinstance(t, (*SCALARS, StructType)):
            help = "the elements of an array are plain values or structs; put the inner one into a struct"
            raise self._misplaced(element, t, "element of an array", help)
        if (word := self.module.word(length, Kind.TYPE)) is not None and word.name == "CONTEXTS":
            return ArrayType(t, CONTEXTS)
        count = self.integer(length)
        if not 1 <= count <= MAX_ARRAY:
            help = f"an array has 1 to {MAX_ARRAY} elements"
            raise self.module.file.refuse("E0211", length, f"an array of {count} elements is refused", help=help)
        return ArrayType(t, count)

    def struct(self, node: ast.expr) -> str:
        """The name of a struct that is named here."""
        t = self.any(node)
        if isinstance(t, StructType):
            return t.name
        message = f"`{show(t)}` is not a struct"
        help = "name a class that is a `Struct`"
        raise self.module.file.refuse("E0209", node, message, label="a struct is required", help=help)

    # ------------------------------------------------------------ constants

    def integer(self, node: ast.expr) -> int:
        """The value of a constant integer expression; raises Refused when it is none."""
        match node:
            case ast.Constant(value=int(value)) if not isinstance(value, bool):
                return self._in_range(node, value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._in_range(node, -self.integer(operand))
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return self._in_range(node, ~self.integer(operand))
            case ast.BinOp(left=left, op=op, right=right) if (text := operator_text(op)) is not None:
                return self._computed(node, text, self.integer(left), self.integer(right))
            case ast.Name():
                return self._constant(node)
        help = "use integer literals, integer constants of this file and arithmetic on them"
        message = f"`{self.module.file.written(node)}` is not an integer constant"
        raise self.module.file.refuse("E0210", node, message, label="not constant", help=help)

    def _computed(self, node: ast.expr, op: str, left: int, right: int) -> int:
        a, b = Bounded(left, left), Bounded(right, right)
        if (why := undefined(op, a, b)) is not None:
            message = f"{why} is undefined"
            raise self.module.file.refuse(
                "E0511", node, message, label="undefined in C", help="choose another right side"
            )
        try:
            return interval(op, a, b).lo
        except OutOfRange:
            raise self._too_big(node) from None

    def _in_range(self, node: ast.expr, value: int) -> int:
        if not LOWEST <= value <= HIGHEST:
            raise self._too_big(node)
        return value

    def _too_big(self, node: ast.expr) -> Refused:
        message = "the integer fits no type of the language"
        return self.module.file.refuse("E0211", node, message, label="too big", help="64 bits are the limit")

    def _constant(self, node: ast.Name) -> int:
        symbol = self.module.value_symbol(node)
        if symbol is None:
            raise self.module.unknown_name(node, [], "constant")
        if symbol.kind is not SymbolKind.CONSTANT:
            message = f"`{node.id}` is a {symbol.kind.value}, not an integer constant"
            help = "name a constant that is defined as in `LIMIT = 3`"
            raise self.module.file.refuse("E0210", node, message, label="not constant", help=help)
        return self.constant(symbol)

    def constant(self, symbol: Symbol) -> int:
        """The value of a module-level constant, read once; silent when it was refused before or refers to itself."""
        if symbol not in self.world.constants:
            self.world.constants[symbol] = None
            reader = TypeReader(self.world, symbol.module)
            with self._defining(symbol) as value:
                self.world.constants[symbol] = self.world.overrides.get(symbol.name, reader.integer(value))
        elif symbol in self.world.evaluating:
            raise self._circular(symbol)
        if (found := self.world.constants[symbol]) is None:
            raise Refused(None)
        return found


_FORMS = {
    "Int": "`Int[lo, hi]` with constants lo <= hi",
    "Ptr": "`Ptr[T]` with a struct T",
    "ListHead": "`ListHead[T]` with a struct T",
    "Array": "`Array[T, N]` with a constant N or `CONTEXTS`",
    "Callable": "`Callable[[Ptr[sock]], None]`",
    "Const": "`Const[T]` around the type of a field",
    "Ghost": "`Ghost[T]` around the type of a field",
    "CONTEXTS": "`Array[T, CONTEXTS]`",
}


def _described(t: Type) -> str:
    match t:
        case StructType(name):
            return f"the struct `{name}`"
        case ListType():
            return "a list"
        case _:
            return "an array"
