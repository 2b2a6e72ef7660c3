"""Lists of properties: `[I01, I07]`, `LIFECYCLE + [I07]`, also under a name at module level."""

from __future__ import annotations

import ast

from psockmc.lang.diagnostics import Refused, did_you_mean
from psockmc.lang.scope import Module, SymbolKind
from psockmc.lang.world import Signature, World


def property_functions(world: World, module: Module, node: ast.expr) -> tuple[str, ...]:
    """The functions that a list of properties names, each once, in order; raises Refused."""
    return tuple(dict.fromkeys(_names(world, module, node, frozenset())))


def declare_property_lists(world: World) -> None:
    """Checks all lists at module level, also those that no scenario uses."""
    for module in world.modules.values():
        for symbol in module.defined:
            if symbol.kind is SymbolKind.PROPERTIES and isinstance(symbol.node, ast.Assign):
                with world.report.recover():
                    property_functions(world, module, symbol.node.value)


def _names(world: World, module: Module, node: ast.expr, inside: frozenset[str]) -> list[str]:
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_property(world, module, item) for item in items]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _names(world, module, left, inside) + _names(world, module, right, inside)
        case ast.Name(id=name):
            symbol = module.value_symbol(node)
            if symbol is None:
                raise _unknown(module, node)
            if name in inside:
                message = f"the list `{name}` contains itself"
                raise module.file.refuse("E0704", node, message, label="goes in a circle", help="list the properties")
            if isinstance(symbol.node, ast.Assign) and symbol.kind in (SymbolKind.PROPERTIES, SymbolKind.CONSTANT):
                return _names(world, symbol.module, symbol.node.value, inside | {name})
    help = "write `[I01, I07]`, or a list of that kind by its name, joined with `+`"
    message = f"`{module.file.written(node)}` is no list of properties"
    raise module.file.refuse("E0704", node, message, label="no list", help=help)


def _property(world: World, module: Module, node: ast.expr) -> str:
    symbol = module.value_symbol(node) if isinstance(node, ast.Name) else None
    if isinstance(node, ast.Name) and symbol is None:
        raise _unknown(module, node)
    signature: Signature | None = None
    if symbol is not None and symbol.kind is SymbolKind.FUNCTION:
        signature = world.signatures.get(symbol)
        if signature is None:
            raise Refused(None)
    if signature is None or signature.role not in ("invariant", "at_end", "eventually"):
        help = "name functions with `@invariant`, `@at_end` or `@eventually`"
        message = f"`{module.file.written(node)}` is no property"
        raise module.file.refuse("E0704", node, message, label="no property", help=help)
    return signature.name


def _unknown(module: Module, node: ast.Name) -> Refused:
    help = did_you_mean(node.id, module.values) or f"import it: `from spec.NAME import {node.id}`"
    return module.file.refuse("E0704", node, f"unknown property `{node.id}`", label="not known here", help=help)
