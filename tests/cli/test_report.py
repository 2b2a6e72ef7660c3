"""`psockmc report`, from the arguments to the exit status, with parts of the tests' own."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import psockmc
from psockmc.cli import main, reports
from psockmc.reports import parts, writing
from psockmc.reports.material import Material
from psockmc.reports.parts import Part

SCHEMA = Path(psockmc.__file__).parent / "schemas" / "report.schema.json"
REPORT = ("report", "--engine", "reference", "-j", "1")


def names(material: Material) -> Iterator[tuple[str, str]]:
    """Needs no search."""
    for name in sorted(material.program.scenarios):
        yield f"names/{name}.md", f"# {name}\n"


def states(material: Material) -> Iterator[tuple[str, str]]:
    """Needs every scenario."""
    yield "states.md", "".join(f"{name}: {o.result.states}\n" for name, o in material.outcomes.items() if o.result)


@pytest.fixture(autouse=True)
def small(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two parts, the content of these tests, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    mine = (Part("names", "names", ("names/*.md",)), Part("states", "states", ("states.md",)))
    monkeypatch.setattr(reports, "PARTS", {part.name: part for part in mine})
    monkeypatch.setattr(Part, "load", lambda part: {"names": names, "states": states}[part.made_by])


def read(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The JSON object on stdout, validated."""
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(value, json.loads(SCHEMA.read_text()))
    return value


def test_every_part_is_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(REPORT) == 0
    assert (root / "reports/names/two_additions.md").read_text() == "# two_additions\n"
    assert (root / "reports/states.md").exists()


def test_only_the_parts_named_are_written(root: Path) -> None:
    assert main((*REPORT, "names")) == 0
    assert not (root / "reports/states.md").exists()


def test_a_file_that_stays_the_same_is_not_touched(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main((*REPORT, "names"))
    before = (root / "reports/names/two_additions.md").stat()
    capsys.readouterr()
    main((*REPORT, "names", "--json"))
    (part,) = read(capsys)["parts"]
    assert (part["written"], len(part["unchanged"])) == ([], 2)
    assert (root / "reports/names/two_additions.md").stat().st_ino == before.st_ino


def test_a_page_that_is_gone_is_removed_and_nothing_else(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "reports/names/deeper").mkdir(parents=True)
    mine = [root / "reports" / name for name in ("names/notes.txt", "names/deeper/a.md", "other.md")]
    for file in (*mine, root / "reports/names/old.md"):
        file.touch()
    main((*REPORT, "names", "--json"))
    assert read(capsys)["parts"][0]["removed"] == ["names/old.md"]
    assert all(file.exists() for file in mine)


def test_another_folder_may_be_named(root: Path) -> None:
    assert main((*REPORT, "--to", "elsewhere/deep", "names")) == 0
    assert (root / "elsewhere/deep/names/two_additions.md").exists()
    assert not (root / "reports").exists()


def test_an_unknown_part_is_a_sentence_with_the_name_that_is_close(capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*REPORT, "state")) == 2
    assert capsys.readouterr().err == "psockmc: there is no part state: did you mean states?\n"


def test_a_verdict_that_is_not_expected_is_exit_status_1(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = root / "models/counter.py"
    model.write_text(
        model.read_text().replace("    spin_lock(shared.lock)\n    shared.value += 1\n", "    spin_lock(shared.lock)\n")
    )
    assert main((*REPORT, "--json")) == 1
    out = capsys.readouterr()
    value = json.loads(out.out)
    assert ([part["part"] for part in value["parts"]], value["ok"]) == (["names"], False)
    assert "data-race is HOLDS and VIOLATED is expected: see `psockmc check" in value["error"]
    assert "psockmc: not written: states\n" in out.err


def test_what_is_undetermined_is_exit_status_3_and_writes_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main((*REPORT, "states", "--max-states", "2")) == 3
    assert "is UNDETERMINED and" in capsys.readouterr().err
    assert not (root / "reports/states.md").exists()


def test_an_error_of_the_model_is_exit_status_2(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = root / "models/counter.py"
    model.write_text(model.read_text().replace("shared.value += 1", "shared.nothing += 1"))
    assert main(REPORT) == 2
    assert "error[" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_one_sentence_before_anything_is_searched(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "file").touch()
    assert main((*REPORT, "--to", "file/reports")) == 2
    assert (
        capsys.readouterr().err
        == "psockmc: cannot write to file/reports: Not a directory; name another folder with --to\n"
    )


def test_a_full_disk_is_one_sentence_and_leaves_the_old_page(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main((*REPORT, "names"))
    page = root / "reports/names/two_additions.md"
    page.write_text("old")
    monkeypatch.setattr(writing, "write_atomically", full)
    assert main((*REPORT, "names")) == 2
    assert "two_additions.md: No space left on device; mend that, or name another folder" in capsys.readouterr().err
    assert page.read_text() == "old"


def full(path: Path, text: str) -> None:
    """A disk with room for empty files only."""
    if text:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    path.touch()


def test_a_half_written_file_does_not_stay(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writing.write_atomically(root / "models/page.md", "new")
    assert not [file.name for file in (root / "models").iterdir() if "page.md" in file.name]


def interrupted(old: Path, new: Path) -> None:
    raise KeyboardInterrupt


def test_the_installed_copy_has_no_reports_to_write(
    monkeypatch: pytest.MonkeyPatch, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reports.content, "PACKAGE", root.parent)
    root.rename(root.parent / "content")
    monkeypatch.chdir(root.parent / "content")
    assert main(REPORT) == 2
    assert (
        "there is no checkout here whose reports could be written: name a folder with --to" in capsys.readouterr().err
    )


def test_two_pages_of_one_name_are_an_internal_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Part, "load", lambda part: lambda material: iter([("states.md", "a"), ("states.md", "b")]))
    assert main((*REPORT, "states")) == 70
    assert "two pages are called states.md" in capsys.readouterr().err


def test_a_part_cannot_write_what_is_not_its_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"the part states makes names/a\.md, which is none of states\.md"):
        writing.write(tmp_path, reports.PARTS["states"], {"names/a.md": ""})


def test_the_help_names_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--help"]) == 0
    (listed,) = re.findall(r"The parts are (.*?)\.", capsys.readouterr().out, re.DOTALL)
    assert set(re.findall(r"\w+", listed)) - {"and"} == set(parts.PARTS)
