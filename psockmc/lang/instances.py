"""Instances: the named objects that exist from the beginning."""

from __future__ import annotations

import ast

from psockmc.lang import tree
from psockmc.lang.annotations import TypeReader
from psockmc.lang.constants import constant
from psockmc.lang.diagnostics import Refused, did_you_mean
from psockmc.lang.scope import Symbol, SymbolKind
from psockmc.lang.words import Kind
from psockmc.lang.world import World


def declare_instances(world: World, symbols: list[Symbol]) -> None:
    """The struct of every instance, so that code and other instances can name it."""
    for symbol in symbols:
        if symbol.kind is SymbolKind.INSTANCE:
            world.instances[symbol] = None
            with world.report.recover():
                world.instances[symbol] = _instance_struct(world, symbol)


def definition(symbol: Symbol) -> ast.Call:
    """The call of `instance` or `scenario` that defines a symbol."""
    assert isinstance(symbol.node, ast.Assign)
    assert isinstance(symbol.node.value, ast.Call)
    return symbol.node.value


def require_word(symbol: Symbol, call: ast.Call) -> None:
    """`instance` and `scenario` must be imported like any other word."""
    assert isinstance(call.func, ast.Name)
    if symbol.module.word(call.func, Kind.MODULE) is None:
        raise symbol.module.unknown_name(call.func, [])


def _instance_struct(world: World, symbol: Symbol) -> str:
    call = definition(symbol)
    require_word(symbol, call)
    if len(call.args) != 1:
        help = "write `name = instance(sock, field=value)`"
        message = "an instance has one struct"
        raise symbol.module.file.refuse("E0701", call, message, label="of which struct?", help=help)
    return TypeReader(world, symbol.module).struct(call.args[0])


def read_instances(world: World) -> dict[str, tree.Instance]:
    """All instances with the values of their fields."""
    found: dict[str, tree.Instance] = {}
    for symbol, name in world.instances.items():
        if name is None or name not in world.structs:
            continue
        values: dict[str, tree.Expr] = {}
        for keyword in definition(symbol).keywords:
            with world.report.recover():
                field, value = _instance_value(world, symbol, world.structs[name], keyword)
                values[field] = value
        span = symbol.module.file.span(symbol.node)
        found[symbol.name] = tree.Instance(symbol.name, name, values, span)
    return found


def _instance_value(world: World, symbol: Symbol, struct: tree.Struct, keyword: ast.keyword) -> tuple[str, tree.Expr]:
    file, name = symbol.module.file, keyword.arg or "**"
    if (struct.name, name) in world.broken_fields:
        raise Refused(None)
    if (field := struct.field(name)) is None:
        help = did_you_mean(name, [f.name for f in struct.fields]) or "fields of embedded structs are set in the setup"
        message = f"struct `{struct.name}` has no field `{name}`"
        raise file.refuse("E0505", keyword, message, label="unknown field", help=help)
    return name, constant(world, symbol.module, keyword.value, field.type, f"field `{name}`", instances=True)
