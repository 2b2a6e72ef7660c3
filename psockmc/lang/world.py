"""What is known about the whole program while it is checked: types, structs, signatures, instances."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from psockmc.lang import tree
from psockmc.lang.diagnostics import Report
from psockmc.lang.scope import Module, Symbol
from psockmc.lang.types import FlagsType, FunctionPointer, Type

PROPERTY_ROLES = frozenset({"invariant", "at_end", "eventually", "pure"})
"""Roles of functions that exist for properties and are never run by a context."""


@dataclass(frozen=True)
class Signature:
    """What callers of a function need to know, and what its decorators say.

    name: its name in the program; for a replacement, the name of what it replaces.
    """

    name: str
    role: str
    params: tuple[tree.Param, ...]
    result: Type
    symbol: Symbol
    kernel_file: str = ""
    recursion: int = 1
    property_id: str = ""
    sentence: str = ""
    per_struct: str = ""
    per_kind: str = ""
    replaces: str = ""
    split: int = 0

    @property
    def pointer(self) -> FunctionPointer:
        """Its type when it is used as a value."""
        return FunctionPointer(tuple(p.type for p in self.params), self.result)

    @property
    def is_property(self) -> bool:
        """Whether it exists for properties only."""
        return self.role in PROPERTY_ROLES

    @property
    def node(self) -> ast.FunctionDef:
        """Its source."""
        assert isinstance(self.symbol.node, ast.FunctionDef)
        return self.symbol.node


@dataclass
class World:
    """The declarations of all modules, filled phase by phase.

    A symbol that maps to None was refused: whatever uses it is refused silently. broken_fields: fields (struct, name)
    whose type was refused. flags: flag words by name. evaluating: constants and aliases whose definitions are being
    read now. overrides: values of constants, by name, that take the place of those in the source.
    """

    modules: Mapping[str, Module]
    report: Report
    structs: dict[str, tree.Struct] = field(default_factory=dict)
    broken_fields: set[tuple[str, str]] = field(default_factory=set)
    flags: dict[str, FlagsType] = field(default_factory=dict)
    members: dict[Symbol, tree.Literal | None] = field(default_factory=dict)
    constants: dict[Symbol, int | None] = field(default_factory=dict)
    types: dict[Symbol, Type | None] = field(default_factory=dict)
    signatures: dict[Symbol, Signature | None] = field(default_factory=dict)
    evaluating: set[Symbol] = field(default_factory=set)
    overrides: Mapping[str, int] = field(default_factory=dict)
    instances: dict[Symbol, str | None] = field(default_factory=dict)

    def function(self, name: str) -> Signature | None:
        """The function of this name in the program (a replacement before what it replaces)."""
        found = [s for s in self.signatures.values() if s is not None and s.name == name]
        return max(found, key=lambda s: bool(s.replaces), default=None)
