"""What a file defines: its module-level statements sorted into symbols, before any name is resolved."""

from __future__ import annotations

import ast

from psockmc.lang.diagnostics import Report, listed
from psockmc.lang.scope import TYPE_KINDS, Module, Symbol, SymbolKind
from psockmc.lang.words import WORDS, Kind

BASES = {
    "Struct": SymbolKind.STRUCT,
    "Lock": SymbolKind.STRUCT,
    "Enum": SymbolKind.ENUM,
    "Flags": SymbolKind.FLAGS,
}

_ALLOWED = "a file holds imports, classes, functions, instances, scenarios, constants and type aliases"


def collect(module: Module, report: Report) -> None:
    """Fills the name spaces of a module with what it defines itself."""
    for position, statement in enumerate(module.tree.body):
        with report.recover():
            _statement(module, statement, first=position == 0)


def _statement(module: Module, statement: ast.stmt, *, first: bool) -> None:
    match statement:
        case ast.ImportFrom(level=level, module=name) if not level and name:
            return
        case ast.ImportFrom() | ast.Import():
            for alias in statement.names:
                module.broken.update({alias.asname or alias.name.split(".")[0]})
            help = "write `from MODULE import NAME`, with MODULE as in `models.skmsg`"
            raise module.file.refuse("E0101", statement, "this form of import is refused", label="refused", help=help)
        case ast.Expr(value=ast.Constant(value=str())) if first:
            return
        case ast.ClassDef():
            _class(module, statement)
        case ast.FunctionDef():
            _function(module, statement)
        case ast.Assign(targets=[ast.Name(id=name)]):
            _define(module, Symbol(_assigned_kind(statement.value), name, module, statement))
        case ast.AsyncFunctionDef():
            module.broken.add(statement.name)
            message = "`async` functions are refused"
            raise module.file.refuse("E0401", statement, message, label="refused", help="write a plain `def`")
        case _:
            message = "this statement is refused at module level"
            raise module.file.refuse("E0106", statement, message, label="no definition", help=_ALLOWED)


def _class(module: Module, node: ast.ClassDef) -> None:
    base = node.bases[0].id if len(node.bases) == 1 and isinstance(node.bases[0], ast.Name) else ""
    if base not in BASES or node.decorator_list:
        module.broken.add(node.name)
        help = f"write `class {node.name}(Struct):`, or `Lock`, `Enum` or `Flags`"
        message = f"`{node.name}` must have exactly one of {listed(BASES)} as its base and no decorator"
        raise module.file.refuse("E0204", node, message, label="which kind of type?", help=help)
    symbol = Symbol(BASES[base], node.name, module, node)
    _define(module, symbol)
    if symbol.kind in (SymbolKind.ENUM, SymbolKind.FLAGS):
        for member in node.body:
            match member:
                case ast.Assign(targets=[ast.Name(id=name)]):
                    _define(module, Symbol(SymbolKind.MEMBER, name, module, member, owner=symbol))


def _function(module: Module, node: ast.FunctionDef) -> None:
    symbol = Symbol(SymbolKind.FUNCTION, node.name, module, node)
    _define(module, symbol)
    for decorator in node.decorator_list:
        match decorator:
            case ast.Call(
                func=ast.Name(id="invariant" | "at_end" | "eventually"), args=[ast.Constant(value=str(id)), *_]
            ):
                # A property may be named by its ID: `properties=[I07]`.
                if id.isidentifier():
                    module.values.setdefault(id, symbol)


def _assigned_kind(value: ast.expr) -> SymbolKind:
    match value:
        case ast.Call(func=ast.Name(id="instance")):
            return SymbolKind.INSTANCE
        case ast.Call(func=ast.Name(id="scenario")):
            return SymbolKind.SCENARIO
        case ast.Subscript():
            return SymbolKind.ALIAS
        case ast.Name(id=name) if name == "bool" or (name in WORDS and WORDS[name].kind is Kind.TYPE):
            return SymbolKind.ALIAS
        case _ if any(isinstance(node, ast.List | ast.Tuple) for node in ast.walk(value)):
            return SymbolKind.PROPERTIES
        case ast.Constant(value=str()):
            return SymbolKind.SENTENCE
        case _:
            return SymbolKind.CONSTANT


def _define(module: Module, symbol: Symbol) -> None:
    space = module.types if symbol.kind in TYPE_KINDS else module.values
    present = space.get(symbol.name)
    if present is not None and present.name == symbol.name:
        message = f"`{symbol.name}` is defined at line {present.node.lineno} already"
        help = "give one of them another name"
        raise module.file.refuse("E0107", _named(symbol), message, label="second definition", help=help)
    space[symbol.name] = symbol
    module.defined.append(symbol)


def _named(symbol: Symbol) -> ast.AST:
    """The part of a definition that a message about its name should underline."""
    return symbol.node.targets[0] if isinstance(symbol.node, ast.Assign) else symbol.node
