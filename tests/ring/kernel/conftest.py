"""The kernel tree to compare with, compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from psockmc.content import UsageError
from psockmc.prove.kernel_tree.known import known_bugs
from psockmc.prove.kernel_tree.library import Kernel, build
from tests.ring.kernel.tree import tree_or_skip


@pytest.fixture(scope="session")
def kernel_tree(request: pytest.FixtureRequest) -> Path:
    """The folder of the kernel tree; skips, with the reason, when there is none."""
    return tree_or_skip(request.config)


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
    except UsageError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def bugs(kernel: Kernel) -> frozenset[str]:
    """The known bugs that the tree has."""
    return known_bugs(kernel)
