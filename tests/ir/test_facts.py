"""What is known at a place without a step, and what a value is worth where it is used."""

from __future__ import annotations

import pytest

from psockmc.ir import system as ir
from psockmc.ir.lower import compile_scenario
from psockmc.lang import ModelErrors, load_source
from tests.ir.tiny import Tiny, define


def test_a_fact_is_converted_like_any_bool() -> None:
    body = ["preempt_disable()", "box0.wide = in_atomic()", "preempt_enable()"]
    assert Tiny(*body, "check(box0.wide == 1, 'true is 1')").violated == {}


def test_an_argument_that_is_a_fact_belongs_to_the_place_of_the_call() -> None:
    code = define("g", "preempt_disable()", "check(not was, 'was on')", "preempt_enable()", params="was: bool")
    assert Tiny("g(in_atomic())", code=code).violated == {}


def test_the_left_side_of_an_operator_is_a_fact_of_its_own_place() -> None:
    code = define("g", "rcu_read_lock()", "return True", result="bool")
    body = ["box0.yes = rcu_held() == g()", "rcu_read_unlock()", "check(not box0.yes, 'was outside')"]
    assert Tiny(*body, code=code).violated == {}


@pytest.mark.parametrize("fact", ["in_atomic()", "not in_atomic() or rcu_held()", "in_softirq() and in_atomic()"])
def test_code_that_a_fact_rules_out_is_not_built(fact: str) -> None:
    tiny = Tiny(f"if {fact}:", "    box0.a = 1", "else:", "    box0.b = 1")
    stores = [n.op for c in tiny.ts.contexts for n in c.nodes if isinstance(n.op, ir.Store)]
    assert len(stores) == 1


def test_the_complement_of_a_flag_word_stays_inside_the_word() -> None:
    tiny = Tiny("set_bit(MIDDLE, box0.flags)", "box0.others = ~box0.flags")
    assert not tiny.result.cuts
    check = "check(box0.others == (1 << LOW) | (1 << HIGH), 'the other two')"
    assert Tiny("set_bit(MIDDLE, box0.flags)", "box0.others = ~box0.flags", check).violated == {}


def test_the_complement_of_a_set_of_contexts_has_the_other_contexts() -> None:
    body = ["box0.set = ~current_bit()", "check(box0.set != 0, 'there are two')", "box0.set = ~box0.set"]
    tiny = Tiny(*body, "check(box0.set == current_bit(), 'me')", run="process(f), process(g)", code=define("g", "pass"))
    assert (tiny.violated, tiny.result.cuts) == ({}, {})


def test_an_argument_beyond_the_bounds_of_its_parameter_cuts() -> None:
    code = define("g", "box0.b = x", params="x: Int[0, 3]")
    tiny = Tiny("y = box0.a", "g(y)", code=code + define("prepare", "box0.a = 9"), setup="prepare")
    assert tiny.result.cuts == {"argument holds 0..3 only": 1}
    assert Tiny("box0.a = 9", "y = box0.a", "g(y)", code=code).result.cuts == {"argument holds 0..3 only": 1}


def test_null_on_both_sides_is_null() -> None:
    assert Tiny("box0.next = NULL if box0.a == 0 else NULL", "check(box0.next == NULL, 'none')").violated == {}


def test_an_unknown_kind_of_finding_is_an_error() -> None:
    text = """
from psockmc.lang import Int, Struct, finding, instance, primitive, process, scenario


class box(Struct):
    a: Int[0, 9]


box0 = instance(box)


@primitive
def f() -> None:
    box0.a = 1
    finding("lock-use", "no such kind")


s = scenario("a misspelt kind", run=[process(f)])
"""
    program = load_source(text, "psockmc/kernel/model.py")
    with pytest.raises(ModelErrors) as caught:
        compile_scenario(program, "s")
    (error,) = caught.value.diagnostics
    assert (error.code, error.help) == ("E0902", "did you mean `lock-usage`?")
