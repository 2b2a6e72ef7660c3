"""Systems that break the contract, or are too large for this engine, are refused before any C is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from psockmc.explore.native.contract import check_contract
from psockmc.explore.native.errors import EngineError
from psockmc.ir import system as ir
from tests.explore.native.systems import Builder, op


def sound() -> ir.TransitionSystem:
    b = Builder("sound")
    x = b.scalar("x", 0, 3)
    b.grace_period("gp", 1)
    pool = b.pool("obj", 2, {"v": (0, 3, 1)}, live=1)
    b.pool("fixed", 1, {"w": (0, 3, 0)}, live=None)
    p = b.context("A")
    v, new = p.local("v", 0, 3), p.local("new", 0, 2, pool)
    p.local("idle", 0, 3)
    p.stop()
    p.choose(v, 4)
    p.stop()
    p.store(x, v)
    p.alloc(new, pool)
    p.stop()
    p.free(new, pool)
    p.end()
    return b.build()


Change = Callable[[ir.TransitionSystem], ir.TransitionSystem]


def with_cell(number: int, **changes: int) -> Change:
    return lambda ts: replace(
        ts, cells=(*ts.cells[:number], replace(ts.cells[number], **changes), *ts.cells[number + 1 :])
    )


def with_initial(number: int, value: int) -> Change:
    return lambda ts: replace(ts, initial=(*ts.initial[:number], value, *ts.initial[number + 1 :]))


def with_pool(number: int, **changes: object) -> Change:
    return lambda ts: replace(
        ts, pools=(*ts.pools[:number], replace(ts.pools[number], **changes), *ts.pools[number + 1 :])
    )


def with_context(**changes: object) -> Change:
    return lambda ts: replace(ts, contexts=(replace(ts.contexts[0], **changes),))


def with_node(number: int, **changes: object) -> Change:
    def change(ts: ir.TransitionSystem) -> ir.TransitionSystem:
        nodes = list(ts.contexts[0].nodes)
        nodes[number] = replace(nodes[number], **changes)
        return with_context(nodes=tuple(nodes))(ts)

    return change


def cell(name: str) -> int:
    return next(i for i, cell in enumerate(sound().cells) if cell.name == name)


def test_a_sound_system_passes() -> None:
    check_contract(sound())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda ts: replace(ts, initial=ts.initial[:-1]), "initial values for"),
        (with_initial(0, 4), "x[0] holds 0..3 and begins with 4"),
        (with_cell(0, hi=4), "x[0] does not hold the values 0..3 of its field x"),
        (with_pool(0, fields=((1, 1, 1),)), "gp does not belong to obj"),
        (with_pool(0, fields=((3, 1, 4),)), "obj.v does not belong to obj"),
        (with_pool(0, status=-1), "an object of obj cannot be allocated or freed at node 2 in context A"),
        (with_cell(cell("A.pc"), hi=2), "the program counter holds 0..2 and there are 4 stops"),
        (with_cell(cell("A.v"), hi=2), "A.v cannot hold v"),
        (lambda ts: with_cell(cell("A.idle"), lo=1)(with_initial(cell("A.idle"), 1)(ts)), "A.idle cannot hold 0"),
        (with_initial(cell("A.v"), 1), "A.v is not 0 at the beginning and not live"),
        (with_node(0, op=ir.Choose(0, 9)), "a misplaced or impossible choice at node 0 in context A"),
        (with_node(1, stop=-1, op=ir.Choose(0, 2)), "a misplaced or impossible choice"),
        (with_node(1, next=-1), "control leaves the context at node 1 in context A"),
        (with_node(1, next=99), "control leaves the context"),
        (with_node(1, op=ir.Branch(ir.Const(1))), "control leaves the context"),
    ],
)  # fmt: skip
def test_a_malformed_system_is_refused(change: Change, problem: str) -> None:
    with pytest.raises(EngineError) as caught:
        check_contract(change(sound()))
    assert "internal error: the transition system of sound is malformed" in str(caught.value)
    assert problem in str(caught.value)


def test_a_grace_period_that_may_be_negative_is_refused() -> None:
    b = Builder("negative")
    b.scalar("gp", -1, 3)
    b.gp_cells.append(0)
    with pytest.raises(EngineError, match=r"the grace period gp\[0\] may be negative"):
        check_contract(b.build())


def test_a_finding_of_an_invariant_is_refused() -> None:
    b = Builder("finding")
    number = b.property("I01", "invariant", 1)
    p = b.context("A")
    p.stop()
    p.emit(ir.Finding(number, "", False))
    p.end()
    with pytest.raises(EngineError, match="a finding of I01, which is no built-in property"):
        check_contract(b.build())


def many_contexts() -> ir.TransitionSystem:
    b = Builder("crowd")
    for index in range(64):
        b.context(f"C{index}").end()
    return b.build()


def many_objects() -> ir.TransitionSystem:
    b = Builder("heap")
    b.pool("obj", 64, {})
    return b.build()


def wide_local() -> ir.TransitionSystem:
    b = Builder("wide")
    p = b.context("A")
    p.local("v", 0, 2**127)
    p.end()
    return b.build()


@pytest.mark.parametrize(
    ("system", "problem"),
    [
        (many_contexts, "the native engine handles 63 contexts and crowd has 64"),
        (many_objects, "the native engine handles 63 objects per struct and obj has 64"),
        (wide_local, "the native engine computes with 128 bits and v in A needs more"),
    ],
)
def test_a_system_that_is_too_large_is_refused_with_advice(
    system: Callable[[], ir.TransitionSystem], problem: str
) -> None:
    with pytest.raises(EngineError) as caught:
        check_contract(system())
    assert str(caught.value) == f"{problem}: make the scenario smaller, or use --engine reference"


def test_a_constant_beyond_128_bits_is_refused() -> None:
    from psockmc.explore.limits import Limits
    from psockmc.explore.native import search_native

    b = Builder("constant")
    p = b.context("A")
    p.stop()
    p.emit(ir.Assume(op("<", 1, 2**130)))
    p.end()
    with pytest.raises(EngineError, match="computes with 128 bits"):
        search_native(b.build(), Limits(), None)
