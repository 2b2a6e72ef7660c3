"""`psockmc ring`, from the arguments to the exit status, on a small content root of the tests' own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import psockmc
from psockmc.cli import main
from psockmc.reports.made_from import stale
from psockmc.reports.parts import RING

SCHEMA = Path(psockmc.__file__).parent / "schemas" / "ring.schema.json"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the content that the test may change; the current folder."""
    root = tmp_path / "checkout"
    shutil.copytree(Path(__file__).parent / "ring_content", root)
    monkeypatch.chdir(root)
    return root


def ring(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
    """The exit status of `ring --json`, and its rows by operation and claim."""
    capsys.readouterr()
    status = main(["ring", "--json", "-j", "1", *arguments])
    value = json.loads(capsys.readouterr().out)
    jsonschema.validate(value, json.loads(SCHEMA.read_text()))
    return status, {(row["op"], row["claim"]): row for row in value["results"]}


@pytest.mark.usefixtures("root")
def test_what_is_proved_and_what_is_expected_gives_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    status, rows = ring(capsys, "next_slot", "add", "drain")
    assert status == 0
    assert rows["next_slot", "slot"]["verdict"] == "HOLDS"
    assert rows["next_slot", "slot"]["basis"].startswith("exhaustive")
    assert rows["add", "total"]["verdict"] == "HOLDS"
    assert "keep wrap" in rows["add", "total"]["basis"]
    assert rows["add", "wrap"]["verdict"] == rows["add", "wrap"]["expected"] == "VIOLATED"
    assert rows["drain", "termination"]["verdict"] == "VIOLATED"


@pytest.mark.usefixtures("root")
def test_the_number_of_fragments_is_that_of_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    _, rows = ring(capsys, "next_slot", "--frags", "5")
    assert rows["next_slot", "slot"]["frags"] == 5


def test_a_refutation_that_is_not_expected_gives_status_1(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "spec" / "ring.toml").unlink()
    status, rows = ring(capsys, "add")
    assert status == 1
    assert rows["add", "wrap"]["expected"] == "HOLDS"


@pytest.mark.usefixtures("root")
def test_what_is_not_decided_gives_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    status, rows = ring(capsys, "product", "square")
    assert status == 3
    assert rows["product", "product"]["verdict"] == "UNDETERMINED"
    assert "not linear" in rows["product", "product"]["basis"]
    assert rows["square", "never"]["verdict"] == "UNDETERMINED"
    assert "vacuous" in rows["square", "never"]["basis"]


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--frags", "1"], "a ring has 2 to 45 fragments"),
        (["--frags", "46"], "a ring has 2 to 45 fragments"),
        (["next_slto"], "did you mean next_slot?"),
        (["xyz"], "there is no operation xyz: the table in reports/ring.md shows them all"),
        ([""], "there is no operation ''"),
        (["--with", "."], "the variant . is a folder"),
        (["--with", "nowhere.py"], "the variant nowhere.py does not exist"),
    ],
)
def test_what_the_user_did_wrong_is_one_sentence_and_status_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["ring", *arguments])
    assert status == 2
    assert sentence in capsys.readouterr().err


def test_a_root_without_proofs_is_an_error_of_the_user(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(root / "checks" / "ring")
    assert main(["ring"]) == 2
    assert "there are no proofs" in capsys.readouterr().err


def test_a_variant_takes_the_place_of_a_function(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    variant = root / "variant.py"
    variant.write_text(
        '"""Without the wrap of the index."""\n\n'
        "from psockmc.lang import replaces, u32\n\n"
        "from models.counter import next_slot\n\n\n"
        "@replaces(next_slot)\n"
        "def next_slot(i: u32) -> u32:\n"
        '    """Goes on behind the last slot."""\n'
        "    return i + 1\n"
    )
    status, rows = ring(capsys, "next_slot", "--with", str(variant))
    assert status == 1
    assert rows["next_slot", "slot"]["verdict"] == "VIOLATED"


@pytest.mark.usefixtures("root")
def test_every_claim_is_a_line_of_progress(capsys: pytest.CaptureFixture[str]) -> None:
    main(["ring", "add", "-j", "1"])
    err = capsys.readouterr().err.splitlines()
    assert any(line.startswith("add: total HOLDS") for line in err)
    assert any(line.startswith("add: wrap VIOLATED") for line in err)


def test_the_report_is_the_same_each_time(root: Path, tmp_path: Path) -> None:
    texts = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        main(["ring", "next_slot", "add", "--report", str(folder), "-j", "1"])
        texts.append({p.relative_to(folder): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()})
    assert texts[0] == texts[1]
    assert "| `next_slot` | slot, index" in texts[0][Path("ring.md")]
    assert Path("findings/ring/add.wrap.md") in texts[0]
    assert "nobody bounds what is added" in texts[0][Path("findings/ring/add.wrap.md")]
    assert root.exists()


def test_a_report_that_cannot_be_written_is_one_sentence(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "file").touch()
    assert main(["ring", "next_slot", "--report", "file/reports"]) == 2
    assert "cannot write to file/reports: Not a directory; name another folder with --report" in capsys.readouterr().err


def test_a_whole_report_says_what_it_was_made_from(root: Path) -> None:
    claims = root / "checks" / "ring" / "counters.py"
    claims.write_text(claims.read_text().partition('@proof("square")')[0])  # what follows has no verdicts
    assert main(["ring", "--report", "reports", "-j", "1"]) == 0
    assert list(stale(root, root / "reports", [RING], [])) == []
    claims.write_text(claims.read_text() + "\n# Another text.\n")
    (sentence,) = stale(root, root / "reports", [RING], [])
    assert sentence.startswith("the part ring was made from other texts (models/ring/*.py, ")
    assert sentence.endswith("`psockmc ring --report reports` writes it anew")


def test_a_report_of_some_operations_does_not_pass_for_the_whole(root: Path) -> None:
    assert main(["ring", "next_slot", "--report", "reports", "-j", "1"]) == 0
    (sentence,) = stale(root, root / "reports", [RING], [])
    assert sentence == "the part ring was never written: `psockmc ring --report reports` writes it anew"
