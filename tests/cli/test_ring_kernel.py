"""`psockmc ring --kernel DIR`, from the arguments to the exit status."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import psockmc
from psockmc.cli import main
from psockmc.prove.kernel_tree.library import WANTED_HEADER, WANTED_SOURCES
from tests.ring.kernel.tree import tree_or_skip

SCHEMA = Path(psockmc.__file__).parent / "schemas" / "ring-kernel.schema.json"
SOURCE = "net/core/skmsg.c"
FILTER = "net/core/filter.c"


@pytest.fixture
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the files of a kernel tree that the test may change. Skips, with the reason, when there is none."""
    original, copy = tree_or_skip(request.config), tmp_path / "linux"
    for wanted in (WANTED_HEADER, *WANTED_SOURCES):
        (copy / wanted.file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original / wanted.file, copy / wanted.file)
    return copy


@pytest.fixture
def empty_tree(tmp_path: Path) -> Path:
    """A folder with the two files that a kernel tree must have, and nothing in them."""
    for name in ("include/linux/skmsg.h", SOURCE):
        (tmp_path / "empty" / name).parent.mkdir(parents=True)
        (tmp_path / "empty" / name).touch()
    return tmp_path / "empty"


def change(tree: Path, old: str, new: str, file: str = SOURCE, *, there: bool = True) -> None:
    """Change a file of the tree. there: what is changed must stand there."""
    text = (tree / file).read_text()
    assert old in text or not there
    (tree / file).write_text(text.replace(old, new))


def ring(
    capsys: pytest.CaptureFixture[str], tree: Path, *arguments: str
) -> tuple[int, dict[str, Any], dict[str, dict[str, Any]]]:
    """The exit status of `ring --kernel --json`, its object, and the rows of that by operation."""
    capsys.readouterr()
    status = main(["ring", "--json", "--kernel", str(tree), *arguments])
    value = json.loads(capsys.readouterr().out)
    jsonschema.validate(value, json.loads(SCHEMA.read_text()))
    return status, value, {row["op"]: row for row in value["results"]}


