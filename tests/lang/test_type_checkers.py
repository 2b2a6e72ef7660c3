"""Type checkers for Python accept model files, of which they understand little."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


@pytest.mark.slow
def test_mypy_accepts_the_models_of_the_tutorial(tmp_path: Path) -> None:
    files = re.findall(r"```python file=(\S+)\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    assert files
    for name, text in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--explicit-package-bases", *(name for name, _ in files)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout
