"""From loaded modules to the typed program: the phases of checking, in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from psockmc.lang import tree
from psockmc.lang.classes import declare_aliases, declare_defaults, declare_enums, declare_structs
from psockmc.lang.diagnostics import Report
from psockmc.lang.effects import Effects
from psockmc.lang.flow import check_flow
from psockmc.lang.instances import declare_instances, read_instances
from psockmc.lang.loader import Loader, bind_imports
from psockmc.lang.property_lists import declare_property_lists
from psockmc.lang.rules import check_rules
from psockmc.lang.scenarios import read_scenarios
from psockmc.lang.scope import GLOBAL_KINDS, TYPE_KINDS, Symbol, SymbolKind, is_replacement
from psockmc.lang.signatures import declare_functions
from psockmc.lang.statements import FunctionBody
from psockmc.lang.world import Signature, World


def load_program(
    root: Path, files: Sequence[Path], variants: Sequence[Path] = (), *, constants: Mapping[str, int] | None = None
) -> tree.Program:
    """The program of `files` and everything that they import, with the functions of `variants` put in.

    root: the folder that `models.NAME`, `spec.NAME`, ... are looked up in. constants: other values for module-level
    constants, by name. Raises ModelErrors with all that is wrong.
    """
    report = Report()
    loader = Loader(root, report)
    for path in files:
        loader.load(path)
    for path in variants:
        loader.load(path, variant=True)
    return _check(loader, report, constants or {})


def load_source(text: str, file: str = "model.py", *, root: Path | None = None) -> tree.Program:
    """The program of one source text; `file` is its name in messages. root: as in `load_program`, None for no content.

    Raises ModelErrors with all that is wrong.
    """
    report = Report()
    loader = Loader(root, report)
    loader.load_text(file, text)
    return _check(loader, report, {})


def _check(loader: Loader, report: Report, constants: Mapping[str, int]) -> tree.Program:
    bind_imports(loader.modules, report)
    world = World(loader.modules, report, overrides=constants)
    symbols = _global_symbols(world)
    declare_enums(world, symbols)
    declare_structs(world, symbols)
    declare_aliases(world, symbols)
    declare_functions(world, symbols)
    _refuse_equal_ids(world)
    declare_instances(world, symbols)
    declare_defaults(world, symbols)
    declare_property_lists(world)
    instances = read_instances(world)
    scenarios = read_scenarios(world, symbols)
    _check_variants(world)
    functions = _check_bodies(world)
    checked = {f.name: f for f in functions if not f.variant}
    variants = {f.name: f for f in functions if f.variant}
    current = {**checked, **variants}
    files = {module.file.name: module.file for module in world.modules.values()}
    effects = Effects(current, world.structs, instances.values())
    check_rules(report, files, world.structs, functions, effects)
    report.raise_errors()
    return tree.Program(
        structs=world.structs,
        functions=current,
        instances=instances,
        scenarios=scenarios,
        sources={module.file.name: module.file.text for module in loader.modules.values()},
        replaced={name: checked[name] for name in variants},
    )


def _global_symbols(world: World) -> list[Symbol]:
    """Everything that is defined anywhere; two definitions of one global name are refused."""
    seen: dict[tuple[bool, str], Symbol] = {}
    symbols: list[Symbol] = []
    for module in world.modules.values():
        for symbol in module.defined:
            symbols.append(symbol)
            if symbol.kind not in GLOBAL_KINDS or is_replacement(symbol):
                continue
            key = (symbol.kind in TYPE_KINDS, symbol.name)
            if (other := seen.setdefault(key, symbol)) is symbol:
                continue
            # The files of psockmc.kernel are not the reader's to change.
            mine, other = (other, symbol) if module.is_kernel else (symbol, other)
            message = f"the {mine.kind.value} `{mine.name}` is defined at {other.place} too"
            help = "names are unique in a program, as in the kernel: rename it"
            world.report.add(mine.module.file.refuse("E0107", mine.node, message, label="same name", help=help))
    return symbols


def _refuse_equal_ids(world: World) -> None:
    seen: dict[str, Signature] = {}
    for signature in filter(None, world.signatures.values()):
        if not signature.property_id:
            continue
        if (first := seen.setdefault(signature.property_id, signature)) is not signature:
            message = f"the property ID {signature.property_id} belongs to `{first.name}` at {first.symbol.place}"
            file = signature.symbol.module.file
            where = signature.node.decorator_list[0]
            world.report.add(file.refuse("E0107", where, message, label="second", help="give it an ID of its own"))


def _check_variants(world: World) -> None:
    """A variant replaces at least one function and adds nothing but functions and constants."""
    for module in world.modules.values():
        if not module.variant or module.unreadable:
            continue
        for symbol in module.defined:
            if symbol.kind in (SymbolKind.INSTANCE, SymbolKind.SCENARIO, SymbolKind.STRUCT):
                help = "put it into the model or the scenario that the variant is checked with"
                message = f"a variant cannot define the {symbol.kind.value} `{symbol.name}`"
                world.report.add(module.file.refuse("E0804", symbol.node, message, label="no function", help=help))
        heads = [world.signatures.get(symbol) for symbol in module.defined if symbol.kind is SymbolKind.FUNCTION]
        if None not in heads and not any(head is not None and head.replaces for head in heads):
            help = "put `@replaces(function)` above what it changes"
            message = "the variant replaces nothing"
            world.report.add(module.file.refuse("E0801", module.file.whole(), message, help=help))


def _check_bodies(world: World) -> list[tree.Function]:
    """All functions whose bodies are right."""
    functions: list[tree.Function] = []
    for symbol, signature in world.signatures.items():
        if signature is None:
            continue
        before = world.report.refusals
        with world.report.recover():
            function = FunctionBody(world, symbol.module, signature).check()
            if world.report.refusals == before:
                check_flow(world.report, symbol.module.file, function)
                functions.append(function)
    return functions
