"""The first page of the reports, from a small content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from psockmc.render.ring_report import counted
from psockmc.reports import memory_order, overview
from psockmc.reports.material import Material
from tests.reports.harmless import require_harmless

ROOT = Path(__file__).parents[2]
RING = "# The ring\n\n7 claims about 2 operations at 3 fragments: 6 HOLDS, 1 VIOLATED.\n"


def test_the_first_page_counts_what_there_is(material: Material, golden: Callable[[str, str], None]) -> None:
    (material.root / "reports").mkdir()
    (material.root / "reports" / "ring.md").write_text(RING)
    ((path, text),) = overview.pages(material)
    assert path == "README.md"
    require_harmless(text)
    numbers, _, pages = text.partition("## Where to look next")
    golden(numbers, "overview.md")
    assert "(findings/README.md)" in pages
    assert "(ring.md)" in pages
    assert "memory-order" not in pages


def test_the_committed_page_of_the_ring_says_how_many_claims_there_are() -> None:
    assert "HOLDS" in counted((ROOT / "reports" / "ring.md").read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="write it anew"):
        counted("# The ring\n")


def test_every_claim_about_memory_order_is_decided_as_its_form_says() -> None:
    claims = memory_order.decided(ROOT)
    assert claims
    assert all(claim.as_expected for claim in claims)
    assert {claim.holds for claim in claims if claim.form == "broken"} == {False}
