"""`psockmc step`: a walk whose commands come from standard input."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from psockmc.cli import main

Walk = Callable[..., str]


@pytest.fixture
def walk(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Walk:
    """Runs the command with these lines as input; what it prints. Its exit status is always 0."""

    def run(*lines: str, scenario: str = "two_additions", options: tuple[str, ...] = ()) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        assert main(["step", scenario, *options]) == 0
        return capsys.readouterr().out

    return run


def test_it_begins_with_the_steps_that_may_come(walk: Walk) -> None:
    assert walk().splitlines() == [
        "two_additions: two additions at the same time",
        "  1  CPU0  counter_add > spin_lock: spin_lock(shared.lock)  (models/counter.py:17)",
        "  2  CPU1  counter_add > spin_lock: spin_lock(shared.lock)  (models/counter.py:17)",
        "> ",
    ]


def test_a_step_says_what_it_changed_and_who_waits(walk: Walk) -> None:
    out = walk("2")
    assert "step 1: CPU1  counter_add > spin_lock: spin_lock(shared.lock)" in out
    assert "  shared.lock.owner nobody -> CPU1\n" in out
    assert "  -  CPU0  waits for shared.lock, held by CPU1\n" in out


def test_undo_goes_back(walk: Walk) -> None:
    assert walk("1", "undo", "state").endswith("  shared.lock.owner = nobody\n  shared.value = 0\n> \n")


def test_undo_of_several_steps_stops_at_the_beginning(walk: Walk) -> None:
    assert walk("1", "1", "1", "undo 7", "diff").endswith("no step was taken yet\n> \n")


def test_undo_at_the_beginning_says_so(walk: Walk) -> None:
    assert "there is no step to take back" in walk("undo")


def test_what_follows_an_undo_is_a_run_again(walk: Walk) -> None:
    assert "step 2: CPU1  counter_add: shared.value += 1" in walk("1", "1", "undo 2", "2", "1")


def test_the_whole_run_comes_to_an_end(walk: Walk) -> None:
    out = walk(*["1"] * 8, "state")
    assert "this is the end\n" in out
    assert "  shared.value = 2\n" in out


def test_nothing_can_be_chosen_at_the_end(walk: Walk) -> None:
    assert "there is no step 1: nothing can come next; undo goes back" in walk(*["1"] * 9)


def test_a_violated_invariant_is_said_where_it_happens(walk: Walk) -> None:
    # Both read 0 before either of them writes.
    out = walk("1", "2", *["1"] * 8, options=("--with", "models/variants/unlocked.py"))
    assert "VIOLATED I01: every addition is counted" in out


def test_a_race_is_said_where_two_are_about_to_make_it(walk: Walk) -> None:
    out = walk(options=("--with", "models/variants/unlocked.py"))
    assert "VIOLATED data-race" not in out.splitlines()[1]
    out = walk("1", options=("--with", "models/variants/unlocked.py"))
    assert "VIOLATED data-race: CPU0 and CPU1 are both about to access shared.value" in out


@pytest.mark.parametrize("line", ["0", "3", "-1", "jump", "undo x", "state now"])
def test_what_is_no_command_changes_nothing(walk: Walk, line: str) -> None:
    out = walk(line, "state")
    assert "there is no" in out
    assert "  shared.lock.owner = nobody\n" in out


def test_help_lists_the_commands_and_quit_ends(walk: Walk) -> None:
    out = walk("help", "quit", "1")
    assert all(f"\n{word}" in out for word in ("NUMBER", "undo", "state", "diff", "help", "quit"))
    assert "step 1" not in out


def test_an_empty_line_shows_the_steps_again(walk: Walk) -> None:
    assert walk("").count("  1  CPU0") == 2


def test_an_unknown_scenario_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["step", "two_addition"]) == 2
    assert "did you mean two_additions?" in capsys.readouterr().err
