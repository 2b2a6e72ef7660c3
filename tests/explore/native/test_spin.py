"""A third opinion: SPIN stores as many states of an exported system as the engines do."""

from __future__ import annotations

import shutil

import pytest

from bench.objects import objects
from bench.spin import NotExportableError, promela, run_spin
from psockmc.explore.limits import Limits
from psockmc.explore.native import search_native
from psockmc.ir import system as ir
from tests.explore.native.systems import Builder


def test_values_beyond_32_bits_are_not_exported() -> None:
    b = Builder("wide")
    b.scalar("x", 0, 2**32)
    with pytest.raises(NotExportableError, match=r"the values 0\.\.4294967296"):
        promela(b.build())


def test_every_step_is_exported_once_for_each_choice() -> None:
    b = Builder("choices")
    p = b.context("A")
    v = p.local("v", 0, 3)
    p.stop()
    p.choose(v, 4)
    p.stop()
    p.emit(ir.Nop())
    p.end()
    assert promela(b.build()).count(":: d_step") == 5


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("spin") is None, reason="SPIN is not installed")
def test_spin_stores_the_same_states() -> None:
    ts = objects(processes=2, readers=2, rounds=1)
    assert run_spin(ts).states == search_native(ts, Limits(), None).states
