"""What the tests of exporters share: systems to compare on, and what an exporter imports."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

from hypothesis import HealthCheck

from psockmc.ir import system as ir
from tests.explore.native.systems import Builder, FieldRef, op

RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def counter(most: int) -> Builder:
    """Two contexts that count to `most` together."""
    b = Builder("counter")
    x = b.scalar("x", 0, 100)
    for name in ("A", "B"):
        a = b.context(name)
        a.stop("again")
        a.wait(op("<", x[0], most))
        a.store(x, op("+", x[0], 1), goto="again")
        a.end()
    return b


def add_late_failures(b: Builder, x: FieldRef, y: FieldRef) -> None:
    """Contexts that store to x and only then fail, in every way in which a step can: y is 0."""
    for then in (ir.Wait(op("!=", y[0], 0), ""), ir.Assume(op("!=", y[0], 0)), ir.Cut("far"), ir.Finding(6, "", True)):
        a = b.context(type(then).__name__)
        a.stop()
        a.store(x, 3)
        a.emit(then)
        a.end()


def imported_from_psockmc(*modules: ModuleType) -> set[str]:
    """The modules of psockmc that the texts of these modules import from."""
    imported = set()
    for module in modules:
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(f"{node.module}")
            if isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
    return {name for name in imported if name.startswith("psockmc")}
