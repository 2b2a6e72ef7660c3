"""Compile generated programs, and keep them: the same program is compiled once.

Compiled programs lie in `programs/` of the cache folder (see psockmc.cache) under the hash of everything that decides
what they do: source, flags and compiler. Where that folder cannot be written, a temporary one is used with a
warning.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from psockmc.cache import cache_folder
from psockmc.explore.native.errors import EngineError

KEEP_SECONDS = 30 * 24 * 3600
SHOWN_LINES = 5


class CacheWarning(UserWarning):
    """Compiled programs cannot be kept."""


def compiler() -> list[str] | None:
    """The C compiler's command: `$CC`, or `cc`. None when there is none."""
    command = shlex.split(os.environ.get("CC", "")) or ["cc"]
    return command if shutil.which(command[0]) else None


def flags(quick: bool = False) -> list[str]:
    """How a program is compiled; `quick`: to run soon rather than fast. What is written by hand is optimised anyway."""
    return ["-std=gnu11", "-O0" if quick else "-O1", "-w", "-fno-strict-aliasing", "-fwrapv"]


def is_kept(source: str) -> bool:
    """Whether the optimised program is in the cache already."""
    command = compiler()
    return command is not None and _usable(program_folder() / _digest(source, command, quick=False))


@contextlib.contextmanager
def built(source: str, quick: bool = False) -> Iterator[Path]:
    """The compiled program, from the cache if possible; it exists at least as long as the context.

    quick: without optimisation, which takes a small part of the time to compile. Raises EngineError when there is no
    compiler, it fails, or the disk is full.
    """
    command = compiler()
    if command is None:
        raise EngineError(
            "the native engine needs a C compiler: install the Debian package gcc, or use --engine reference"
        )
    name = _digest(source, command, quick)
    folder = program_folder()
    try:
        program = _kept(command, source, folder, name, quick)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _disk_full(folder) from None
        yield from _built_elsewhere(command, source, name, quick, f"{folder} cannot be written ({error.strerror})")
    else:
        yield program


def _kept(command: list[str], source: str, folder: Path, name: str, quick: bool) -> Path:
    """The program in the cache, compiled if it is not there yet. Raises OSError when the cache cannot be written."""
    program = folder / name
    if not _usable(program):
        folder.mkdir(parents=True, exist_ok=True)
        _compile(command, source, program, quick)
        _forget_old(folder)
    return program


def program_folder() -> Path:
    """Where compiled programs are kept."""
    return cache_folder() / "programs"


def _built_elsewhere(command: list[str], source: str, name: str, quick: bool, why: str) -> Iterator[Path]:
    """Compile in a temporary folder that is removed afterwards."""
    warnings.warn(
        f"{why}: search programs are compiled anew each time until you set XDG_CACHE_HOME to another folder",
        CacheWarning,
        stacklevel=4,
    )
    with tempfile.TemporaryDirectory(prefix="psockmc-") as folder:
        program = Path(folder, name)
        try:
            _compile(command, source, program, quick)
        except OSError as error:
            raise EngineError(
                f"cannot write the search program to {folder} ({error.strerror}): set TMPDIR or XDG_CACHE_HOME to a "
                "folder with room, or use --engine reference"
            ) from None
        yield program


def _digest(source: str, command: list[str], quick: bool) -> str:
    """The name under which the program is kept."""
    parts = [source, *command, *flags(quick), _version(*command)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


@functools.cache
def _version(*command: str) -> str:
    """What the compiler says it is."""
    return subprocess.run([*command, "--version"], capture_output=True, text=True, check=False).stdout


def _usable(program: Path) -> bool:
    """Whether the cache has the program; marks it as used."""
    if not os.access(program, os.X_OK):
        return False
    with contextlib.suppress(PermissionError):  # a cache that can only be read serves as well
        os.utime(program)
    return True


def _compile(command: list[str], source: str, program: Path, quick: bool) -> None:
    """Compile to `program`, which appears complete or not at all. Raises EngineError, or OSError when files cannot be
    written.
    """
    with tempfile.TemporaryDirectory(prefix=".compile-", dir=program.parent) as folder:
        text, binary = Path(folder, "search.c"), Path(folder, "search")
        text.write_text(source, encoding="utf-8")
        arguments = [*command, *flags(quick), "-o", str(binary), str(text)]
        environment = os.environ | {"TMPDIR": folder, "LC_ALL": "C"}
        run = subprocess.run(arguments, capture_output=True, text=True, errors="replace", check=False, env=environment)
        if run.returncode != 0 or not binary.exists():
            raise _compiler_failed(command, run)
        os.replace(binary, program)


def _compiler_failed(command: list[str], run: subprocess.CompletedProcess[str]) -> EngineError:
    if "No space left on device" in run.stderr:
        return _disk_full(program_folder())
    lines = [line for line in (run.stderr + run.stdout).splitlines() if line.strip()][:SHOWN_LINES]
    how = f"was killed by signal {-run.returncode}" if run.returncode < 0 else f"failed with status {run.returncode}"
    said = "\n".join(["", *(f"    {line}" for line in lines)]) if lines else ""
    return EngineError(
        f"the C compiler {shlex.join(command)} {how}: set CC to another compiler, or use --engine reference{said}"
    )


def _disk_full(folder: Path) -> EngineError:
    return EngineError(
        f"the disk is full, so the search program cannot be written to {folder}: make room, set XDG_CACHE_HOME to "
        "another disk, or use --engine reference"
    )


def _forget_old(folder: Path) -> None:
    """Remove programs that were not used for a month, and what compilers left behind that were killed."""
    oldest = time.time() - KEEP_SECONDS
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another process may be tidying up, too
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
