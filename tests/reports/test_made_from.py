"""What the reports are made from is written down, and what is stale is told, with the command that mends it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from psockmc.cli import main, reports
from psockmc.content import UsageError
from psockmc.reports.made_from import FILE, load, stale
from psockmc.reports.material import Material
from psockmc.reports.parts import Part
from tests.reports.conftest import CONTENT

REPORT = ("report", "--engine", "reference", "-j", "1")
NAMES = Part("names", "names", ("names/*.md",), ("spec/*.toml",))
STATES = Part("states", "states", ("states.md",))
BUGS = Part("bugs", "bugs", ("bugs.md",))
SCENARIOS = ("a_look_without_the_lock", "two_additions")


def names(material: Material) -> Iterator[tuple[str, str]]:
    """Needs no search."""
    for name in sorted(material.program.scenarios):
        yield f"names/{name}.md", f"# {name}\n"


def states(material: Material) -> Iterator[tuple[str, str]]:
    """Needs every scenario."""
    yield "states.md", "".join(f"{name}: {o.result.states}\n" for name, o in material.outcomes.items() if o.result)


def bugs(material: Material) -> Iterator[tuple[str, str]]:
    """Needs every bug."""
    yield "bugs.md", "".join(f"{id}: {len(o.traces)}\n" for id, o in material.bug_outcomes.items())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of the small content with its reports, and beside it the cache of results."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(CONTENT, folder / "checkout")
    with pytest.MonkeyPatch.context() as patch:
        prepare(patch, folder / "checkout", folder / "cache")
        assert main(REPORT) == 0
    return folder


@pytest.fixture
def written(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it that the test may change; the current folder."""
    root = Path(shutil.copytree(made / "checkout", tmp_path / "checkout"))
    prepare(monkeypatch, root, made / "cache")
    return root


def prepare(patch: pytest.MonkeyPatch, root: Path, cache: Path) -> None:
    """The parts of these tests, and no others."""
    patch.chdir(root)
    patch.setenv("XDG_CACHE_HOME", str(cache))
    patch.setattr(reports, "PARTS", {part.name: part for part in (NAMES, STATES, BUGS)})
    patch.setattr(Part, "load", lambda part: {"names": names, "states": states, "bugs": bugs}[part.made_by])


def complaints(root: Path, scenarios: tuple[str, ...] = SCENARIOS) -> list[str]:
    return list(stale(root, root / "reports", (NAMES, STATES, BUGS), scenarios))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_what_was_just_written_is_not_stale(written: Path) -> None:
    assert complaints(written) == []


def test_each_part_says_what_it_was_made_from(written: Path) -> None:
    made = load(written / "reports")
    assert {name: set(origin.inputs) for name, origin in made.parts.items()} == {
        "names": {"texts"},
        "states": {"scenarios"},
        "bugs": {"bugs"},
    }
    assert (set(made.scenarios), set(made.bugs)) == (set(SCENARIOS), {"unlocked-addition"})


def test_a_page_that_was_edited_by_hand_is_told(written: Path) -> None:
    edit(written / "reports/states.md", ": 16", ": 17")
    assert complaints(written) == ["states.md is not as it was written: `psockmc report states` writes it anew"]


def test_a_page_that_is_missing_is_told(written: Path) -> None:
    (written / "reports/names/two_additions.md").unlink()
    assert complaints(written) == [
        "names/two_additions.md is missing: `psockmc report names` writes it anew",
    ]


def test_a_page_that_no_part_made_is_told(written: Path) -> None:
    (written / "reports/names/mine.md").touch()
    assert complaints(written) == [
        "names/mine.md is no page of the part names: `psockmc report names` writes it anew",
    ]


def test_a_part_that_was_never_written_is_told(written: Path) -> None:
    value = json.loads((written / "reports" / FILE).read_text())
    del value["parts"]["bugs"]
    (written / "reports" / FILE).write_text(json.dumps(value))
    assert complaints(written) == ["the part bugs was never written: `psockmc report bugs` writes it anew"]


def test_a_text_that_has_changed_is_told(written: Path) -> None:
    edit(written / "spec/bugs.toml", "an addition is lost", "an addition is gone")
    assert complaints(written) == [
        "the part names was made from other texts (spec/*.toml): `psockmc report names` writes it anew"
    ]


def test_a_new_scenario_is_told(written: Path) -> None:
    assert complaints(written, (*SCENARIOS, "three_additions")) == [
        "the reports were made with other scenarios (three_additions): `psockmc report` writes them anew"
    ]


def test_a_part_that_was_left_behind_is_told(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reports.PARTS, "other", Part("other", "states", ("states.md",)))
    edit(written / "models/counter.py", "    shared.value += 1", "    shared.value += 1 + 0 * shared.value")
    assert main((*REPORT, "other")) == 0
    assert (
        "the part states was made from other scenarios than the parts written last: `psockmc report states` writes it anew"
        in complaints(written)
    )


FIRST_LINE = '"""A counter under a lock."""'


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [
        ("models/counter.py", FIRST_LINE, FIRST_LINE + "\n\n# More about it.\n", False),
        (
            "models/counter.py",
            "spin_lock(shared.lock)",
            "spin_lock(shared.lock)\n    shared.value = shared.value",
            True,
        ),
        ("models/counter.py", 'kernel("lib/counter.c")', 'kernel("lib/counters.c")', True),
        ("checks/counter.py", "two additions at the same time", "two additions at once", True),
        ("checks/counter.py", "look() reads plainly", "look() just reads", True),
        ("spec/counter.py", "every addition is counted", "each addition is counted", True),
    ],
)
def test_a_fingerprint_changes_with_what_pages_show(
    written: Path, file: str, old: str, new: str, changes: bool
) -> None:
    before = load(written / "reports").scenarios
    edit(written / file, old, new)
    main((*REPORT, "states"))
    assert (load(written / "reports").scenarios != before) == changes


def test_the_file_is_the_same_from_run_to_run(written: Path) -> None:
    before = (written / "reports" / FILE).read_bytes()
    (written / "reports" / FILE).unlink()
    assert main(REPORT) == 0
    assert (written / "reports" / FILE).read_bytes() == before


def test_html_is_not_written_down(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Part, "load", lambda part: lambda material: iter([("index.html", "")]))
    assert main((*REPORT, "--html")) == 0
    assert not (written / "reports/html" / FILE).exists()


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(UsageError, match="remove it, and write the reports anew"):
        load(tmp_path)
