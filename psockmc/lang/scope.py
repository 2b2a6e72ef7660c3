"""Names: what a file defines, what it imports, and the two name spaces of C (types, and everything else)."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from enum import Enum

from psockmc.lang.diagnostics import Refused, did_you_mean
from psockmc.lang.source import SourceFile
from psockmc.lang.words import WORDS, Kind, Word

KERNEL_FOLDER = "psockmc/kernel/"


class SymbolKind(Enum):
    """What a name stands for; the value is how messages call it."""

    STRUCT = "struct"
    ENUM = "enum"
    FLAGS = "flag word"
    ALIAS = "type alias"
    CONSTANT = "constant"
    MEMBER = "member"
    FUNCTION = "function"
    INSTANCE = "instance"
    SCENARIO = "scenario"
    PROPERTIES = "list of properties"
    SENTENCE = "sentence"
    WORD = "word"


TYPE_KINDS = frozenset({SymbolKind.STRUCT, SymbolKind.ENUM, SymbolKind.FLAGS, SymbolKind.ALIAS})
GLOBAL_KINDS = frozenset(
    {
        SymbolKind.STRUCT,
        SymbolKind.ENUM,
        SymbolKind.FLAGS,
        SymbolKind.FUNCTION,
        SymbolKind.INSTANCE,
        SymbolKind.SCENARIO,
    }
)
"""Kinds whose names are unique in a program."""


@dataclass(eq=False)
class Symbol:
    """One definition. node: the class, function, assignment or member; owner: the class of a member."""

    kind: SymbolKind
    name: str
    module: Module
    node: ast.stmt
    owner: Symbol | None = None

    @property
    def place(self) -> str:
        """`models/skmsg.py:12`."""
        return f"{self.module.file.name}:{self.node.lineno}"


def is_replacement(symbol: Symbol) -> bool:
    """Whether it is a function with `@replaces`, which may bear the name of what it replaces."""
    return isinstance(symbol.node, ast.FunctionDef) and any(
        isinstance(d, ast.Call) and symbol.module.word(d.func) is WORDS["replaces"] for d in symbol.node.decorator_list
    )


@dataclass(eq=False)
class Module:
    """One file: its source, its syntax tree and its two name spaces.

    words: words of the language that it imports. variant: given as a variant. replaced: what it imports under the name
    of one of its own replacements. broken: names whose definition or import was refused; using one is no second error.
    unreadable: Python refused it, so nothing is known about its names.
    """

    file: SourceFile
    tree: ast.Module
    variant: bool = False
    types: dict[str, Symbol] = field(default_factory=dict)
    values: dict[str, Symbol] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)
    replaced: dict[str, Symbol] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    unreadable: bool = False
    defined: list[Symbol] = field(default_factory=list)

    @property
    def is_kernel(self) -> bool:
        """Whether it belongs to psockmc.kernel."""
        return self.file.name.startswith(KERNEL_FOLDER)

    def type_symbol(self, node: ast.Name) -> Symbol | None:
        """The type of this name, or None; raises a silent Refused when the name's own definition was refused."""
        if (symbol := self.types.get(node.id)) is None and node.id in self.broken:
            raise Refused(None)
        return symbol

    def value_symbol(self, node: ast.Name) -> Symbol | None:
        """The function, instance, constant or member of this name, or None; silent as in `type_symbol`."""
        if (symbol := self.values.get(node.id)) is None and node.id in self.broken:
            raise Refused(None)
        return symbol

    def word(self, node: ast.expr | None, *kinds: Kind) -> Word | None:
        """The word that a name stands for when it is imported and of one of these kinds."""
        word = self.words.get(node.id) if isinstance(node, ast.Name) else None
        return word if word is not None and (not kinds or word.kind in kinds) else None

    def unknown_name(self, node: ast.Name, others: list[str], what: str = "name") -> Refused:
        """The diagnostic for a name that nothing here defines."""
        if node.id in WORDS:
            help = f"it is a word of the language: add `{node.id}` to `from psockmc.lang import ...`"
            return self.file.refuse("E0504", node, f"`{node.id}` is not imported", label="not imported", help=help)
        known = [*self.values, *self.types, *self.words, *others]
        help = did_you_mean(node.id, known) or "define it in this file or import it: `from MODULE import NAME`"
        return self.file.refuse("E0504", node, f"unknown {what} `{node.id}`", label="not known here", help=help)
