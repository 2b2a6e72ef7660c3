"""The tutorial is true: its files are written and its commands run, in order, in an empty folder."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one command of the tutorial."""
    words = shlex.split(command)
    if words[0] == "psockmc":
        words = [sys.executable, "-m", "psockmc", *words[1:]]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_the_tutorial_runs(tmp_path: Path) -> None:
    ran, command, result = 0, "", run("true", tmp_path)
    for kind, name, text in BLOCK.findall(TUTORIAL.read_text(encoding="utf-8")):
        if name:
            (tmp_path / name).write_text(text, encoding="utf-8")
        elif kind == "console":
            command, *expected = text.strip().splitlines()
            status = int(expected[0].removeprefix("exit ")) if expected else 0
            result = run(command.removeprefix("$ "), tmp_path)
            assert result.returncode == status, f"{command}\n{result.stdout}\n{result.stderr}"
            ran += 1
        elif kind == "text":
            assert text in result.stdout, f"not printed by {command}:\n{text}\nbut:\n{result.stdout}"
    assert ran == 4


def test_every_python_block_of_the_tutorial_is_a_file() -> None:
    blocks = BLOCK.findall(TUTORIAL.read_text(encoding="utf-8"))
    assert all(name for kind, name, _ in blocks if kind == "python")
