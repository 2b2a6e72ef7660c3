"""`psockmc check --junit FILE --sarif FILE`: the run for other programs, beside what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from psockmc.cli import main

CHECK = ("check", "--engine", "reference")
BROKEN = ("two_additions", "--with", "models/variants/unlocked.py")


def test_both_files_are_written_for_a_run_that_is_as_expected(root: Path) -> None:
    assert main([*CHECK, "--junit", "j.xml", "--sarif", "s.json"]) == 0
    suites = ET.parse(root / "j.xml").getroot()
    assert {suite.get("name") for suite in suites} == {"two_additions", "a_look_without_the_lock"}
    assert (suites.get("failures"), suites.get("errors")) == ("0", "0")
    (result,) = json.loads((root / "s.json").read_text())["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("data-race", "warning")
    assert result["message"]["text"].endswith("It is expected: look() reads plainly and without the lock")


def test_a_violation_is_a_failure_and_an_error_at_the_line_of_the_model(root: Path) -> None:
    assert main([*CHECK, *BROKEN, "--junit", "j.xml", "--sarif", "s.json"]) == 1
    failed = [
        case.get("name") for case in ET.parse(root / "j.xml").iter("testcase") if case.find("failure") is not None
    ]
    assert "I01" in failed
    results = json.loads((root / "s.json").read_text())["runs"][0]["results"]
    assert [r["ruleId"] for r in results] == failed
    (race,) = (r for r in results if r["ruleId"] == "data-race")
    physical = race["locations"][0]["physicalLocation"]
    lines = (root / physical["artifactLocation"]["uri"]).read_text().splitlines()
    assert "shared.value += 1" in lines[physical["region"]["startLine"] - 1]
    assert race["properties"]["kernelFile"] == "lib/counter.c"


def test_a_limit_makes_errors_and_open_results(root: Path) -> None:
    arguments = [*CHECK, "--max-states", "3", "two_additions", "--junit", "j.xml", "--sarif", "s.json"]
    assert main(arguments) == 3
    suites = ET.parse(root / "j.xml").getroot()
    decided = [case.get("name") for case in suites.iter("testcase") if case.find("error") is None]
    assert decided == ["cover"]
    kinds = {r["kind"] for r in json.loads((root / "s.json").read_text())["runs"][0]["results"]}
    assert kinds == {"open"}


def test_a_folder_that_does_not_exist_is_refused_before_the_search(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*CHECK, "--junit", "none/j.xml"]) == 2
    captured = capsys.readouterr()
    assert (
        captured.err == "psockmc: cannot write none/j.xml: the folder none does not exist; make it, or name another\n"
    )
    assert captured.out == ""


def test_json_on_stdout_stays_one_object(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CHECK, "--json", "--junit", "j.xml", "--sarif", "s.json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"]
