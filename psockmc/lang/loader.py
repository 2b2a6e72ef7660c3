"""Files: from the paths that the user gives to all modules they need, parsed, with their imports resolved.

`psockmc.kernel.NAME` is the file of the installed package; every other module is a file under the content root. Nothing
is executed, so imports may form cycles.
"""

from __future__ import annotations

import ast
from pathlib import Path

import psockmc
from psockmc.lang.collect import collect
from psockmc.lang.diagnostics import Refused, Report, did_you_mean, listed, refuse_at
from psockmc.lang.scope import GLOBAL_KINDS, Module, Symbol, is_replacement
from psockmc.lang.source import SourceFile
from psockmc.lang.tree import Span
from psockmc.lang.words import NEEDED_PRIMITIVES, WORDS

PACKAGE = Path(psockmc.__file__).resolve().parent
LANGUAGE = "psockmc.lang"


class Loader:
    """Loads files and, transitively, what they import. root: the content root, or None when there is none."""

    def __init__(self, root: Path | None, report: Report) -> None:
        self.root = root.resolve() if root is not None else None
        self.report = report
        self.modules: dict[str, Module] = {}
        self._pending: list[Module] = []

    def load(self, path: Path, *, variant: bool = False) -> None:
        """Loads one file that the user names; errors go to the report."""
        with self.report.recover():
            try:
                name = self._name(path)
            except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a name that no file can have
                raise _unreadable(ascii(str(path)), error) from None
            self._open(name, path, None, variant=variant)
        self._follow_imports()

    def load_text(self, name: str, text: str) -> None:
        """Loads a file that exists as text only."""
        with self.report.recover():
            self._add(SourceFile(name, text), variant=False)
        self._follow_imports()

    def _name(self, path: Path) -> str:
        """The name of a file in messages: relative to the content root where it lies in it."""
        absolute = path.resolve()
        if self.root is not None and absolute.is_relative_to(self.root):
            return absolute.relative_to(self.root).as_posix()
        return path.as_posix()

    def _open(self, name: str, path: Path, importer: Refused | None, *, variant: bool = False) -> Module:
        """The module of a file, read at most once; importer: what to raise when there is no such file."""
        if name in self.modules:
            return self.modules[name]
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            message = f"the file is not text in UTF-8: {error.reason}"
            raise refuse_at("E0002", Span(name, 0, 0, 0, 0), message, help="save it as UTF-8") from None
        except (FileNotFoundError, NotADirectoryError) as error:
            raise importer or _unreadable(name, error) from None
        except OSError as error:
            raise _unreadable(name, error) from None
        return self._add(SourceFile(name, text.removeprefix("\ufeff")), variant=variant)

    def _add(self, file: SourceFile, *, variant: bool) -> Module:
        module = Module(file, ast.Module([], []), variant, unreadable=True)
        self.modules[file.name] = module
        module.tree = file.parse()
        module.unreadable = False
        collect(module, self.report)
        self._pending.append(module)
        return module

    def _follow_imports(self) -> None:
        while self._pending:
            module = self._pending.pop()
            for statement in module.tree.body:
                if isinstance(statement, ast.ImportFrom):
                    with self.report.recover():
                        self._import(module, statement)

    def _import(self, module: Module, statement: ast.ImportFrom) -> None:
        """Loads what one import statement names; the names themselves are bound later, when everything is loaded."""
        if statement.module == LANGUAGE:
            for alias in statement.names:
                if alias.name in NEEDED_PRIMITIVES:
                    self._imported(module, statement, f"psockmc.kernel.{NEEDED_PRIMITIVES[alias.name]}")
        elif statement.module != "__future__" and not statement.level and statement.module:
            try:
                self._imported(module, statement, statement.module)
            except Refused:
                module.broken.update(alias.name for alias in statement.names)
                raise

    def _imported(self, module: Module, statement: ast.ImportFrom, dotted: str) -> Module:
        name, path = self._locate(module, statement, dotted)
        kernel = sorted(f"psockmc.kernel.{p.stem}" for p in (PACKAGE / "kernel").glob("[!_]*.py"))
        help = did_you_mean(dotted, kernel) or f"`{dotted}` is the file {name}: is it spelled right?"
        missing = module.file.refuse("E0103", statement, f"there is no module `{dotted}`", label="not found", help=help)
        return self._open(name, path, missing)

    def _locate(self, module: Module, statement: ast.ImportFrom, dotted: str) -> tuple[str, Path]:
        parts = dotted.split(".")
        name = "/".join(parts) + ".py"
        if parts[0] == "psockmc":
            if parts[:2] != ["psockmc", "kernel"] or len(parts) != 3:
                help = "import from `psockmc.lang`, `psockmc.kernel.NAME` or a file of the content"
                message = f"a model cannot import from `{dotted}`"
                raise module.file.refuse("E0103", statement, message, label="the checker itself", help=help)
            return name, PACKAGE.joinpath(*parts[1:-1], parts[-1] + ".py")
        if self.root is None:
            help = "name a content root: the folder that holds models/, spec/ and checks/"
            message = f"`{dotted}` cannot be found without a content root"
            raise module.file.refuse("E0103", statement, message, label="not found", help=help)
        return name, self.root.joinpath(*parts[:-1], parts[-1] + ".py")


