"""The order of locks: the graph, its picture and its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from xml.etree import ElementTree

import pytest

from psockmc.orders import Taking
from psockmc.reports import locks
from psockmc.reports.locks import LockGraph
from tests.reports.small import MODELS, Small

SVG = "{http://www.w3.org/2000/svg}"
HELD = Taking("A", "write", "B", "write", "CPU0", "process", 0, True, False, ("sys_close", "drop"), "net/x.c", 4)
HOSTILE = "</text><script>x</script>|`*"


@cache
def pages(*scenarios: str) -> dict[str, str]:
    return dict(locks.pages(Small(MODELS / "locks.py", *scenarios)))


def graph(*takings: Taking) -> LockGraph:
    uses = [replace(t, held="", taken=name) for t in takings for name in {t.held, t.taken} - {""}]
    return LockGraph({f"s{i}": (t,) for i, t in enumerate([*takings, *uses])})


def test_the_page_of_a_small_model(golden: Callable[[str, str], None]) -> None:
    golden(pages("no_deadlock", "inversion")["lock-order.md"], "lock-order.md")


def test_the_picture_of_a_small_model(golden: Callable[[str, str], None]) -> None:
    golden(pages("no_deadlock", "inversion")["lockgraph.svg"], "lockgraph.svg")


def test_every_function_that_takes_a_lock_inside_another_is_named() -> None:
    page = pages("three_orders")["lock-order.md"]
    assert "| `sk_psock.link_lock` **CYCLE** | `sk_psock.ingress_lock` | `sk_psock_stop` | process |" in page


def test_the_shortest_run_of_all_scenarios_is_the_witness() -> None:
    found = graph(replace(HELD, steps=9), replace(HELD, context="CPU1")).nearest["A", "B"]
    assert (found.scenario, found.taking.steps) == ("s1", 4)


def test_orders_of_different_scenarios_may_make_a_cycle() -> None:
    both = graph(HELD, replace(HELD, held="B", taken="A", calls=("send",)))
    assert both.bad == {("A", "B"), ("B", "A")}
    (cycle,) = both.cycles
    assert locks.cycle_sentence(both, cycle) == "drop() takes B inside A; send() takes A inside B"
    assert locks.picture(both).count("CYCLE inside") == 2


def test_readers_inside_readers_make_no_cycle() -> None:
    reading = replace(HELD, held_mode="read", taken_mode="read")
    assert graph(reading, replace(reading, held="B", taken="A")).cycles == []


def test_a_class_inside_itself_is_a_cycle() -> None:
    twice = graph(replace(HELD, taken="A"))
    assert twice.bad == {("A", "A")}
    assert "CYCLE inside another:" in locks.picture(twice)


def test_an_interrupt_that_may_find_its_lock_held_is_named() -> None:
    use = replace(HELD, held="", bh_off=False)
    found = graph(use, replace(use, kind="softirq", level=1, calls=("rcv",)))
    (inversion,) = found.inversions
    sentence = "drop() takes B with bottom halves enabled, and rcv() takes it in a softirq"
    assert locks.inversion_sentence(found, inversion) == sentence
    assert sentence in locks.picture(found)


def test_classes_stand_below_those_that_they_are_taken_inside_of() -> None:
    assert graph(replace(HELD, held="C"), replace(HELD, taken="C")).classes == ["A", "C", "B"]


def test_without_cycles_the_picture_has_nothing_red() -> None:
    root = ElementTree.fromstring(locks.picture(graph(HELD)))
    assert not [e for e in root.iter() if "bad" in (e.get("class") or "").split()]


@pytest.mark.parametrize("part", ["held", "taken", "context"])
def test_markup_in_names_stays_text(part: str) -> None:
    found = graph(replace(HELD, **{part: HOSTILE}))
    tags = {element.tag for element in ElementTree.fromstring(locks.picture(found)).iter()}
    assert f"{SVG}script" not in tags
    assert "<script" not in locks.document(found, {})
