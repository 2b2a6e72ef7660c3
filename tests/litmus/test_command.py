"""`psockmc litmus`, from the arguments to the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import psockmc
from psockmc.cli import main

SCHEMA = Path(psockmc.__file__).parent / "schemas" / "litmus.schema.json"

MP = """\
C mp
(*
 * Result: {result}
 *)
{{}}
P0(int *x, int *y)
{{
    WRITE_ONCE(*x, 1);
    {publish}(y, 1);
}}
P1(int *x, int *y)
{{
    int r1 = smp_load_acquire(y);
    int r2 = READ_ONCE(*x);
}}
exists (1:r1=1 /\\ 1:r2=0)
"""
NEVER = MP.format(result="Never", publish="smp_store_release")
RACE = "C race\n{}\nP0(int *x) {\n    *x = 1;\n}\nP1(int *x) {\n    int r1 = *x;\n}\nexists (1:r1=1)\n"
WRONG = "C wrong\n{}\nP0(int *x)\n{\n    READ_ONC(*x);\n}\nexists (x=0)\n"
SPIN = "C spin\n{}\nP0(int *x) { while (READ_ONCE(*x) == 0) ; }\nP1(int *x) { WRITE_ONCE(*x, 1); }\nexists (x=1)\n"
LONG = "C long\n{}\n" + "".join(f"P{i}(int *x) {{ {'atomic_inc(x);' * 4} }}\n" for i in range(8)) + "exists (x=1)\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a few tests."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    texts = {"mp": NEVER, "below/race": RACE, "spin": SPIN}
    for name, text in texts.items():
        (tmp_path / f"{name}.litmus").write_text(text)
    (tmp_path / "README").write_text("no litmus test")
    return tmp_path


def results(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """The rows of --json by name, validated."""
    value = json.loads(capsys.readouterr().out)
    jsonschema.validate(value, json.loads(SCHEMA.read_text()))
    return {row["name"]: row for row in value["results"]}


def test_one_test_is_decided(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--json", "mp.litmus"]) == 0
    row = results(capsys)["mp"]
    assert (row["file"], row["verdict"], row["flags"], row["expected"]) == ("mp.litmus", "Never", [], "Never")
    assert row["states"] is None


def test_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--json", "--counts", "mp.litmus"]) == 0
    row = results(capsys)["mp"]
    assert (row["positive"], row["negative"], row["states"]) == (0, 3, 3)
    assert row["final_states"] == ["1:r1=0; 1:r2=0;", "1:r1=0; 1:r2=1;", "1:r1=1; 1:r2=1;"]


def test_a_folder_stands_for_the_tests_below_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--json", "."]) == 0
    assert set(results(capsys)) == {"mp", "race", "spin"}


def test_flags_come_with_their_accesses(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--json", "below"]) == 0
    row = results(capsys)["race"]
    assert row["flags"] == ["data-race"]
    assert row["accesses"]["data-race"] == ["P0:4: *x = 1", "P1:7: r1 = *x"]


def test_a_bad_file_is_a_row_and_stops_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.litmus").write_text(WRONG)
    assert main(["litmus", "--json", ".", "missing.litmus"]) == 2
    captured = capsys.readouterr()
    rows = {row["name"]: row for row in json.loads(captured.out)["results"]}
    assert rows["wrong"]["verdict"] == rows["missing"]["verdict"] == "ERROR"
    assert rows["wrong"]["error"] == "line 5: the primitive READ_ONC() is not defined"
    assert rows["mp"]["verdict"] == "Never"
    assert "did you mean `READ_ONCE`?" in captured.err


def test_a_mistake_of_psockmc_is_a_row_too(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("impossible")

    monkeypatch.setattr("psockmc.litmus.batch.decide", fail)
    assert main(["litmus", "--json", "."]) == 70
    captured = capsys.readouterr()
    rows = json.loads(captured.out)["results"]
    assert {row["error"] for row in rows} == {"internal error: AssertionError: impossible"}
    assert "Traceback" in captured.err


def test_a_time_limit_is_undetermined(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "long.litmus").write_text(LONG)
    assert main(["litmus", "--json", "--counts", "--timeout", "0.1", "long.litmus", "mp.litmus"]) == 3
    rows = results(capsys)
    assert rows["long"]["verdict"] == "UNDETERMINED"
    assert rows["long"]["reason"] == "the time limit of 0.1 s was reached"
    assert rows["mp"]["verdict"] == "Never"


def test_processes_give_the_same_rows_in_the_same_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(20):
        (folder / f"copy{i}.litmus").write_text(NEVER)
    assert main(["litmus", "--json", "--jobs", "1", "."]) == 0
    alone = list(results(capsys))
    assert main(["litmus", "--json", "--jobs", "2", "."]) == 0
    assert list(results(capsys)) == alone


def test_a_file_that_is_named_twice_is_decided_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--json", "mp.litmus", "mp.litmus", "below"]) == 0
    assert len(results(capsys)) == 2


def test_check_compares_with_what_the_files_say(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mp.litmus").write_text(MP.format(result="Sometimes", publish="smp_store_release"))
    assert main(["litmus", "mp.litmus", "spin.litmus"]) == 0
    assert main(["litmus", "--check", "mp.litmus", "spin.litmus"]) == 1
    assert "the file says Sometimes" in capsys.readouterr().out


def test_the_model_is_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--json", "--model", "newest", "mp.litmus"]) == 0
    assert results(capsys)["mp"]["model"] == "newest"


def test_loops_have_a_bound(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--json", "--loop-bound", "2", "spin.litmus"]) == 0
    assert results(capsys)["spin"]["bounded"] is True


def test_a_folder_without_tests_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    assert main(["litmus", "empty"]) == 2
    assert "there is no *.litmus file in empty" in capsys.readouterr().err


# ---------------------------------------------------------------- for people


def test_never_is_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "mp.litmus"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("mp: Never (model 6.1, ")
    assert "forbidden by happens-before" in out


def test_sometimes_is_witnessed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--counts", "below/race.litmus"]) == 0
    out = capsys.readouterr().out
    assert "2 executions: the condition holds in 1; 2 final states:" in out
    assert "data-race" in out
    assert "the condition holds in this execution:" in out


def test_the_orderings_that_are_needed_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--weaken", "mp.litmus"]) == 0
    out = capsys.readouterr().out
    assert "smp_store_release()  needed: Sometimes with WRITE_ONCE()" in out


@pytest.mark.parametrize("name", ["mp", "below/race"])
def test_a_picture_is_drawn(name: str, folder: Path) -> None:
    assert main(["litmus", "--svg", "picture.svg", f"{name}.litmus"]) == 0
    assert (folder / "picture.svg").read_text().startswith("<svg")


def test_one_wrong_file_is_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.litmus").write_text(WRONG)
    assert main(["litmus", "wrong.litmus"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error[L0004]: the primitive READ_ONC() is not defined" in captured.err


def test_several_tests_make_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "."]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:4]] == [["race", "Sometimes"], ["mp", "Never"], ["spin", "Always"]]
    assert lines[-1].startswith("3 tests: 1 Sometimes, 1 Never, 1 Always, 1 with a data race")


def test_pictures_are_of_one_test(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--svg", "picture.svg", "."]) == 2
    assert "--svg and --weaken are for one test, not 3" in capsys.readouterr().err


@pytest.mark.slow
def test_the_start_is_quick(folder: Path) -> None:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "psockmc", "litmus", "--json", "mp.litmus"], check=True, capture_output=True
        )
        times.append(time.perf_counter() - start)
    assert min(times) < 0.3
