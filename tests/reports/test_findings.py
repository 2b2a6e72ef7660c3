"""The pages of findings, from a small content with one expected violation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from psockmc import content
from psockmc.content import UsageError
from psockmc.reports import findings
from psockmc.reports.causes import NOT_JUDGED, cause_of, expected_violations, load_causes
from psockmc.reports.material import Material
from tests.reports.harmless import require_harmless

ROOT = Path(__file__).parents[2]
RACE = ("a_look_without_the_lock", "data-race")
ENTRY = """
[[finding]]
title = "Somebody looks without the lock"
confidence = "believed"
because = "look() takes no lock"
refuted_by = "a lock that look() takes"
rests_on = ["counter_add"]
shows.a_look_without_the_lock = ["data-race"]
"""
PAGE = "findings/a_look_without_the_lock.data-race.md"


def judged(root: Path, text: str) -> Path:
    """The content with this file of causes."""
    (root / "spec" / "findings.toml").write_text(text, encoding="utf-8")
    return root


def test_an_expected_violation_has_a_page(material: Material, golden: Callable[[str, str], None]) -> None:
    judged(material.root, ENTRY)
    files = dict(findings.pages(material))
    assert list(files) == ["findings/README.md", PAGE]
    golden("\n".join(files.values()), "findings.md")


def test_nobody_is_silently_believed(material: Material) -> None:
    files = dict(findings.pages(material))
    assert "not judged" in files["findings/README.md"]
    assert "**Confidence**: not judged" in files[PAGE]


def test_a_cause_that_is_listed_goes_before_one_that_stands_for_a_property(root: Path) -> None:
    listed = 'shows.a_look_without_the_lock = ["data-race"]'
    other = ENTRY.replace("Somebody", "Anybody").replace(listed, 'property = "data-race"')
    causes = load_causes(judged(root, other + ENTRY), content.load(root))
    assert cause_of(RACE, "", causes).title == "Somebody looks without the lock"
    assert cause_of(("another", "data-race(counter.value)"), "", causes).title == "Anybody looks without the lock"
    assert cause_of(("another", "leak"), "it leaks", causes).confidence == NOT_JUDGED


def test_every_violation_of_the_kernel_is_judged() -> None:
    program = content.load(ROOT)
    causes = load_causes(ROOT, program)
    silent = [key for key in expected_violations(program) if cause_of(key, "", causes).confidence == NOT_JUDGED]
    assert not silent, "spec/findings.toml does not say how far these are believed"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("believed", "certain", "its confidence must be one of believed, doubted, open"),
        ('because = "look() takes no lock"\n', "", "has no `because`"),
        ("counter_add", "counter_sub", "rests on counter_sub, which is no @kernel function"),
        ('"data-race"]', '"leak"]', "names leak of a_look_without_the_lock, where nobody expects it"),
        ('shows.a_look_without_the_lock = ["data-race"]', "", "must have either `shows`"),
        ('["data-race"]', '["data-race", "data-race"]', "as another entry does"),
        ("[[finding]]", "[finding]", "write [[finding]] above each entry"),
        ("[[finding]]", "[[finding", "is not TOML"),
    ],
)
def test_a_wrong_entry_is_refused(root: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        load_causes(judged(root, ENTRY.replace(old, new)), content.load(root))
    assert message in str(error.value)


def test_a_hostile_cause_stays_text(material: Material) -> None:
    hostile = ENTRY.replace("Somebody looks", "<script>alert(1)</script> [x](javascript:alert(1)) | looks")
    judged(material.root, hostile)
    for text in dict(findings.pages(material)).values():
        assert "\\[x\\](javascript" in text
        require_harmless(text)
