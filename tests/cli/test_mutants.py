"""`psockmc mutants`, from the arguments to the exit status, on the small content of these tests."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import psockmc
from psockmc.cli import main
from psockmc.run import run

SCHEMA = Path(psockmc.__file__).parent / "schemas" / "mutants.schema.json"
MUTANTS = ("mutants", "--engine", "reference", "-j", "1")

RESET = (*MUTANTS, "counter_reset", "--kind", "remove-store")

UNSEEN = """

@kernel("lib/counter.c")
def counter_reset() -> None:
    spin_lock(shared.lock)
    shared.value = 0
    spin_unlock(shared.lock)
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the content that the test may change; the current folder, with a cache of its own."""
    root = tmp_path / "checkout"
    shutil.copytree(Path(__file__).parent / "content", root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return root


@pytest.fixture
def survivor(root: Path) -> Path:
    """The content with a scenario that runs a function whose step matters to nobody."""
    with (root / "models/counter.py").open("a") as file:
        file.write(UNSEEN)
    checks = root / "checks/counter.py"
    text = checks.read_text().replace("counter_add, shared", "counter_add, counter_reset, shared")
    checks.write_text(
        text + '\n\na_reset = scenario("the counter is reset", run=[process(counter_reset)], properties=[])\n'
    )
    return root


def read(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The JSON object on stdout, validated."""
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(value, json.loads(SCHEMA.read_text()))
    return value


def explain(root: Path, change: str) -> None:
    """Write the reason of a survivor of counter_reset()."""
    (root / "spec/mutants.toml").write_text(
        f'[[survivor]]\nfunction = "counter_reset"\nkind = "remove-store"\nchange = "{change}"\n'
        'reason = "the counter is 0 anyway"\n'
    )


def test_every_mutant_of_the_counter_is_noticed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(MUTANTS) == 0
    assert "5 mutants: 5 noticed" in capsys.readouterr().out


def test_an_addition_without_its_lock_is_a_data_race(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*MUTANTS, "--kind", "remove-pair", "--json")) == 0
    (row,) = read(capsys)["mutants"]
    assert (row["fate"], row["property"], row["scenario"]) == ("noticed", "data-race", "two_additions")


def test_each_property_counts_what_it_noticed_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main((*MUTANTS, "--json"))
    value = read(capsys)
    first = {row["id"]: row["first"] for row in value["properties"]}
    assert first["I01"] == 1
    assert sum(first.values()) == len(value["mutants"])


def test_a_survivor_without_a_reason_is_exit_status_1(survivor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(RESET) == 1
    assert "not noticed, without a reason" in capsys.readouterr().out


def test_a_survivor_with_a_reason_is_exit_status_0(survivor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explain(survivor, "shared.value = 0")
    assert main(RESET) == 0
    assert "the counter is 0 anyway" in capsys.readouterr().out


def test_a_reason_stays_valid_when_lines_move(survivor: Path) -> None:
    explain(survivor, "shared.value = 0")
    model = survivor / "models/counter.py"
    model.write_text('"""Moved."""\n\n\n' + model.read_text().partition("\n")[2])
    assert main(RESET) == 0


def test_a_reason_for_what_is_noticed_is_a_warning(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "spec/mutants.toml").write_text(
        '[[survivor]]\nfunction = "counter_add"\nkind = "remove-store"\nchange = "shared.value += 1"\nreason = "no"\n'
    )
    assert main((*MUTANTS, "counter_add")) == 0
    assert "explains what needs no reason" in capsys.readouterr().err


def test_a_reason_for_what_is_gone_is_a_warning(survivor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explain(survivor, "shared.value = 1")
    assert main(RESET) == 1
    assert "a mutant that does not exist: counter_reset: remove-store" in capsys.readouterr().err


def test_a_reason_for_a_move_is_left_to_psockmc_orders(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "spec/mutants.toml").write_text(
        '[[survivor]]\nfunction = "counter_add"\nkind = "move"\nchange = "one behind another"\nreason = "no"\n'
    )
    assert main((*MUTANTS, "counter_add")) == 0
    assert "does not exist" not in capsys.readouterr().err


def test_an_entry_without_a_reason_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "spec/mutants.toml").write_text('[[survivor]]\nfunction = "counter_add"\n')
    assert main(MUTANTS) == 2
    assert "survivor 1 has no `kind`" in capsys.readouterr().err


def test_a_scenario_beyond_the_budget_is_not_used(survivor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*RESET, "--timeout", "20", "--max-states", "2", "--json")) == 1
    assert read(capsys)["mutants"][0]["fate"] == "unreached"


def test_the_environment_is_not_changed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*MUTANTS, "look")) == 2
    assert "there is no kernel function or file look" in capsys.readouterr().err


def test_a_file_stands_for_its_functions(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*MUTANTS, "models/counter.py", "--json")) == 0
    assert {row["function"] for row in read(capsys)["mutants"]} == {"counter_add"}


