"""The wheel works by itself: in a clean environment, from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

REPOSITORY = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (REPOSITORY / "pyproject.toml").exists(), reason="not a checkout"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(REPOSITORY)], check=True)
    (wheel,) = folder.glob("psockmc-*.whl")
    return wheel


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The psockmc of a new environment that holds the wheel and what it depends on, as locked."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "install", "-c", str(REPOSITORY / "requirements.lock"), str(wheel)], check=True)
    return folder / "bin" / "psockmc"


def test_the_wheel_carries_the_content_and_nothing_of_it_at_the_top(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"psockmc"}
    for folder in ("models", "checks"):
        ours = {p.relative_to(REPOSITORY).as_posix() for p in (REPOSITORY / folder).rglob("*.py")}
        assert {f"psockmc/content/{file}" for file in ours} <= set(names)


def test_the_wheel_carries_what_is_no_python(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    files = [p for p in (REPOSITORY / "psockmc").rglob("*") if p.suffix in (".c", ".h", ".json", ".typed")]
    assert {p.relative_to(REPOSITORY).as_posix() for p in files} <= names


def test_check_runs_from_another_folder(command: Path, tmp_path: Path) -> None:
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    scenarios = subprocess.run([command, "list", "--json"], cwd=tmp_path, env=env, capture_output=True, check=True)
    listed = json.loads(scenarios.stdout)["scenarios"]
    assert listed
    done = subprocess.run([command, "check", "--json"], cwd=tmp_path, env=env, capture_output=True, timeout=900)
    assert done.returncode == 0, done.stderr.decode()
    assert {r["scenario"] for r in json.loads(done.stdout)["results"]} == {s["name"] for s in listed}