def _unreadable(name: str, error: Exception) -> Refused:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    help = "give the path of a file in the modelling language that you may read"
    return refuse_at("E0002", Span(name, 0, 0, 0, 0), f"cannot read the file: {reason}", help=help)


def module_name(statement: ast.ImportFrom) -> str:
    """The file that an accepted import statement names."""
    return (statement.module or "").replace(".", "/") + ".py"


def bind_imports(modules: dict[str, Module], report: Report) -> None:
    """Puts every imported name into the name spaces of the importing file.

    Words come first: they tell a replacement, which may bear an imported name, from a second definition.
    """
    for words in (True, False):
        for module in modules.values():
            for statement in _imports(module):
                if words is not (statement.module == LANGUAGE):
                    continue
                for alias in statement.names:
                    with report.recover():
                        _bind(modules, module, statement, alias)


def _imports(module: Module) -> list[ast.ImportFrom]:
    """The imports of an accepted form."""
    imports = [s for s in module.tree.body if isinstance(s, ast.ImportFrom)]
    return [s for s in imports if not s.level and s.module != "__future__"]


def _bind(modules: dict[str, Module], module: Module, statement: ast.ImportFrom, alias: ast.alias) -> None:
    if alias.name == "*" or alias.asname:
        raise _refuse_form(module, alias)
    if statement.module == LANGUAGE:
        return _bind_word(module, alias)
    source = modules.get(module_name(statement))
    if source is None or source.unreadable:
        module.broken.add(alias.name)
        return None
    types, values = _own(source, source.types, alias.name), _own(source, source.values, alias.name)
    if types is None and values is None:
        _missing(module, source, statement, alias)
    if types is not None:
        _bind_symbol(module, module.types, alias, types)
    if values is not None:
        _bind_symbol(module, module.values, alias, values)
    return None


def _own(source: Module, space: dict[str, Symbol], name: str) -> Symbol | None:
    """What a file itself defines under a name; what it imports is to be imported from where it is defined."""
    symbol = space.get(name)
    return symbol if symbol is not None and symbol.module is source else None


def _bind_symbol(module: Module, space: dict[str, Symbol], alias: ast.alias, symbol: Symbol) -> None:
    mine = space.setdefault(alias.name, symbol)
    if mine is symbol:
        return
    if mine.module is module and is_replacement(mine):
        module.replaced[alias.name] = symbol
        return
    if mine.kind in GLOBAL_KINDS and symbol.kind in GLOBAL_KINDS:
        return  # reported as two definitions of one name
    where = f"in this file, at line {mine.node.lineno}" if mine.module is module else f"at {mine.place}"
    help = "rename one of them or drop the import"
    message = f"the imported name `{alias.name}` is defined {where} too"
    raise module.file.refuse("E0107", alias, message, label="imported here", help=help)


def _refuse_form(module: Module, alias: ast.alias) -> Refused:
    if alias.name == "*":
        help = "name what you use: `from MODULE import NAME, NAME`"
        return module.file.refuse("E0102", alias, "a star import is refused", label="which names?", help=help)
    module.broken.add(alias.asname or "")
    help = f"import it as `{alias.name}`: a name means the same thing everywhere"
    return module.file.refuse("E0101", alias, "`import ... as` is refused", label="another name", help=help)


def _bind_word(module: Module, alias: ast.alias) -> None:
    word = WORDS.get(alias.name)
    if word is None:
        module.broken.add(alias.name)
        help = did_you_mean(alias.name, WORDS) or "docs/language.md lists the words"
        raise module.file.refuse(
            "E0105", alias, f"the language has no word `{alias.name}`", label="not a word", help=help
        )
    module.words[alias.name] = word


def _missing(module: Module, source: Module, statement: ast.ImportFrom, alias: ast.alias) -> None:
    module.broken.add(alias.name)
    if alias.name in source.broken:
        return
    again = [i for i in _imports(source) if any(a.name == alias.name for a in i.names) and i.module != LANGUAGE]
    if alias.name in WORDS:
        help = f"it is a word of the language: `from psockmc.lang import {alias.name}`"
    elif again:
        help = f"{source.file.name} only imports it: write `from {again[0].module} import {alias.name}`"
    else:
        names = [symbol.name for symbol in source.defined]
        help = did_you_mean(alias.name, names) or f"it defines {listed(sorted(names)[:8]) or 'nothing'}"
    message = f"`{statement.module}` defines no `{alias.name}`"
    raise module.file.refuse("E0104", alias, message, label="not defined there", help=help)