def test_a_setup_that_fails_is_a_weak_notice(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checks = root / "checks/counter.py"
    setup = (
        "@user\ndef counted() -> None:\n    counter_add()\n    counter_add()\n\n\n"
        'counted_before = scenario("counted before", setup=counted, run=[process(look)], properties=[])\n'
    )
    checks.write_text(f"{checks.read_text()}\n\n{setup}")
    main((*MUTANTS, "--in", "counted_before", "--kind", "remove-call", "--json"))
    (row,) = read(capsys)["mutants"]
    assert (row["fate"], row["property"]) == ("weakly noticed", "setup")


def test_scenarios_can_be_chosen(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main((*MUTANTS, "--in", "a_look_without_the_lock", "--json"))
    assert {row["candidates"] for row in read(capsys)["mutants"]} == {1}


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The searches for mutants that will have been made, by name."""
    searched: list[str] = []

    def noted(jobs: Any, *rest: Any) -> Any:
        searched.extend(job.name for job in jobs if job.edited)
        return run(jobs, *rest)

    monkeypatch.setattr("psockmc.mutants.trial.run", noted)
    return searched


def test_a_second_run_has_nothing_left_to_search(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main((*MUTANTS, "--json"))
    before = [row["fate"] for row in read(capsys)["mutants"]]
    searched = watched(monkeypatch)
    main((*MUTANTS, "--json"))
    assert ([row["fate"] for row in read(capsys)["mutants"]], searched) == (before, [])


def test_an_interrupt_between_two_searches_is_not_lost(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def then_interrupted(jobs: Any, *rest: Any) -> Any:
        outcomes = run(jobs, *rest)
        signal.raise_signal(signal.SIGTERM)
        return outcomes

    monkeypatch.setattr("psockmc.mutants.trial.run", then_interrupted)
    assert main((*MUTANTS, "--json")) == 3
    assert "untried" in {row["fate"] for row in read(capsys)["mutants"]}


def test_the_page_is_made_from_the_record(root: Path) -> None:
    (root / "reports").mkdir()
    main((*MUTANTS, "--record", "reports/mutants.json", "--max-states", "1000"))
    assert main(("report", "mutants")) == 0
    page = (root / "reports/mutants.md").read_text()
    assert "Of 5 mutants of all models 5 were tried." in page
    assert "1,000 states" in page


def test_the_page_says_how_many_were_tried(root: Path) -> None:
    (root / "reports").mkdir()
    main((*MUTANTS, "--record", "reports/mutants.json", "--limit", "2"))
    main(("report", "mutants"))
    assert "Of 5 mutants of all models 2 were tried." in (root / "reports/mutants.md").read_text()


def test_what_was_recorded_of_another_model_does_not_count(root: Path) -> None:
    (root / "reports").mkdir()
    main((*MUTANTS, "--record", "reports/mutants.json"))
    model = root / "models/counter.py"
    model.write_text(model.read_text().replace("value += 1", "value += 2"))
    main(("report", "mutants"))
    assert "Of 5 mutants of all models 0 were tried." in (root / "reports/mutants.md").read_text()


def test_a_notice_stands_when_another_scenario_changes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "reports").mkdir()
    shown = (*MUTANTS, "--kind", "remove-store", "--json", "--record", "reports/mutants.json")
    main((*shown, "--in", "a_look_without_the_lock"))
    main((*shown, "--in", "two_additions"))
    checks = root / "checks/counter.py"
    checks.write_text(checks.read_text().replace("seen = shared.value", "seen = shared.value\n    seen = shared.value"))
    capsys.readouterr()
    main(shown)
    assert read(capsys)["mutants"][0]["scenario"] == "two_additions"


def test_without_a_record_there_is_no_page(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("report", "mutants")) == 2
    assert "run psockmc mutants --record" in capsys.readouterr().err


def recorded(root: Path) -> list[dict[str, Any]]:
    """The mutants of the record."""
    rows: list[dict[str, Any]] = json.loads((root / "reports/mutants.json").read_text())["tried"]
    return rows


def test_a_record_keeps_what_other_scenarios_have_shown(survivor: Path) -> None:
    (survivor / "reports").mkdir()
    with (survivor / "checks/counter.py").open("a") as file:
        file.write('\n\nanother = scenario("it is reset again", run=[process(counter_reset)], properties=[])\n')
    for name in ("a_reset", "another"):
        main((*RESET, "--in", name, "--record", "reports/mutants.json"))
    (row,) = recorded(survivor)
    assert {trial["scenario"] for trial in row["trials"]} == {"a_reset", "another"}


def test_what_a_record_says_is_not_searched_again_with_other_limits(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "reports").mkdir()
    record = ("--record", "reports/mutants.json")
    main((*MUTANTS, *record, "--max-states", "1000"))
    searched = watched(monkeypatch)
    main((*MUTANTS, *record, "--max-states", "2000"))
    assert not searched


def test_what_a_record_says_is_noticed_is_not_searched_in_other_scenarios(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "reports").mkdir()
    record = ("--record", "reports/mutants.json", "--kind", "remove-pair")
    main((*MUTANTS, *record, "--in", "two_additions"))
    capsys.readouterr()
    searched = watched(monkeypatch)
    main((*MUTANTS, *record, "--in", "a_look_without_the_lock", "--json"))
    assert [row["fate"] for row in read(capsys)["mutants"]] == ["noticed"]
    assert not searched


def test_what_a_record_says_is_noticed_is_searched_again_on_demand(root: Path) -> None:
    (root / "reports").mkdir()
    record = ("--record", "reports/mutants.json", "--kind", "remove-pair")
    main((*MUTANTS, *record, "--in", "two_additions"))
    main((*MUTANTS, *record, "--in", "a_look_without_the_lock", "--again"))
    (row,) = recorded(root)
    assert {trial["scenario"] for trial in row["trials"]} == {"two_additions", "a_look_without_the_lock"}


def test_a_record_names_the_budget_of_each_run(root: Path) -> None:
    (root / "reports").mkdir()
    for states in ("1000", "2000"):
        main((*MUTANTS, "--record", "reports/mutants.json", "--max-states", states))
    main(("report", "mutants"))
    end = (root / "reports/mutants.md").read_text().rpartition("## How far the runs searched")[2]
    assert "* each search 1,000 states and 60 seconds; all scenarios\n* each search 2,000 states" in end
