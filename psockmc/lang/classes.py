"""Classes, aliases and constants: enumerations, flag words, structs and locks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from psockmc.lang import tree
from psockmc.lang.annotations import TypeReader
from psockmc.lang.constants import constant
from psockmc.lang.scope import Symbol, SymbolKind
from psockmc.lang.types import (
    ArrayType,
    BitName,
    Bounded,
    ContextSet,
    ContextType,
    EnumType,
    FlagsType,
    StructType,
    Type,
    show,
)
from psockmc.lang.world import World

HIGHEST_BIT = 63


def declare_enums(world: World, symbols: list[Symbol]) -> None:
    """Enumerations and flag words with their members."""
    for symbol in symbols:
        if symbol.kind in (SymbolKind.ENUM, SymbolKind.FLAGS):
            world.types[symbol] = None
            with world.report.recover():
                _declare_members(world, symbol)


def _declare_members(world: World, symbol: Symbol) -> None:
    node = symbol.node
    assert isinstance(node, ast.ClassDef)
    file = symbol.module.file
    if node.keywords:
        help = "write `class NAME(Enum):` or `class NAME(Flags):`"
        raise file.refuse("E0204", node.keywords[0], "an enumeration takes no options", label="refused", help=help)
    values: dict[int, str] = {}
    found: list[tuple[Symbol, int]] = []
    for statement in _body(node):
        with world.report.recover():
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    member = symbol.module.values.get(name)
                    if member is None or member.owner is not symbol:
                        continue
                    world.members[member] = None
                    number = TypeReader(world, symbol.module).integer(value)
                    _check_member(symbol, statement, number, values)
                    values[number] = name
                    found.append((member, number))
                case _:
                    help = "members are written `NAME = 0`"
                    raise file.refuse("E0205", statement, "this is no member", label="refused", help=help)
    if not any(True for _ in _body(node)):
        message = f"`{symbol.name}` has no members"
        raise file.refuse("E0205", node, message, label="empty", help="add one: `NAME = 0`")
    members = tuple((member.name, number) for member, number in found)
    own: Type
    if symbol.kind is SymbolKind.FLAGS:
        own = world.flags[symbol.name] = FlagsType(symbol.name, members)
        member_type: Type = BitName(symbol.name)
    else:
        own = member_type = EnumType(symbol.name, members)
    world.types[symbol] = own
    for member, number in found:
        world.members[member] = tree.Literal(number, member_type, file.span(member.node), member.name)


def _check_member(symbol: Symbol, statement: ast.Assign, number: int, values: dict[int, str]) -> None:
    file = symbol.module.file
    if number in values:
        message = f"`{values[number]}` has the value {number} already"
        raise file.refuse("E0206", statement, message, label="same value", help="give every member a value of its own")
    highest = HIGHEST_BIT if symbol.kind is SymbolKind.FLAGS else 2**31 - 1
    if not 0 <= number <= highest:
        help = f"values are 0 to {highest}"
        raise file.refuse("E0211", statement.value, f"{number} is out of range here", label="out of range", help=help)


def _body(node: ast.ClassDef) -> Iterator[ast.stmt]:
    """The statements of a class without its docstring and `pass`."""
    for statement in node.body:
        is_doc = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not is_doc and not isinstance(statement, ast.Pass):
            yield statement


# ---------------------------------------------------------------- structs


def declare_structs(world: World, symbols: list[Symbol]) -> None:
    """Structs and locks with their fields, still without default values."""
    for symbol in symbols:
        if symbol.kind is SymbolKind.STRUCT:
            with world.report.recover():
                _declare_struct(world, symbol)
    for symbol in symbols:
        if symbol.kind is SymbolKind.STRUCT and symbol.name in world.structs:
            with world.report.recover():
                _refuse_recursion(world, symbol)


def _declare_struct(world: World, symbol: Symbol) -> None:
    node = symbol.node
    assert isinstance(node, ast.ClassDef)
    short = symbol.name
    with world.report.recover():
        short = _short_name(symbol, node)
    fields: dict[str, tree.StructField] = {}
    for statement in _body(node):
        with world.report.recover():
            field = _field(world, symbol, statement)
            if field.name in fields:
                help = "give one of them another name"
                message = f"`{symbol.name}` has a field `{field.name}` already"
                raise symbol.module.file.refuse("E0107", statement, message, label="second field", help=help)
            fields[field.name] = field
    is_lock = any(isinstance(base, ast.Name) and base.id == "Lock" for base in node.bases)
    world.structs[symbol.name] = tree.Struct(
        symbol.name, short, is_lock, tuple(fields.values()), symbol.module.file.span(node)
    )
    if is_lock and (symbol.name, "owner") not in world.broken_fields:
        _check_lock(symbol, node, fields)


def _short_name(symbol: Symbol, node: ast.ClassDef) -> str:
    match node.keywords:
        case []:
            return symbol.name
        case [ast.keyword(arg="name", value=ast.Constant(value=str(name)))] if name.isidentifier():
            return name
    help = f'write `class {symbol.name}(Struct, name="short")`'
    message = "a struct has no option but the name of its objects"
    raise symbol.module.file.refuse("E0204", node.keywords[0], message, label="refused", help=help)


def _field(world: World, symbol: Symbol, statement: ast.stmt) -> tree.StructField:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
            world.broken_fields.add((symbol.name, name))
            declared = TypeReader(world, symbol.module).field(annotation)
            world.broken_fields.discard((symbol.name, name))
            _require_start(symbol, statement, declared.type)
            span = symbol.module.file.span(statement)
            return tree.StructField(name, declared.type, declared.const, declared.ghost, None, span)
    help = "fields are written `name: type` or `name: type = constant`"
    raise symbol.module.file.refuse("E0205", statement, "this is no field", label="refused", help=help)


def _require_start(symbol: Symbol, statement: ast.AnnAssign, t: Type) -> None:
    """Objects begin zeroed: an integer that cannot be 0 needs to say what it begins as."""
    element = t.element if isinstance(t, ArrayType) else t
    if not isinstance(element, Bounded) or element.lo <= 0 <= element.hi:
        return
    if element is t and statement.value is not None:
        return
    help = (
        "let the bounds contain 0" if element is not t else f"write `... = {element.lo}`, or let the bounds contain 0"
    )
    message = f"objects begin zeroed, but 0 is not in `{show(element)}`"
    raise symbol.module.file.refuse("E0211", statement, message, label="0 is out of range", help=help)


def _check_lock(symbol: Symbol, node: ast.ClassDef, fields: dict[str, tree.StructField]) -> None:
    file = symbol.module.file
    if "owner" not in fields or not isinstance(fields["owner"].type, ContextType):
        help = "add `owner: Ctx`"
        message = f"the lock `{symbol.name}` has no field `owner` of type `Ctx`"
        raise file.refuse("E0207", node, message, label="who holds it?", help=help)
    if "readers" in fields and fields["readers"].type != ContextSet():
        help = "write `readers: CtxSet`"
        message = f"the readers of the lock `{symbol.name}` must be a `CtxSet`"
        raise file.refuse("E0207", fields["readers"].span, message, label="who reads?", help=help)


def _refuse_recursion(world: World, symbol: Symbol) -> None:
    """A struct that embeds itself, directly or through others, would be infinitely big."""
    path = _path_to_itself(world, symbol.name, symbol.name, ())
    if path is None:
        return
    through = f" through `{'`, `'.join(path)}`" if path else ""
    help = "hold a `Ptr` to it instead"
    message = f"the struct `{symbol.name}` embeds itself{through}"
    raise symbol.module.file.refuse("E0208", symbol.node, message, label="infinitely big", help=help)


def _path_to_itself(world: World, start: str, at: str, path: tuple[str, ...]) -> tuple[str, ...] | None:
    struct = world.structs.get(at)
    for field in struct.fields if struct is not None else ():
        t = field.type.element if isinstance(field.type, ArrayType) else field.type
        if not isinstance(t, StructType):
            continue
        if t.name == start:
            return path
        if t.name not in path and (found := _path_to_itself(world, start, t.name, (*path, t.name))) is not None:
            return found
    return None


def declare_defaults(world: World, symbols: list[Symbol]) -> None:
    """Default values of fields: constants of the field's type."""
    for symbol in symbols:
        struct = world.structs.get(symbol.name) if symbol.kind is SymbolKind.STRUCT else None
        if struct is None or not isinstance(symbol.node, ast.ClassDef):
            continue
        defaults: dict[str, tree.Expr] = {}
        for statement in symbol.node.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    field = struct.field(name)
                    if field is None:
                        continue  # its type was refused
                    with world.report.recover():
                        defaults[name] = constant(world, symbol.module, value, field.type, f"field `{name}`")
        fields = tuple(replace(f, default=defaults.get(f.name)) for f in struct.fields)
        world.structs[symbol.name] = replace(struct, fields=fields)


def declare_aliases(world: World, symbols: list[Symbol]) -> None:
    """Constants and type aliases, so that what is wrong with one is reported though nobody uses it."""
    for symbol in symbols:
        assert symbol.kind is not SymbolKind.WORD
        if not isinstance(symbol.node, ast.Assign):
            continue
        reader = TypeReader(world, symbol.module)
        with world.report.recover():
            if symbol.kind is SymbolKind.CONSTANT:
                reader.constant(symbol)
            elif symbol.kind is SymbolKind.ALIAS:
                reader.alias(symbol)
