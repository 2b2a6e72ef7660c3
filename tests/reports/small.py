"""A material of a few scenarios of the tiny models, whatever their verdicts are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from psockmc.lang import load_program
from psockmc.lang.tree import Program
from psockmc.reports.material import Material
from psockmc.run import Job, Outcome
from tests.reports.conftest import search

MODELS = Path(__file__).parents[1] / "render" / "models"


class Small(Material):
    """The scenarios named, or all, of a model."""

    def __init__(self, model: Path, *scenarios: str) -> None:
        super().__init__(model.parent, search)
        self.model, self.scenarios = model, scenarios

    @cached_property
    def program(self) -> Program:
        """The model."""
        return load_program(self.model.parent, [self.model])

    @cached_property
    def outcomes(self) -> Mapping[str, Outcome]:
        """Of the scenarios."""
        names = self.scenarios or tuple(sorted(self.program.scenarios))
        return {o.name: o for o in self.search([Job(name, self.program, name) for name in names])}
