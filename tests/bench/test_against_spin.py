"""SPIN finds the graph that the reference interpreter finds, from an export that shares nothing with our engines."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import assume, given, settings

from bench import against_spin, bounds, exact_c, graph, measure, promela
from bench.objects import objects
from psockmc import content
from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.native import search_native
from psockmc.explore.result import SearchResult
from psockmc.ir import system as ir
from psockmc.ir.lower import compile_scenario
from tests.bench.systems import RELAXED, add_late_failures, counter, imported_from_psockmc
from tests.explore.native.random_systems import systems
from tests.explore.native.systems import Builder, op

needs_spin = pytest.mark.skipif(bool(against_spin.missing()), reason=str(against_spin.missing()))


def agree(ts: ir.TransitionSystem, reference: SearchResult | None = None) -> None:
    """SPIN has the reference's states, and those of its transitions that have a successor."""
    reference = reference or search_reference(ts, Limits(), None)
    spin = against_spin.search_spin(ts, reference.states, quick=True)
    assert (spin.states, spin.transitions) == (reference.states, reference.transitions - sum(reference.fatal.values()))


@needs_spin
def test_spin_finds_the_states_of_a_small_system() -> None:
    found = against_spin.search_spin(counter(3).build(), 4, quick=True)
    assert (found.states, found.transitions) == (4, 6)


@needs_spin
def test_a_smaller_graph_is_noticed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(against_spin, "export", lambda ts: promela.export(counter(2).build()))
    assert against_spin.compare("a/counter", counter(3).build()) is False
    assert " NO " in capsys.readouterr().out


@needs_spin
def test_a_search_that_does_not_get_to_the_end_is_no_answer() -> None:
    b = Builder("long")
    x = b.scalar("x", 0, 5000)
    a = b.context("A")
    a.stop("again")
    a.wait(op("<", x[0], 5000))
    a.store(x, op("+", x[0], 1), goto="again")
    a.end()
    with pytest.raises(against_spin.SpinError, match="did not explore everything"):
        against_spin.search_spin(b.build(), 1, quick=True)


@needs_spin
def test_a_step_that_fails_late_leaves_no_state_behind() -> None:
    b = Builder("late")
    x, y = b.scalar("x", 0, 3), b.scalar("y", 0, 3)
    add_late_failures(b, x, y)
    ts = b.build()
    assert against_spin.search_spin(ts, 1, quick=True).states == search_reference(ts, Limits(), None).states == 1


@needs_spin
def test_numbers_beyond_64_bits_are_exact() -> None:
    b = Builder("wide")
    x, big = b.scalar("x", 0, 7), b.scalar("big", 0, 2**64 - 1, start=2**64 - 1)
    a = b.context("A")
    a.stop()
    a.store(x, op("+", op(">", op("*", big[0], 3), big[0]), op("==", ir.Wrap(64, True, big[0]), -1)))
    a.store(big, op("-", op("//", op("<<", big[0], 2), 4), 1))
    a.wait(op("and", op("==", x[0], 2), op("==", big[0], 2**64 - 2)))
    a.end()
    ts = b.build()
    agree(ts)
    assert against_spin.search_spin(ts, 2, quick=True).states == 2


def test_numbers_beyond_128_bits_are_refused() -> None:
    b = Builder("too-wide")
    x = b.scalar("x", 0, 2**64 - 1)
    a = b.context("A")
    a.stop()
    a.store(x, op("*", x[0], op("*", x[0], x[0])))
    a.end()
    with pytest.raises(graph.NotExportableError, match="128 bits do not hold"):
        promela.export(b.build())


@needs_spin
@pytest.mark.parametrize(
    "model", ["rcu/synchronize_rcu_waits_for_readers", "memory/use_after_kfree", "wait/two_waiters_one_wake_up"]
)
def test_spin_agrees_on_a_primitive(model: str) -> None:
    agree(measure.primitive(model))


@needs_spin
@settings(max_examples=5, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(systems())
def test_spin_agrees_on_random_systems(ts: ir.TransitionSystem) -> None:
    agree_unless_too_wide(ts)


@needs_spin
@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=RELAXED)
@given(systems())
def test_spin_agrees_on_many_random_systems(ts: ir.TransitionSystem) -> None:
    agree_unless_too_wide(ts)


def agree_unless_too_wide(ts: ir.TransitionSystem) -> None:
    try:
        promela.export(ts)
    except graph.NotExportableError:
        assume(False)
    reference = search_reference(ts, Limits(max_states=2000), None)
    assume(reference.complete)
    agree(ts, reference)


@needs_spin
@pytest.mark.slow
def test_spin_agrees_on_a_scenario() -> None:
    agree(compile_scenario(content.load(measure.ROOT), "delete_against_backlog"))


def test_the_export_owes_nothing_to_the_engines() -> None:
    assert imported_from_psockmc(promela, exact_c, graph, bounds) == {"psockmc.ir"}


def test_every_step_is_exported_once_for_each_choice() -> None:
    b = Builder("choices")
    p = b.context("A")
    v = p.local("v", 0, 3)
    p.stop()
    p.choose(v, 4)
    p.stop()
    p.emit(ir.Nop())
    p.end()
    assert promela.export(b.build()).model.count(":: d_step") == 4


@needs_spin
@pytest.mark.slow
def test_spin_stores_the_same_states_of_a_small_benchmark() -> None:
    ts = objects(processes=2, readers=2, rounds=1)
    expected = search_native(ts, Limits(), None).states
    assert against_spin.search_spin(ts, expected).states == expected


def test_a_cell_that_nobody_changes_is_no_part_of_the_state() -> None:
    ts = counter(3).build()
    still = dataclasses.replace(ts, contexts=tuple(dataclasses.replace(c, nodes=c.nodes[-1:]) for c in ts.contexts))
    assert 0 in graph.changing_cells(ts)
    assert 0 not in graph.changing_cells(still)


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert against_spin.main(["primitives"]) == 2
    assert capsys.readouterr().err == "spin is not on this machine: install the Debian package spin\n"


def test_an_unknown_scenario_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(against_spin, "missing", lambda: None)
    assert against_spin.main(["delete_against_backlok"]) == 2
    assert "delete_against_backlok" in capsys.readouterr().err
