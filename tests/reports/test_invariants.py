"""The book of invariants and the page of scenarios, from a small content."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from psockmc.cli import main
from psockmc.content import UsageError
from psockmc.reports import invariants, scenarios
from psockmc.reports import markdown as md
from psockmc.reports.elsewhere import load_claims
from psockmc.reports.invariants import BY_PSOCKMC
from psockmc.reports.material import Material
from tests.reports.harmless import require_harmless

ROOT = Path(__file__).parents[2]
DOC = '''    """Whoever adds has the lock: `shared.lock`.

    Nobody else writes. Upheld by counter_add().
    """
'''
CLAIM = (
    '[[claim]]\nid = "I02"\nsentence = "nobody waits for ever"\ndecided_by = "a finding"\nproperties = ["deadlock"]\n'
)


def write(material: Material, file: str, text: str) -> None:
    """A file below spec/."""
    (material.root / "spec" / file).write_text(text, encoding="utf-8")


def documented(material: Material) -> None:
    """Says why the invariant holds, and claims something elsewhere."""
    spec = (material.root / "spec" / "counter.py").read_text()
    write(material, "counter.py", spec.replace("-> bool:\n", f"-> bool:\n{DOC}"))
    write(material, "elsewhere.toml", CLAIM)


def test_an_invariant_has_a_chapter(material: Material, golden: Callable[[str, str], None]) -> None:
    documented(material)
    files = dict(invariants.pages(material))
    assert list(files) == ["invariants.md", "scenarios.md"]
    own, _, built_in = files["invariants.md"].partition("### null-deref")
    golden(own, "invariants.md")
    golden(files["scenarios.md"], "scenarios.md")
    for id in BY_PSOCKMC:
        assert id == "null-deref" or f"### {id}\n" in built_in
    assert "### data-race" in built_in
    assert "VIOLATED: " in built_in.partition("### data-race")[2].partition("###")[0]


def test_every_link_into_a_page_leads_to_a_heading(material: Material) -> None:
    documented(material)
    files = dict(invariants.pages(material))
    for text in files.values():
        require_harmless(text)
        for file, part in re.findall(r"\]\(([\w.]*)#([\w-]+)\)", text):
            headings = re.findall(r"^#+ (.*)$", files[file or "invariants.md"], re.MULTILINE)
            assert part in map(md.anchor, headings)


def test_a_claim_that_nothing_decides_is_refused(material: Material) -> None:
    write(material, "elsewhere.toml", CLAIM.replace('["deadlock"]', '["deadlocks"]'))
    with pytest.raises(UsageError, match="I02 must name built-in properties"):
        load_claims(material.root, BY_PSOCKMC)
    write(material, "elsewhere.toml", CLAIM.replace("sentence", "sentense"))
    with pytest.raises(UsageError, match="write \\[\\[claim\\]\\] tables"):
        load_claims(material.root, BY_PSOCKMC)


def test_the_claims_of_the_checkout_are_well_formed() -> None:
    assert [claim.id for claim in load_claims(ROOT, BY_PSOCKMC)] == ["I17", "I46", "I47", "I57", "I58"]


def test_a_hostile_scenario_stays_text(material: Material) -> None:
    file = material.root / "checks" / "counter.py"
    file.write_text(file.read_text().replace("two additions at", "<script>x</script> ``` | [a](javascript:b) at"))
    require_harmless(scenarios.page(material))


def test_a_property_names_the_mutants_that_it_was_the_first_to_notice(
    material: Material, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(material.root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (material.root / "reports").mkdir()
    assert main(("mutants", "--engine", "reference", "-j", "1", "--record", "reports/mutants.json")) == 0
    book = dict(invariants.pages(material))["invariants.md"]
    assert "The first to notice" in book
    assert "in `counter_add`" in book.partition("The first to notice")[2]
