"""The kernel tree that tests compare with: `pytest --kernel DIR`, or Debian's linux-source-6.1 when it is installed."""

from __future__ import annotations

import os
import tarfile
import tempfile
from pathlib import Path

import pytest

from psockmc.explore.native.build import compiler
from psockmc.prove.kernel_tree.library import WANTED_HEADER, WANTED_SOURCES

DEBIAN = Path("/usr/src/linux-source-6.1.tar.xz")
FILES = [WANTED_HEADER.file, *(wanted.file for wanted in WANTED_SOURCES)]


def tree_or_skip(config: pytest.Config) -> Path:
    """The folder of the kernel tree; skips, with the reason, when there is none or nothing to compile it with."""
    if compiler() is None:
        pytest.skip("there is no C compiler to build the kernel's ring operations with: install gcc")
    given = config.getoption("--kernel")
    if given:
        return Path(given)
    if not DEBIAN.exists():
        pytest.skip("no kernel tree: give one with pytest --kernel DIR, or install Debian's linux-source-6.1")
    return _unpacked(DEBIAN)


def _unpacked(archive: Path) -> Path:
    """The folder with the archive's few files; unpacking takes a while, so they are kept for the next run."""
    state = archive.stat()
    kept = Path(tempfile.gettempdir()) / f"psockmc-{os.getuid()}-{archive.name}-{state.st_size}-{state.st_mtime_ns}"
    if not (kept.exists() and kept.stat().st_uid == os.getuid()):
        fresh = Path(tempfile.mkdtemp(prefix="psockmc-"))
        _unpack(archive, fresh)
        try:
            fresh.rename(kept)
        except OSError:  # another process was faster, or the name is somebody else's
            return fresh
    return kept


def _unpack(archive: Path, folder: Path) -> None:
    """The few files that are needed; the archive is read only until all are there."""
    missing = {f"{archive.name.removesuffix('.tar.xz')}/{name}": name for name in FILES}
    with tarfile.open(archive) as tar:
        for member in tar:
            name = missing.pop(member.name, None)
            if name:
                content = tar.extractfile(member)
                assert content is not None
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content.read())
            if not missing:
                return
