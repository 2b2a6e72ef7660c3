"""The short name of a compiled scenario: the same for the same system."""

from __future__ import annotations

from dataclasses import replace

from psockmc.ir.fingerprint import fingerprint
from psockmc.ir.lower import compile_scenario
from psockmc.lang import load_source

MODEL = """
from psockmc.lang import Int, Struct, instance, process, scenario, user


class box(Struct):
    a: Int[0, 9]


box0 = instance(box)


@user
def one() -> None:
    box0.a = 1


s = scenario("one step", run=[process(one)], pools={}, properties=[])
"""


def test_sets_that_are_listed_in_another_order_change_nothing() -> None:
    ts = compile_scenario(load_source(MODEL, "m.py"), "s")
    one, other = frozenset([0, 8]), frozenset([8, 0])
    assert repr(one) != repr(other), "chosen so that they are listed in another order"
    assert fingerprint(replace(ts, begun=one)) == fingerprint(replace(ts, begun=other))
    assert fingerprint(replace(ts, begun=one)) != fingerprint(replace(ts, begun=frozenset([0])))
