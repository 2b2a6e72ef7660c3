"""The wheel works by itself: in a clean environment, from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

REPOSITORY = Path(__file__).parents[2]
SCENARIO = "two_deletes"  # of checks/, a small one
QUIET = ("--disable-pip-version-check", "-q")

pytestmark = pytest.mark.skipif(not (REPOSITORY / "pyproject.toml").exists(), reason="not a checkout")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the tools of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(REPOSITORY)]
    subprocess.run([sys.executable, "-m", "pip", *build, *QUIET], check=True)
    (wheel,) = folder.glob("psockmc-*.whl")
    return wheel


def install(folder: Path, *arguments: str) -> Path:
    """Make a new environment, install something with pip, and return its folder of programs."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", *QUIET, *arguments], check=True)
    return folder / "bin"


@pytest.fixture
def programs(wheel: Path, tmp_path: Path) -> Path:
    """A new environment with the wheel. What it depends on is borrowed from this one: no network."""
    programs = install(tmp_path / "venv", "--no-deps", str(wheel))
    (site_packages,) = tmp_path.glob("venv/lib/python*/site-packages")
    # Python does not follow .pth files in a folder that a .pth file names: the checkout stays out of sight.
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = [programs / "python", "-c", "import psockmc.content; print(psockmc.content.find_root())"]
    root = subprocess.run(where, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()
    assert Path(root) == site_packages / "psockmc" / "content"
    return programs


def test_the_wheel_carries_the_content_and_nothing_of_it_at_the_top(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"psockmc"}
    for folder in ("models", "spec", "checks"):
        ours = {p.relative_to(REPOSITORY).as_posix() for p in (REPOSITORY / folder).rglob("*.*")}
        ours = {file for file in ours if "__pycache__" not in file}
        assert {f"psockmc/content/{file}" for file in ours} <= set(names)


def test_the_wheel_carries_what_is_no_python(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    files = [p for p in (REPOSITORY / "psockmc").rglob("*.*") if p.suffix not in (".py", ".pyc")]
    assert {p.suffix for p in files} >= {".c", ".h", ".json", ".html", ".css", ".js", ".typed"}
    assert {p.relative_to(REPOSITORY).as_posix() for p in files} <= names


def test_check_runs_from_another_folder(programs: Path, tmp_path: Path) -> None:
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [programs / "psockmc", "check", "--json", SCENARIO]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {r["scenario"] for r in json.loads(done.stdout)["results"]} == {SCENARIO}


@pytest.mark.slow
def test_the_wheel_installs_with_what_it_says_it_needs(wheel: Path, tmp_path: Path) -> None:
    programs = install(tmp_path / "venv", "-c", str(REPOSITORY / "requirements.lock"), str(wheel))
    subprocess.run([programs / "python", "-m", "pip", "check", *QUIET], check=True)
    done = subprocess.run([programs / "psockmc", "list", "--json"], cwd=tmp_path, capture_output=True, check=True)
    assert SCENARIO in {s["name"] for s in json.loads(done.stdout)["scenarios"]}
