"""The pages of bugs, from a small corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from psockmc.reports import bugs
from psockmc.reports.material import Material, NotSettled
from tests.reports.harmless import require_harmless

LEFT_OUT = """
[[left_out]]
id = "lost-by-the-compiler"
fix = "fedcba9876543210"
class = "weak-memory"
reason = "the models have no compiler"
"""
HOSTILE = """
id = "<script>"
cve = "x | y"
gist = "``` </details> <img src=x onerror=alert(1)> [a](javascript:alert(1))"
"""


def append(root: Path, text: str) -> None:
    """More text at the end of the corpus."""
    with (root / "spec" / "bugs.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def test_a_bug_has_a_row_and_a_page(material: Material, golden: Callable[[str, str], None]) -> None:
    append(
        material.root, 'gist = "the lock is not taken"\nyear = 2024\ncve = "CVE-2024-1"\nfixed_in = "v6.9"\n' + LEFT_OUT
    )
    files = dict(bugs.pages(material))
    assert list(files) == ["bugs/README.md", "bugs/unlocked-addition.md"]
    golden("\n".join(files.values()), "bugs.md")


def test_a_bug_that_its_variant_does_not_put_back_has_no_page(material: Material) -> None:
    variant = material.root / "models" / "variants" / "unlocked.py"
    locked = "    spin_lock(shared.lock)\n    shared.value += 1\n    spin_unlock(shared.lock)\n"
    text = variant.read_text().replace("    shared.value += 1\n", locked)
    variant.write_text(text + "\n\nfrom psockmc.kernel.spinlock import spin_lock, spin_unlock\n")
    with pytest.raises(NotSettled, match="unlocked-addition: I01 is not violated in two_additions"):
        dict(bugs.pages(material))


def test_a_hostile_bug_stays_text(material: Material) -> None:
    corpus = material.root / "spec" / "bugs.toml"
    corpus.write_text(corpus.read_text().replace('id = "unlocked-addition"', HOSTILE.strip()))
    files = dict(bugs.pages(material))
    assert list(files) == ["bugs/README.md", "bugs/script.md"]
    for text in files.values():
        require_harmless(text)
