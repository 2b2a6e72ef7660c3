"""A small content, and a material of it that searches with the interpreter."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from psockmc.explore.limits import Limits
from psockmc.reports.material import Material
from psockmc.run import Job, Options, Outcome, run

CONTENT = Path(__file__).parents[1] / "cli" / "content"


class Quiet:
    """Hears how a run goes and says nothing."""

    def started(self, job: Job) -> None:
        """Nothing."""

    def progress(self, *numbers: object) -> None:
        """Nothing."""

    def finished(self, job: Job, outcome: Outcome) -> None:
        """Nothing."""

    def warning(self, sentence: str) -> None:
        """Nothing."""


def search(jobs: Sequence[Job]) -> Sequence[Outcome]:
    """What comes of the jobs."""
    return run(jobs, Options("reference", Limits(), 1, None), Quiet())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the content that the test may change."""
    return Path(shutil.copytree(CONTENT, tmp_path / "checkout"))


@pytest.fixture
def material(root: Path) -> Material:
    """What the reports are made from."""
    return Material(root, search)
