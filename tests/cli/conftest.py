"""What the tests of the commands share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the content that the test may change; the current folder."""
    root = tmp_path / "checkout"
    shutil.copytree(Path(__file__).parent / "content", root)
    monkeypatch.chdir(root)
    return root
