"""What `judge` makes of a search result; the results are written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import REASON_DEPTH, REASON_TIMEOUT, Limits
from psockmc.explore.result import LockEdge, SearchResult, Violation
from psockmc.explore.verdict import BadExpectation, PropertyVerdict, Verdict, judge, property_ids, undecided
from psockmc.ir.system import (
    Cell,
    Choose,
    Const,
    Context,
    Cover,
    LockClass,
    Node,
    Nop,
    Property,
    Statement,
    Stop,
    TransitionSystem,
)
from tests.ir.tiny import Tiny

STATE = (0, 0, 0)


def context(index: int, *, level: int = 0, kind: str = "process", op: object = None) -> Context:
    """A context that does one thing. Its statement has its own index."""
    node = Node(op or Nop(), -1, -1, 0, index, 0)  # type: ignore[arg-type]
    stop = Stop(0, (), True, False, False, False, False, False)
    return Context(index, f"CPU{index}", kind, level, index, index, (), (node,), (stop,), (), ((),))


TS = TransitionSystem(
    name="close_against_delete",
    sentence="close() against delete",
    cells=tuple(Cell(f"CPU{i}.pc", 0, 1, -1) for i in range(3)),
    fields=(),
    pools=(),
    contexts=(context(0, op=Cover(0)), context(1, op=Cover(1)), context(2, kind="kworker")),
    statements=tuple(Statement("models/a.py", line, f"statement {line}", "f", "") for line in range(3)),
    properties=(
        Property("I01", "the first invariant", "invariant", Const(1)),
        Property("I06", "what holds at the end", "end", Const(1)),
        Property("deadlock", "no deadlock", "builtin", None),
        Property("use-after-free", "no use after free", "builtin", None),
        Property("lock-order", "one order of locks", "builtin", None),
    ),
    covers=("the socket is closed first", "the entry is deleted first"),
    locks=(LockClass("sock.sk_lock", 0, -1), LockClass("map.lock", 1, -1)),
    gp_cells=(),
    initial=STATE,
    bounds=(),
    assumptions=(),
    omissions=(),
)

CLEAN = SearchResult(
    engine="reference",
    states=100,
    transitions=200,
    depth=9,
    complete=True,
    reason="",
    seconds=0.1,
    violations=(),
    lock_edges=(),
    cuts={},
    fatal={},
    statements=frozenset({0, 1}),
    covers=frozenset({0, 1}),
    terminal=2,
)


def violation(prop: int, depth: int = 3, message: str = "") -> Violation:
    return Violation(prop, (STATE,) * (depth + 1), -1, -1, message, depth)


def edge(held: int, taken: int, context: int, depth: int = 2) -> LockEdge:
    return LockEdge(held, True, taken, True, context, True, True, 0, (STATE,) * depth)


def verdicts(result: SearchResult, ts: TransitionSystem = TS, **expect: str) -> dict[str, PropertyVerdict]:
    return {v.id: v for v in judge(ts, result, {k.replace("_", "-"): v for k, v in expect.items()})}


def test_a_complete_search_without_violation_holds_everywhere() -> None:
    assert {v.verdict for v in verdicts(CLEAN).values()} == {Verdict.HOLDS}


def test_every_property_gets_one_row_with_lock_order_and_cover_last() -> None:
    ids = tuple(verdicts(CLEAN))
    assert ids == ("I01", "I06", "deadlock", "use-after-free", "lock-order", "cover") == property_ids(TS)


def test_a_violation_is_violated_with_its_depth_and_message() -> None:
    found = verdicts(replace(CLEAN, violations=(violation(3, 7, "psock0 was freed"),)))["use-after-free"]
    assert (found.verdict, found.depth, found.message) == (Verdict.VIOLATED, 7, "psock0 was freed")


def test_a_violation_of_one_property_leaves_the_others_alone() -> None:
    rows = verdicts(replace(CLEAN, violations=(violation(0),)))
    assert {id for id, v in rows.items() if v.verdict is not Verdict.HOLDS} == {"I01"}


def test_of_two_violations_of_a_property_the_shorter_one_counts() -> None:
    rows = verdicts(replace(CLEAN, violations=(violation(0, 8), violation(0, 4))))
    assert rows["I01"].depth == 4


@pytest.mark.parametrize("property", ["I01", "I06", "deadlock", "use-after-free", "lock-order"])
def test_a_cut_leaves_nothing_decided_that_was_not_violated(property: str) -> None:
    row = verdicts(replace(CLEAN, cuts={"the pool sk_psock is used up": 3}))[property]
    assert row.verdict is Verdict.UNDETERMINED
    assert "the pool sk_psock is used up (3 steps)" in row.basis


def test_a_violation_counts_although_a_bound_was_cut() -> None:
    rows = verdicts(replace(CLEAN, cuts={"a bound": 1}, violations=(violation(2),)))
    assert rows["deadlock"].verdict is Verdict.VIOLATED


def test_an_incomplete_search_leaves_nothing_decided_that_was_not_violated() -> None:
    result = replace(CLEAN, complete=False, reason=REASON_TIMEOUT, violations=(violation(0),))
    rows = verdicts(result)
    assert rows["I01"].verdict is Verdict.VIOLATED
    assert {rows[id].verdict for id in ("I06", "deadlock", "use-after-free", "lock-order")} == {Verdict.UNDETERMINED}
    assert rows["deadlock"].basis.startswith("partial: the time limit was reached")


def test_a_search_to_a_depth_is_bounded() -> None:
    row = verdicts(replace(CLEAN, complete=False, reason=REASON_DEPTH))["I01"]
    assert row.basis.startswith("bounded(9)")


def test_a_search_of_the_interpreter_to_a_depth_is_bounded_too() -> None:
    tiny = Tiny("box0.a = 1", "box0.b = 2")
    rows = judge(tiny.ts, search_reference(tiny.ts, Limits(max_depth=1), None), {})
    assert {row.basis.split(":")[0] for row in rows if row.verdict is Verdict.UNDETERMINED} == {"bounded(1)"}


def test_what_was_not_explored_past_a_fatal_finding_stands_in_every_other_basis() -> None:
    rows = verdicts(replace(CLEAN, violations=(violation(3),), fatal={3: 12}))
    assert rows["I01"].verdict is Verdict.HOLDS
    assert rows["I01"].basis == "exhaustive, but not explored: 12 steps past use-after-free"
    assert "12 steps past use-after-free" in rows["lock-order"].basis


def test_fatal_findings_without_a_violation_do_not_fit() -> None:
    with pytest.raises(ValueError, match="use-after-free"):
        judge(TS, replace(CLEAN, fatal={3: 1}), {})


def test_a_violation_of_no_property_does_not_fit() -> None:
    with pytest.raises(ValueError, match="does not exist"):
        judge(TS, replace(CLEAN, violations=(violation(17),)), {})


def test_an_end_property_is_not_green_when_nothing_ends() -> None:
    rows = verdicts(replace(CLEAN, terminal=0))
    assert (rows["I06"].verdict, rows["I06"].basis) == (Verdict.UNDETERMINED, "vacuous: no run comes to an end")
    assert rows["I01"].verdict is Verdict.HOLDS


def test_a_cover_that_never_happened_is_not_green() -> None:
    row = verdicts(replace(CLEAN, covers=frozenset({0})))["cover"]
    assert row.verdict is Verdict.UNDETERMINED
    assert row.basis == "vacuous: never happened: the entry is deleted first"


def test_a_cover_in_a_function_of_the_kernel_is_nothing_that_each_scenario_must_reach() -> None:
    statements = tuple(replace(s, kernel_file="net/core/skmsg.c") for s in TS.statements)
    rows = verdicts(replace(CLEAN, covers=frozenset()), replace(TS, statements=statements))
    assert rows["cover"].basis == "reached: every context, 0 cover sentences"


def test_a_cover_not_met_by_a_partial_search_is_not_called_vacuous() -> None:
    row = verdicts(replace(CLEAN, covers=frozenset(), complete=False, reason=REASON_TIMEOUT))["cover"]
    assert row.basis.startswith("partial: did not happen so far")


def test_a_started_context_that_never_ran_is_not_green() -> None:
    row = verdicts(replace(CLEAN, statements=frozenset({0})))["cover"]
    assert row.basis == "vacuous: never happened: CPU1 runs"


def test_a_worker_without_work_is_not_vacuous() -> None:
    assert verdicts(replace(CLEAN, statements=frozenset({0, 1})))["cover"].verdict is Verdict.HOLDS


def test_an_expected_violation_is_as_expected() -> None:
    row = verdicts(replace(CLEAN, violations=(violation(2),)), deadlock="VIOLATED")["deadlock"]
    assert row.as_expected


def test_holding_where_a_violation_is_expected_is_not_as_expected() -> None:
    row = verdicts(CLEAN, deadlock="VIOLATED")["deadlock"]
    assert (row.verdict, row.expected, row.as_expected) == (Verdict.HOLDS, Verdict.VIOLATED, False)


def test_an_expectation_of_an_unknown_property_is_refused() -> None:
    with pytest.raises(BadExpectation, match="I99, which it does not check"):
        judge(TS, CLEAN, {"I99": "VIOLATED"})


def test_an_expectation_of_an_unknown_verdict_is_refused() -> None:
    with pytest.raises(BadExpectation, match="write one of HOLDS, VIOLATED"):
        judge(TS, CLEAN, {"I01": "FINE"})


def test_a_cycle_of_locks_is_violated_and_says_that_no_deadlock_is_reachable() -> None:
    row = verdicts(replace(CLEAN, lock_edges=(edge(0, 1, 0), edge(1, 0, 1))))["lock-order"]
    assert row.verdict is Verdict.VIOLATED
    assert row.basis == "reachable acquisitions; no deadlock is reachable in this scenario"
    assert row.message == (
        "CPU0 takes map.lock while it holds sock.sk_lock; CPU1 takes sock.sk_lock while it holds map.lock"
    )


def test_a_cycle_of_locks_says_that_a_deadlock_is_reachable() -> None:
    result = replace(CLEAN, lock_edges=(edge(0, 1, 0), edge(1, 0, 1)), violations=(violation(2),))
    assert verdicts(result)["lock-order"].basis == "reachable acquisitions; a deadlock is reachable"


def test_a_cycle_of_locks_has_the_way_to_its_later_acquisition() -> None:
    found = verdicts(replace(CLEAN, lock_edges=(edge(0, 1, 0), edge(1, 0, 1, depth=5))))["lock-order"].violation
    assert found is not None
    assert (found.context, found.choice, found.depth, len(found.path)) == (1, 0, 5, 5)


def test_an_acquisition_behind_a_choice_leaves_its_step_open() -> None:
    ts = replace(TS, contexts=(context(0, op=Choose(0, 2)), *TS.contexts[1:]))
    found = verdicts(replace(CLEAN, lock_edges=(edge(0, 0, 0),)), ts)["lock-order"].violation
    assert found is not None
    assert found.context == -1


def test_lock_order_is_judged_without_a_property_of_that_name() -> None:
    ts = replace(TS, properties=TS.properties[:4])
    row = verdicts(replace(CLEAN, lock_edges=(edge(0, 0, 0),)), ts)["lock-order"]
    assert (row.verdict, row.violation) == (Verdict.VIOLATED, None)


def test_what_was_lost_is_undetermined_for_each_known_property() -> None:
    rows = undecided("s", ("I01", "deadlock"), Verdict.UNDETERMINED, "killed", {"deadlock": "VIOLATED"})
    assert [(v.id, v.verdict, v.basis, v.expected) for v in rows] == [
        ("I01", Verdict.UNDETERMINED, "killed", Verdict.HOLDS),
        ("deadlock", Verdict.UNDETERMINED, "killed", Verdict.VIOLATED),
    ]


def test_one_row_stands_for_all_properties_when_they_are_not_known() -> None:
    (row,) = undecided("s", (), Verdict.ERROR, "the model is wrong", {"deadlock": "VIOLATED"})
    assert (row.id, row.verdict) == ("*", Verdict.ERROR)


@pytest.mark.parametrize("verdict", [Verdict.HOLDS, Verdict.VIOLATED])
def test_nothing_is_decided_without_a_search(verdict: Verdict) -> None:
    with pytest.raises(ValueError, match="search result"):
        undecided("s", ("I01",), verdict, "because", {})
