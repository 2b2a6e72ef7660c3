"""What make says on a machine that lacks something."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not (REPOSITORY / "Makefile").exists(), reason="not a checkout")


def make_venv(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    """`make venv` in a folder of its own, with a `python3` that is this shell script."""
    shutil.copy(REPOSITORY / "Makefile", folder)
    for file in ("requirements.lock", "pyproject.toml", "hatch_build.py"):
        (folder / file).touch()
    script = folder / "python"
    script.write_text(f"#!/bin/sh\n{python}\n")
    script.chmod(0o755)
    command = ["make", "-s", "venv", f"PYTHON={script}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30)


def first_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.splitlines()[0]


def test_a_missing_venv_module_is_one_sentence_that_names_the_package(tmp_path: Path) -> None:
    done = make_venv(tmp_path, 'case "$2" in *ensurepip*) exit 1;; esac')
    assert done.returncode == 2
    assert first_line(done).endswith("cannot make virtual environments: install the Debian package python3-venv.")


def test_an_old_python_is_one_sentence(tmp_path: Path) -> None:
    done = make_venv(tmp_path, 'case "$2" in *version_info*) exit 1;; esac')
    assert done.returncode == 2
    assert first_line(done).startswith("psockmc needs Python 3.11 or newer and ")


def test_a_missing_python_is_one_sentence(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    for file in ("requirements.lock", "pyproject.toml", "hatch_build.py"):
        (tmp_path / file).touch()
    command = ["make", "-s", "venv", "PYTHON=no-such-python"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert first_line(done).startswith("psockmc needs Python 3.11 or newer: install the Debian package python3")


def test_every_dependency_is_locked() -> None:
    import re
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=\[]", line)[0].lower().replace("_", "-") for line in wanted}
    lock = (REPOSITORY / "requirements.lock").read_text().splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lock)
    assert names <= {line.split("==")[0].lower().replace("_", "-") for line in lock}
