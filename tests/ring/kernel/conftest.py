"""The kernel tree to compare with: `pytest --kernel DIR`, or Debian's linux-source-6.1 when it is installed."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import pytest

from psockmc.prove.kernel_tree.known import known_bugs
from psockmc.prove.kernel_tree.library import WANTED_HEADER, WANTED_SOURCES, Kernel, build

DEBIAN = Path("/usr/src/linux-source-6.1.tar.xz")
FILES = [WANTED_HEADER.file, *(wanted.file for wanted in WANTED_SOURCES)]


@pytest.fixture(scope="session")
def kernel_tree(request: pytest.FixtureRequest) -> Path:
    """The folder of the kernel tree; skips, with the reason, when there is none."""
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler to build the kernel's ring operations with: install gcc")
    given = request.config.getoption("--kernel")
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


@pytest.fixture(scope="session")
def kernel(kernel_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    """The tree's operations for rings of 5 fragments: small enough that random rings are often full and wrapped."""
    return _built(kernel_tree, 5, tmp_path_factory.mktemp("ring5"))


@pytest.fixture(scope="session")
def large_kernel(kernel_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    """The tree's operations for rings of the kernel's default size."""
    return _built(kernel_tree, 17, tmp_path_factory.mktemp("ring17"))


def _built(tree: Path, frags: int, folder: Path) -> Kernel:
    """The compiled operations; a tree that lacks something fails the test with one sentence."""
    try:
        return build(tree, frags, folder)
    except LookupError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def bugs(kernel: Kernel) -> frozenset[str]:
    """The known bugs that the tree has."""
    return known_bugs(kernel)
