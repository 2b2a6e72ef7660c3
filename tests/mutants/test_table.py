"""Which pairs are tried, and what follows from them."""

from __future__ import annotations

from psockmc.mutants.kinds import Mutant
from psockmc.mutants.orders import Order, Table
from psockmc.mutants.trial import Fate, Trial, Tried
from tests.mutants.test_moves import blocks_of

ABC = "it.a = 1\nit.b = 1\nit.a = 2"


def table(body: str, fates: dict[str, Fate]) -> Table:
    """The table of a function's first block. fates: of moves by their change; others are not tried."""

    def judge(mutant: Mutant) -> Tried:
        fate = fates.get(mutant.change)
        trials = [] if fate is None else [Trial("a scenario", fate, "P", 3)]
        return Tried(mutant, ["a scenario"], trials, finished=fate is not None)

    return Table(blocks_of(body)[0], judge)


def orders(found: Table) -> list[Order]:
    """Of all pairs, shorter ones first."""
    return [pair.order for pair in found.pairs.values()]


def test_neighbours_are_wanted_first() -> None:
    wanted = [m.change for m in table(ABC, {}).wanted]
    assert wanted == ["it.a = 1 behind it.b = 1", "it.b = 1 behind it.a = 2"]


def test_a_long_pair_follows_from_two_short_ones() -> None:
    found = table(ABC, {"it.a = 1 behind it.b = 1": Fate.NOTICED, "it.b = 1 behind it.a = 2": Fate.NOTICED})
    assert (orders(found), found.wanted) == ([Order.MUST, Order.MUST, Order.FOLLOWS], [])


def test_a_step_that_cannot_leave_its_place_has_the_other_one_moved() -> None:
    fates = {"it.a = 1 behind it.b = 1": Fate.NOTICED, "it.b = 1 behind it.a = 2": Fate.SURVIVED}
    assert [m.change for m in table(ABC, fates).wanted] == ["it.a = 2 before it.a = 1"]


def test_harmless_one_way_is_harmless() -> None:
    fates = {
        "it.a = 1 behind it.b = 1": Fate.SURVIVED,
        "it.b = 1 behind it.a = 2": Fate.SURVIVED,
        "it.a = 1 behind it.a = 2": Fate.NOTICED,
        "it.a = 2 before it.a = 1": Fate.SURVIVED,
    }
    assert orders(table(ABC, fates)) == [Order.MAY, Order.MAY, Order.MAY]


def test_a_violation_both_ways_keeps_the_order() -> None:
    fates = {
        "it.a = 1 behind it.b = 1": Fate.SURVIVED,
        "it.b = 1 behind it.a = 2": Fate.SURVIVED,
        "it.a = 1 behind it.a = 2": Fate.NOTICED,
        "it.a = 2 before it.a = 1": Fate.NOTICED,
    }
    assert orders(table(ABC, fates))[-1] is Order.MUST


def test_out_of_budget_is_no_order() -> None:
    fates = {"it.a = 1 behind it.b = 1": Fate.UNDECIDED, "it.b = 1 behind it.a = 2": Fate.SURVIVED}
    assert orders(table(ABC, fates))[0] is Order.UNKNOWN


def test_one_way_in_doubt_and_the_other_violated_is_no_order() -> None:
    fates = {
        "it.a = 1 behind it.b = 1": Fate.SURVIVED,
        "it.b = 1 behind it.a = 2": Fate.SURVIVED,
        "it.a = 1 behind it.a = 2": Fate.UNDECIDED,
        "it.a = 2 before it.a = 1": Fate.NOTICED,
    }
    assert orders(table(ABC, fates))[-1] is Order.UNKNOWN


def test_what_is_no_program_cannot_be() -> None:
    found = table("x = it.a\nit.b = x", {})
    assert (orders(found), found.wanted) == ([Order.CANNOT], [])


def test_a_step_that_another_stands_for_is_not_moved() -> None:
    block = blocks_of(ABC)[0]
    found = Table(block, lambda mutant: Tried(mutant, ()), like=frozenset({"it.b = 1"}))
    assert [step.text for step in found.steps] == ["it.a = 1", "it.a = 2"]
