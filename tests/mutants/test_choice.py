"""Which scenarios are tried first."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from psockmc.mutants.baseline import Baseline
from psockmc.mutants.choice import Choice, names
from psockmc.mutants.kinds import Kind

FILE = "models/box.py"
TEXTS = {1: "it.a = 1", 2: "it.b = 1", 3: "if it.a", 4: "use(it)", 5: "return", 6: "it.a = 2", 7: "rest(it)"}


def ran(scenario: str, *lines: int, states: int = 10, set_up: bool = False) -> tuple[str, Baseline]:
    """A scenario whose contexts run these lines of a function. set_up: its setup runs the function."""
    known = {(FILE, line): TEXTS[line] for line in lines}
    set_up_by = frozenset({"f"} if set_up else ())
    return scenario, Baseline(scenario, True, states, known, frozenset({(FILE, "f")}), set_up_by, ())


def mutant(line: int, kind: Kind = Kind.REMOVE_STORE, telling: tuple[int, ...] = ()) -> Any:
    """A change of one line."""
    function = SimpleNamespace(name="f", span=SimpleNamespace(file=FILE))
    told = tuple(TEXTS[number] for number in telling)
    return SimpleNamespace(
        function=function, kind=kind, old=TEXTS[line], lines=(line,), and_lines=(), telling=telling, told=told
    )


def order(changed: Any, *known: tuple[str, Baseline]) -> list[str]:
    """The names of the scenarios, in their order."""
    return Choice(dict(known), max_states=1_000).ordered(changed)


def test_fields_and_functions_are_names_and_locals_are_not() -> None:
    assert names("psock.sk = get(sk)") == {"sk", "get"}


def test_a_scenario_that_uses_what_is_changed_comes_before_one_that_runs_more() -> None:
    assert order(mutant(1), ran("long", 1, 2, 4, 5, 7), ran("user", 1, 3)) == ["user", "long"]


def test_of_scenarios_alike_the_one_that_runs_more_comes_first() -> None:
    assert order(mutant(1), ran("short", 1, 3), ran("long", 1, 3, 4)) == ["long", "short"]


def test_the_second_is_the_one_that_is_least_like_the_first() -> None:
    known = ran("first", 1, 3, 4, 5), ran("like it", 1, 3, 4), ran("unlike it", 1, 7)
    assert order(mutant(1), *known) == ["first", "unlike it", "like it"]


def test_what_takes_much_of_the_budget_comes_last() -> None:
    assert order(mutant(1), ran("large", 1, 3, 4, states=900), ran("small", 1)) == ["small", "large"]


def test_a_forced_test_is_tried_first_where_it_goes_the_other_way() -> None:
    known = ran("always true", 3, 4, 6, 7), ran("false, too", 3, 5)
    assert order(mutant(3, Kind.FORCE_TRUE, telling=(5,)), *known) == ["false, too", "always true"]


def test_a_call_in_a_branch_ran_where_its_function_ran() -> None:
    quiet, (name, known) = ran("always false", 3, 4, 6), ran("true, too", 3)
    called = replace(known, functions=known.functions | {(FILE, "rest")})
    assert order(mutant(3, Kind.FORCE_FALSE, telling=(7,)), quiet, (name, called)) == ["true, too", "always false"]


def test_what_does_not_run_the_change_is_not_tried() -> None:
    assert order(mutant(1), ran("elsewhere", 2)) == []


def test_every_third_is_one_whose_setup_may_run_the_change() -> None:
    known = [ran(name, 1) for name in "abc"] + [ran(name, 3, set_up=True) for name in "xy"]
    assert order(mutant(1), *known) == ["a", "b", "x", "c", "y"]


def test_a_lock_in_a_setup_comes_last() -> None:
    known = ran("runs it", 1, 4), ran("sets up with it", 3, 6, set_up=True)
    assert order(mutant(1, Kind.REMOVE_PAIR), *known) == ["runs it", "sets up with it"]
