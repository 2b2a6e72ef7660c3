"""The commands, from the arguments to the exit status, on a small content root of the tests' own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import psockmc
from psockmc.cli import main
from psockmc.explore import native

SCHEMAS = Path(psockmc.__file__).parent / "schemas"

Run = Callable[..., int]


@pytest.fixture
def psock(root: Path) -> Run:
    """Runs a command with the reference engine's speed not in the way: the content is tiny."""
    return lambda *arguments: main(arguments)


def read(capsys: pytest.CaptureFixture[str], schema: str) -> dict[str, Any]:
    """The JSON object on stdout, validated."""
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(value, json.loads((SCHEMAS / f"{schema}.schema.json").read_text()))
    return value


CHECK = ("check", "--engine", "reference")


# ---------------------------------------------------------------- check


def test_check_of_everything_is_as_expected(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*CHECK) == 0
    assert "all as expected" in capsys.readouterr().out.splitlines()[-1]


def test_check_folds_what_holds_into_one_row(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    psock(*CHECK, "two_additions")
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("two_additions")]
    assert len(rows) == 1
    assert "properties  HOLDS" in rows[0]


def test_check_all_has_a_row_for_every_property(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    psock(*CHECK, "--all", "two_additions")
    out = capsys.readouterr().out
    assert all(f" {property} " in out for property in ("I01", "deadlock", "data-race", "lock-order", "cover"))


def test_check_gives_the_reason_of_an_expected_violation(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    psock(*CHECK, "a_look_without_the_lock")
    assert "expected to be VIOLATED: look() reads plainly" in capsys.readouterr().out


def test_check_json_is_one_valid_object(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*CHECK, "--json") == 0
    value = read(capsys, "check")
    assert value["ok"]
    assert {row["scenario"] for row in value["results"]} == {"two_additions", "a_look_without_the_lock"}


def test_check_json_says_which_property_is_violated(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    psock(*CHECK, "--json", "a_look_without_the_lock")
    violated = [row for row in read(capsys, "check")["results"] if row["verdict"] != "HOLDS"]
    assert [(row["property"], row["expected"]) for row in violated] == [("data-race", "VIOLATED")]


def test_a_variant_that_breaks_the_model_is_an_unexpected_verdict(
    psock: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert psock(*CHECK, "two_additions", "--with", "models/variants/unlocked.py") == 1
    assert "I01 is VIOLATED: every addition is counted" in capsys.readouterr().out


def test_a_variant_is_shown_as_a_diff(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    psock(*CHECK, "two_additions", "--with", "models/variants/unlocked.py")
    diff = capsys.readouterr().out
    assert "-    spin_lock(shared.lock)\n+def counter_add_unlocked() -> None:\n     shared.value += 1\n" in diff


def test_a_variant_that_replaces_nothing_is_refused(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*CHECK, "--with", "models/variants/idle.py") == 2
    assert "replaces nothing" in capsys.readouterr().err


def test_a_missing_variant_is_refused(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*CHECK, "--with", "models/variants/unlocke.py") == 2
    assert "did you mean models/variants/unlocked.py?" in capsys.readouterr().err


def test_an_unknown_scenario_is_refused_with_the_close_ones(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*CHECK, "two_addition") == 2
    assert capsys.readouterr().err == "psockmc: there is no scenario two_addition: did you mean two_additions?\n"


def test_an_unknown_scenario_with_json_is_an_object_too(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*CHECK, "--json", "nonsense") == 2
    value = read(capsys, "check")
    assert (value["ok"], value["results"]) == (False, [])
    assert "nonsense" in value["error"]


def test_an_error_of_the_model_is_shown_with_its_place(
    psock: Run, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (root / "models/counter.py").open("a") as file:
        file.write("\n\n@kernel('lib/counter.c')\ndef wrong() -> None:\n    nowhere.value = 1\n")
    assert psock(*CHECK) == 2
    err = capsys.readouterr().err
    assert "models/counter.py:" in err
    assert "^^^^^^^" in err


def test_a_limit_leaves_the_rest_undetermined(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*CHECK, "--max-states", "3", "--json", "two_additions") == 3
    verdicts = {row["verdict"] for row in read(capsys, "check")["results"] if row["property"] != "cover"}
    assert verdicts == {"UNDETERMINED"}


def test_what_is_undecided_for_one_reason_is_one_row(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    psock(*CHECK, "--max-states", "3", "two_additions")
    assert sum("UNDETERMINED" in line for line in capsys.readouterr().out.splitlines()) == 2  # and the last line


@pytest.mark.skipif(native.available() is not None, reason="needs a C compiler")
def test_a_limit_of_depth_is_bounded(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock("check", "--engine", "native", "--max-depth", "2", "--json", "two_additions") == 3
    assert read(capsys, "check")["results"][0]["basis"].startswith("bounded(2)")


def test_an_unexpected_violation_outweighs_what_is_undetermined(psock: Run) -> None:
    assert psock(*CHECK, "--max-depth", "9", "two_additions", "--with", "models/variants/unlocked.py") in (1, 3)


def test_a_scenario_that_expects_a_violation_which_is_gone_is_not_as_expected(psock: Run, root: Path) -> None:
    path = root / "checks/counter.py"
    path.write_text(path.read_text().replace("process(look)]", "process(counter_add)]"))
    assert psock(*CHECK, "a_look_without_the_lock") == 1


def test_the_second_run_uses_the_first_ones_results(
    psock: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    psock(*CHECK, "--json")
    first = read(capsys, "check")["results"]
    psock(*CHECK, "--json")
    second = read(capsys, "check")["results"]
    assert not any(row["cached"] for row in first)
    assert all(row["cached"] for row in second)
    assert [{**row, "cached": False} for row in second] == first


def test_no_cache_searches_again(
    psock: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    psock(*CHECK, "two_additions")
    capsys.readouterr()
    psock(*CHECK, "two_additions", "--no-cache", "--json")
    assert not any(row["cached"] for row in read(capsys, "check")["results"])


def test_verbose_prints_bounds_and_assumptions_in_full(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    psock(*CHECK, "-v", "two_additions")
    out = capsys.readouterr().out
    assert "contexts: counter_add (process, CPU0)" in out
    assert "a spinlock is taken by one atomic instruction" in out


def test_without_verbose_they_are_counted(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    psock(*CHECK, "two_additions")
    assert "psockmc check --verbose prints them" in capsys.readouterr().out


def test_a_wrong_option_is_a_usage_error(psock: Run) -> None:
    assert psock("check", "--engin", "native") == 2


@pytest.mark.parametrize("option", [("--max-states", "0"), ("--timeout", "-1"), ("--jobs", "0")])
def test_limits_that_make_no_sense_are_usage_errors(psock: Run, option: tuple[str, str]) -> None:
    assert psock("check", *option) == 2


def test_an_internal_error_is_no_verdict(
    psock: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr("psockmc.run.search", broken)
    assert psock(*CHECK, "--no-cache", "--json", "two_additions") == 70
    captured = capsys.readouterr()
    assert {row["verdict"] for row in json.loads(captured.out)["results"]} == {"ERROR"}
    assert "internal error, which is no verdict" in captured.err


def test_a_failure_outside_of_any_search_is_an_internal_error(
    psock: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr("psockmc.content.load", broken)
    assert psock(*CHECK) == 70
    assert "this is a bug of psockmc" in capsys.readouterr().err


OPPOSITE = """
from psockmc.kernel.spinlock import spin_lock, spin_unlock, spinlock_t
from psockmc.lang import Struct, instance, process, scenario, user


class pair(Struct):
    first: spinlock_t
    second: spinlock_t


locks = instance(pair)


@user
def forth_and_back() -> None:
    spin_lock(locks.first)
    spin_lock(locks.second)
    spin_unlock(locks.second)
    spin_unlock(locks.first)
    spin_lock(locks.second)
    spin_lock(locks.first)
    spin_unlock(locks.first)
    spin_unlock(locks.second)


opposite = scenario("one context that takes two locks in both orders", run=[process(forth_and_back)], properties=[])
"""


def test_a_lock_order_without_a_deadlock_is_shown_with_its_last_acquisition(
    psock: Run, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "checks/locks.py").write_text(OPPOSITE)
    assert psock(*CHECK, "opposite") == 1
    out = capsys.readouterr().out
    assert "takes pair.first while it holds pair.second" in out
    assert "    spin_lock(locks.first)\n    ^ forth_and_back takes" in out


def test_a_lock_order_says_whether_it_deadlocks(psock: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "checks/locks.py").write_text(OPPOSITE)
    psock(*CHECK, "opposite", "--json")
    (row,) = (r for r in read(capsys, "check")["results"] if r["property"] == "lock-order")
    assert row["basis"] == "reachable acquisitions; no deadlock is reachable in this scenario"


def test_without_a_compiler_check_warns_once_and_works(
    psock: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    assert psock("check", "--no-cache") == 0
    assert capsys.readouterr().err.count("Debian package gcc") == 1


# ---------------------------------------------------------------- traces


def test_traces_are_written_and_shown(psock: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    psock(*CHECK, "two_additions", "--with", "models/variants/unlocked.py", "--traces", "traces")
    capsys.readouterr()
    assert psock("trace", "traces/two_additions.I01.json") == 0
    assert "counter_add" in capsys.readouterr().out


@pytest.mark.parametrize(("form", "begins"), [("html", "<!DOCTYPE html>"), ("svg", "<svg ")])
def test_a_trace_is_shown_as_a_page_and_as_a_picture(
    form: str, begins: str, psock: Run, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    psock(*CHECK, "two_additions", "--with", "models/variants/unlocked.py", "--traces", "traces")
    capsys.readouterr()
    assert psock("trace", "traces/two_additions.I01.json", "--format", form) == 0
    assert capsys.readouterr().out.startswith(begins)


def test_a_folder_for_traces_that_cannot_be_made_is_refused(
    psock: Run, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "file").touch()
    assert psock(*CHECK, "a_look_without_the_lock", "--traces", "file/traces") == 2
    assert "cannot write traces to file/traces" in capsys.readouterr().err


def test_a_missing_trace_is_refused(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock("trace", "nowhere.json") == 2
    assert "cannot read the trace nowhere.json: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", "[", '{"format": "psockmc-trace-1"}', "\x00"])
def test_a_file_that_is_no_trace_is_refused(
    psock: Run, root: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (root / "t.json").write_text(text)
    assert psock("trace", "t.json") == 2
    assert "t.json is not" in capsys.readouterr().err


# ---------------------------------------------------------------- bugs

BUGS = ("bugs", "--engine", "reference")


def test_bugs_are_put_back_and_found(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*BUGS) == 0
    assert capsys.readouterr().out.endswith("1 of 1 bug reproduced\n")


def test_bugs_json_is_one_valid_object(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*BUGS, "--json") == 0
    value = read(capsys, "bugs")
    (bug,) = value["bugs"]
    assert (bug["id"], bug["before"], bug["after"], bug["reproduced"]) == (
        "unlocked-addition",
        "VIOLATED",
        "HOLDS",
        True,
    )
    assert bug["steps"] > 0


def test_a_bug_that_is_named_is_shown_with_its_change_and_diagram(
    psock: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert psock(*BUGS, "unlocked-addition") == 0
    out = capsys.readouterr().out
    assert "unlocked-addition (fixed by 0123456789ab): an addition is lost" in out
    assert "-    spin_lock(shared.lock)" in out


def test_a_bug_that_is_not_found_is_not_reproduced(psock: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / "spec/bugs.toml"
    path.write_text(path.read_text().replace('"I01"', '"deadlock"'))
    assert psock(*BUGS, "--json") == 1
    (bug,) = read(capsys, "bugs")["bugs"]
    assert (bug["before"], bug["reproduced"]) == ("HOLDS", False)


def test_a_bug_whose_search_was_cut_short_is_undetermined(psock: Run) -> None:
    assert psock(*BUGS, "--max-states", "2") == 3


def test_an_unknown_bug_is_refused(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*BUGS, "unlocked") == 2
    assert "did you mean unlocked-addition?" in capsys.readouterr().err


@pytest.mark.parametrize(("key", "value"), [("two_additions", "three_additions"), ("I01", "I99")])
def test_a_corpus_that_names_what_is_not_there_is_refused(
    psock: Run, root: Path, capsys: pytest.CaptureFixture[str], key: str, value: str
) -> None:
    path = root / "spec/bugs.toml"
    path.write_text(path.read_text().replace(key, value))
    assert psock(*BUGS) == 2
    assert value in capsys.readouterr().err


# ---------------------------------------------------------------- list, help, version


def test_bugs_counts_those_without_a_model_and_says_why(
    psock: Run, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "spec/bugs.toml"
    more = '\n[[left_out]]\nid = "by-the-compiler"\nfix = "fedcba9876543210"\nclass = "weak-memory"\nreason = "no compiler"\n'
    path.write_text(path.read_text() + more)
    assert psock(*BUGS) == 0
    assert "1 real bug without a model: psockmc bugs --left-out says why" in capsys.readouterr().out
    assert psock("bugs", "--left-out") == 0
    assert "by-the-compiler (fixed by fedcba987654, weak-memory)\n  no compiler\n" in capsys.readouterr().out
    assert psock("bugs", "--left-out", "unlocked-addition") == 2


def test_list_names_scenarios_properties_and_bugs(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock("list") == 0
    out = capsys.readouterr().out
    assert "scenarios (2)" in out
    assert "every addition is counted" in out
    assert "unlocked-addition" in out


def test_list_json_is_one_valid_object(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock("list", "--json") == 0
    value = read(capsys, "list")
    assert [s["name"] for s in value["scenarios"]] == ["two_additions", "a_look_without_the_lock"]
    assert {"I01", "deadlock", "lock-order", "cover"} <= {p["id"] for p in value["properties"]}
    assert value["bugs"] == [{"id": "unlocked-addition", "fix": "0123456789abcdef"}]


def test_list_gives_each_scenario_the_properties_that_check_judges(
    psock: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    psock("list", "--json")
    listed = read(capsys, "list")["scenarios"]
    psock(*CHECK, "--json")
    results = read(capsys, "check")["results"]
    for scenario in listed:
        judged = {row["property"] for row in results if row["scenario"] == scenario["name"]}
        assert set(scenario["properties"]) == judged


def test_list_does_without_a_corpus(psock: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "spec/bugs.toml").unlink()
    assert psock("list", "--json") == 0
    assert read(capsys, "list")["bugs"] == []


def test_version(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock("--version") == 0
    assert capsys.readouterr().out == f"psockmc {psockmc.__version__}\n"


@pytest.mark.parametrize("command", ["check", "bugs", "trace", "list"])
def test_every_command_has_help(psock: Run, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert psock(command, "--help") == 0
    assert command in capsys.readouterr().out


# ---------------------------------------------------------------- check --quick


def mark_as_quick(root: Path) -> None:
    """Mark the first scenario."""
    file = next((root / "checks").glob("*.py"))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("    run=[", "    quick=True,\n    run=[", 1), encoding="utf-8")


def test_check_quick_runs_what_is_marked(psock: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mark_as_quick(root)
    assert psock(*CHECK, "--quick", "--json") == 0
    assert {row["scenario"] for row in read(capsys, "check")["results"]} == {"two_additions"}


def test_check_quick_without_a_marked_scenario_says_so(psock: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert psock(*CHECK, "--quick") == 2
    assert "quick=True" in capsys.readouterr().err