def sentence(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr with which the command is refused."""
    capsys.readouterr()
    assert main(["ring", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line


# What is no kernel tree


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"the kernel tree {tmp_path / 'no'} does not exist" in sentence(capsys, "--kernel", str(tmp_path / "no"))


def test_a_folder_that_cannot_be_read_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be read (File name too long)" in sentence(capsys, "--kernel", "x" * 5000)


def test_a_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "is no folder: unpack it" in sentence(capsys, "--kernel", __file__)


@pytest.mark.parametrize("missing", ["include/linux/skmsg.h", SOURCE])
def test_a_folder_without_the_ring_is_refused(
    empty_tree: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty_tree / missing).unlink()
    assert f"lacks {missing}: give the top folder" in sentence(capsys, "--kernel", str(empty_tree))


def test_without_a_compiler_it_is_refused(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert "need a C compiler: install gcc" in sentence(capsys, "--kernel", str(tree))


def test_a_tree_without_a_function_is_refused(empty_tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "has no definition of MAX_MSG_FRAGS" in sentence(capsys, "--kernel", str(empty_tree))


def test_a_tree_that_calls_what_is_not_known_is_refused(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(tree, "sk_mem_uncharge(sk, trim);", "sk_mem_uncharge(sk, trim_of(trim));")
    line = sentence(capsys, "--kernel", str(tree))
    assert "do not compile with psockmc's stubs" in line
    assert "trim_of" in line


def test_what_is_refused_is_an_error_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, value, _ = ring(capsys, tmp_path / "no")
    assert status == 2
    assert value["ok"] is False
    assert "does not exist" in value["error"]


# Other arguments


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["sk_msg_trm"], "--kernel does not compare sk_msg_trm: did you mean sk_msg_trim"),
        (["fly"], "--kernel does not compare fly: it knows sk_msg_trim, "),
        (["--frags", "1"], "a ring has 2 to 45 fragments"),
        (["--no-cache"], "--no-cache is about proofs"),
        (["--with", "a.py"], "--with is about proofs"),
    ],
)
def test_what_has_no_meaning_is_refused(
    empty_tree: Path, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in sentence(capsys, "--kernel", str(empty_tree), *arguments)


@pytest.mark.parametrize("option", ["--seed", "--examples"])
def test_random_rings_without_a_tree_are_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"{option} is about random rings: add --kernel DIR" in sentence(capsys, option, "3")


# Comparisons


def test_a_tree_differs_by_known_bugs_only(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, value, rows = ring(capsys, tree, "--examples", "20")
    assert (status, value["ok"], value["tree"]) == (0, True, str(tree))
    assert len(rows) == 24
    assert all((row["rings"], row["differences"]) == (20, []) for row in rows.values())


def test_a_bug_that_is_put_back_is_known(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(tree, "(u64)start + len", "start + len", FILTER)
    status, _, rows = ring(capsys, tree, "bpf_msg_pop_data", "--examples", "40")
    assert status == 0
    assert "pop-data-bounds-u32-wrap" in rows["bpf_msg_pop_data"]["known"]


def test_a_bug_that_is_repaired_is_not_known(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(tree, "u64 last = start + len", "u64 last = (u64)start + len", FILTER, there=False)
    _, _, rows = ring(capsys, tree, "bpf_msg_pop_data", "--examples", "40")
    assert "pop-data-bounds-u32-wrap" not in rows["bpf_msg_pop_data"]["known"]


def test_a_new_bug_is_a_difference(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(tree, "sk_mem_uncharge(sk, trim);", "sk_mem_uncharge(sk, trim + 1);")
    status, value, rows = ring(capsys, tree, "sk_msg_trim", "sk_msg_xfer", "--examples", "40")
    assert (status, value["ok"]) == (1, False)
    assert rows["sk_msg_xfer"]["differences"] == []
    first = rows["sk_msg_trim"]["differences"][0]
    assert first["ring"].startswith("sk_msg_trim(")
    assert any(line.startswith("charged[0][0]: plain ring ") for line in first["lines"])


def test_a_crash_is_a_difference(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(tree, "sk_mem_uncharge(sk, trim);", "if (MAX_MSG_FRAGS == 17) _Exit(7); sk_mem_uncharge(sk, trim);")
    status, value, rows = ring(capsys, tree, "sk_msg_trim", "sk_msg_xfer", "--examples", "40")
    assert (status, value["ok"]) == (1, False)
    assert rows["sk_msg_trim"]["crashed"] == "exit status 7"
    assert rows["sk_msg_xfer"]["rings"] == 40


def test_a_crash_on_the_rings_that_tell_known_bugs_is_refused(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(tree, "(u64)start + len", "(_Exit(7), (u64)start + len)", FILTER)
    assert "end their process (exit status 7)" in sentence(capsys, "--kernel", str(tree))


def test_a_seed_gives_the_same_rings_again(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(tree, "sk_mem_uncharge(sk, trim);", "sk_mem_uncharge(sk, trim + 1);")
    arguments = ("sk_msg_trim", "--examples", "20", "--seed")
    one, again, other = (ring(capsys, tree, *arguments, seed)[1] for seed in ("1", "1", "2"))
    assert one == again
    assert one != other


def test_every_operation_is_a_line_of_progress_and_a_row(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["ring", "--kernel", str(tree), "sk_msg_trim", "bpf_msg_push_data", "--examples", "30"])
    out, err = capsys.readouterr()
    assert [line.partition(":")[0] for line in err.splitlines()] == ["sk_msg_trim", "bpf_msg_push_data"]
    assert "sk_msg_trim: 30 rings, 0 differences" in err
    assert "known bugs of this tree" in out
    assert f"{tree}: 60 rings compared, no difference besides " in out


def test_the_smallest_difference_is_shown(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(tree, "sk_mem_uncharge(sk, trim);", "sk_mem_uncharge(sk, trim + 1);")
    assert main(["ring", "--kernel", str(tree), "sk_msg_trim", "--examples", "40"]) == 1
    out = capsys.readouterr().out
    assert "sk_msg_trim, example " in out
    assert "message 0: start " in out
    assert "1 operation with differences" in out
