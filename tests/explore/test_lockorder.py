"""Which orders of locks are findings; edges are written by hand."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from psockmc.explore.lockorder import class_graph, lock_order
from psockmc.explore.result import LockEdge, SearchResult
from psockmc.ir.system import Context, LockClass, TransitionSystem

A, B, C = range(3)
TASK, SOFTIRQ, HARDIRQ = range(3)


def context(index: int) -> Context:
    kind = ("process", "softirq", "hardirq")[index]
    return Context(index, f"CPU{index}", kind, index, index, index, (), (), (), (), ())


TS = TransitionSystem(
    name="locks",
    sentence="",
    cells=(),
    fields=(),
    pools=(),
    contexts=(context(TASK), context(SOFTIRQ), context(HARDIRQ)),
    statements=(),
    properties=(),
    covers=(),
    locks=(LockClass("A", 0, -1), LockClass("B", 1, -1), LockClass("C", 2, -1)),
    gp_cells=(),
    initial=(),
    bounds=(),
    assumptions=(),
    omissions=(),
)

NOTHING = SearchResult("reference", 1, 0, 0, True, "", 0.0, (), (), {}, {}, frozenset(), frozenset(), 1)


def order(held: int, taken: int, *, held_write: bool = True, taken_write: bool = True) -> LockEdge:
    """A task takes `taken` inside `held`, with interrupts off (so that there is no inversion)."""
    return LockEdge(held, held_write, taken, taken_write, TASK, True, True, 0, ((),))


def use(lock: int, context: int, *, write: bool = True, bh_off: bool = False, irq_off: bool = False) -> LockEdge:
    return LockEdge(-1, False, lock, write, context, bh_off, irq_off, 0, ((),))


def cycles(*edges: LockEdge) -> list[set[tuple[int, int]]]:
    found = lock_order(TS, replace(NOTHING, lock_edges=edges)).cycles
    return [{(e.held, e.taken) for e in cycle.edges} for cycle in found]


def inversions(*edges: LockEdge) -> list[tuple[int, int, int]]:
    found = lock_order(TS, replace(NOTHING, lock_edges=edges)).inversions
    return [(i.inside.taken, i.inside.context, i.outside.context) for i in found]


def test_one_order_is_no_cycle() -> None:
    assert cycles(order(A, B), order(B, C), order(A, C)) == []


def test_two_orders_against_each_other_are_a_cycle() -> None:
    assert cycles(order(A, B), order(B, A)) == [{(A, B), (B, A)}]


def test_a_cycle_may_have_three_classes() -> None:
    assert cycles(order(A, B), order(B, C), order(C, A)) == [{(A, B), (B, C), (C, A)}]


def test_a_shorter_cycle_does_not_hide_another_one() -> None:
    assert cycles(order(A, B), order(B, A), order(B, C), order(C, B)) == [{(A, B), (B, A)}, {(B, C), (C, B)}]


def test_two_instances_of_a_class_are_a_cycle() -> None:
    assert cycles(order(A, A)) == [{(A, A)}]


def test_two_instances_read_inside_each_other_are_no_cycle() -> None:
    assert cycles(order(A, A, held_write=False, taken_write=False)) == []


def test_a_reader_inside_a_writer_of_another_instance_is_a_cycle() -> None:
    assert cycles(order(A, A, held_write=True, taken_write=False)) == [{(A, A)}]


def test_readers_on_both_sides_of_a_joint_break_the_cycle() -> None:
    assert cycles(order(A, B, taken_write=False), order(B, A, held_write=False)) == []


def test_a_writer_on_one_side_of_a_joint_closes_the_cycle() -> None:
    assert cycles(order(A, B, taken_write=False), order(B, A)) == [{(A, B), (B, A)}]


def test_the_mere_use_of_locks_is_no_order() -> None:
    found = lock_order(TS, replace(NOTHING, lock_edges=(use(A, TASK), use(B, TASK))))
    assert (found.cycles, found.orders, found.classes) == ((), 0, 2)


def test_a_lock_of_a_softirq_held_with_bottom_halves_on_is_an_inversion() -> None:
    assert inversions(use(A, SOFTIRQ), use(A, TASK)) == [(A, SOFTIRQ, TASK)]


def test_bottom_halves_off_keep_the_softirq_out() -> None:
    assert inversions(use(A, SOFTIRQ), use(A, TASK, bh_off=True)) == []


def test_interrupts_off_keep_the_softirq_out() -> None:
    assert inversions(use(A, SOFTIRQ), use(A, TASK, irq_off=True)) == []


def test_bottom_halves_off_do_not_keep_a_hardirq_out() -> None:
    assert inversions(use(A, HARDIRQ), use(A, TASK, bh_off=True)) == [(A, HARDIRQ, TASK)]


def test_a_softirq_is_hit_by_a_hardirq() -> None:
    assert inversions(use(A, HARDIRQ), use(A, SOFTIRQ, bh_off=True)) == [(A, HARDIRQ, SOFTIRQ)]


def test_readers_in_both_contexts_are_no_inversion() -> None:
    assert inversions(use(A, SOFTIRQ, write=False), use(A, TASK, write=False)) == []


def test_a_reader_in_the_softirq_against_a_writer_is_an_inversion() -> None:
    assert inversions(use(A, SOFTIRQ, write=False), use(A, TASK)) == [(A, SOFTIRQ, TASK)]


def test_another_class_is_no_inversion() -> None:
    assert inversions(use(A, SOFTIRQ), use(B, TASK)) == []


def test_an_inversion_says_who_and_where() -> None:
    (found,) = lock_order(TS, replace(NOTHING, lock_edges=(use(A, SOFTIRQ), use(A, TASK)))).inversions
    assert found.sentence(TS) == "CPU0 takes A with bottom halves enabled, and CPU1 takes it in softirq context"


def test_two_instances_say_so() -> None:
    (found,) = lock_order(TS, replace(NOTHING, lock_edges=(order(A, A),))).cycles
    assert found.sentence(TS) == "CPU0 holds two locks of class A at once"


def test_the_class_graph_has_every_class_and_each_order_once() -> None:
    graph = class_graph(TS, replace(NOTHING, lock_edges=(order(A, B), order(A, B, taken_write=False), use(C, TASK))))
    assert (sorted(graph.nodes), list(graph.edges)) == (["A", "B", "C"], [("A", "B")])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=8))
def test_writers_have_a_cycle_exactly_when_their_graph_has_one(orders: list[tuple[int, int]]) -> None:
    import networkx as nx

    edges = [order(held, taken) for held, taken in orders]
    acyclic = nx.is_directed_acyclic_graph(nx.DiGraph(orders))
    assert (not cycles(*edges)) == acyclic


def test_the_same_order_in_two_places_is_judged_once_by_the_shorter_way() -> None:
    far, near = replace(order(A, A), path=((), ())), replace(order(A, A), site=1)
    assert [cycle.edges for cycle in lock_order(TS, replace(NOTHING, lock_edges=(far, near))).cycles] == [(near,)]
