"""Local work belongs to the step before it, and no behaviour is lost by that."""

from __future__ import annotations

import pytest

from tests.ir.tiny import Tiny, define

UNPUBLISH = define("f", "p = xchg(top0.box, NULL)", "kfree(p)")


@pytest.mark.parametrize(
    "reader",
    [
        ["p = READ_ONCE(top0.box)", "x = p.fixed if p else 0"],
        ["p = READ_ONCE(top0.box)", "if p:", "    x = p.fixed", "box0.a = 1"],
        ["p = READ_ONCE(top0.box)", "if p:", "    x = p.fixed", "    p = box1", "    p.a = 1"],
        ["rcu_read_lock()", "p = READ_ONCE(top0.box)", "rcu_read_unlock()", "if p and p.fixed == 3:", "    box1.a = 1"],
        ["p = READ_ONCE(top0.box)", "while p and p.fixed == 3:", "    p = READ_ONCE(box0.next)"],
        ["p = READ_ONCE(top0.box)", "if p and p.fixed == 3:", "    x = choose(3)"],
        ["p = READ_ONCE(top0.box)", "if p and p.fixed == 3:", "    spin_lock(top0.lock)", "    spin_unlock(top0.lock)"],
    ],
)
def test_a_constant_field_may_be_read_after_its_object_was_freed(reader: list[str]) -> None:
    code = UNPUBLISH + define("g", *reader)
    tiny = Tiny(code=code, run="process(f), process(g)", setup="publish", pools="{box: 1}")
    assert set(tiny.violated) == {"use-after-free"}
    assert "fixed" in tiny.violated["use-after-free"]


@pytest.mark.parametrize("leave", ["rcu_read_unlock()", "preempt_enable()", "local_bh_enable()"])
def test_the_last_read_of_a_section_is_done_in_it(leave: str) -> None:
    enter = {"rcu": "rcu_read_lock()", "pre": "preempt_disable()", "loc": "local_bh_disable()"}[leave[:3]]
    reader = define("g", enter, "p = READ_ONCE(top0.box)", "if p:", "    x = p.fixed", leave)
    late = define("g", enter, "p = READ_ONCE(top0.box)", leave, "if p:", "    x = p.fixed")
    code = "\nfrom psockmc.kernel.rcu import synchronize_rcu\n"
    code += define("f", "p = xchg(top0.box, NULL)", "synchronize_rcu()", "kfree(p)")
    for g, violated in ((reader, set()), (late, {"use-after-free"})):
        tiny = Tiny(code=code + g, run="process(f), process(g)", setup="publish", pools="{box: 1}")
        assert set(tiny.violated) == violated


def test_use_after_put_is_found_when_only_a_constant_field_is_read() -> None:
    prepare = define("prepare", "p = kzalloc(box, GFP_ATOMIC)", "refcount_set(p.refcnt, 2)", "top0.box = p")
    put = define("f", "p = top0.box", "if refcount_dec_and_test(p.refcnt):\n    kfree(p)", "else:", "    x = p.fixed")
    tiny = Tiny(code=prepare + put, run="process(f), process(f)", setup="prepare", pools="{box: 1}")
    assert tiny.violated["use-after-free"].startswith("f: x = p.fixed")


def test_a_constant_field_of_an_object_that_nobody_frees_is_no_step() -> None:
    assert Tiny("x = box0.fixed", "box0.a = x").result.states == 2
    code = define("g", "kfree(NULL if box0.a == 0 else top0.box)")
    alone = Tiny("p = READ_ONCE(top0.box)", "x = p.fixed", "p.a = x", code=code, setup="publish", pools="{box: 1}")
    assert alone.result.states == 3
    # in an atomic block the read is part of the block
    code = UNPUBLISH + define("g", "with atomic('both'):\n    p = top0.box\n    x = p.fixed if p else 0")
    both = Tiny(code=code, run="process(f), process(g)", setup="publish", pools="{box: 1}")
    assert "use-after-free" not in both.violated


def test_a_constant_field_that_is_read_before_each_of_two_ways_joins_them() -> None:
    body = ["p = READ_ONCE(top0.box)", "if choose():", "    x = p.fixed", "box0.a = 1"]
    tiny = Tiny(*body, code=define("g", "kfree(top0.box)"), setup="publish", pools="{box: 1}")
    assert tiny.violated == {}
    assert tiny.result.states == 1 + 1 + 2 + 1


def test_an_assumption_does_not_undo_the_step_before_it() -> None:
    code = '\n@invariant("I01", "a is not 1")\ndef a_is_not_1() -> bool:\n    return box0.a != 1\n'
    tiny = Tiny(
        "x = choose(2)",
        "box0.a = x",
        "assume(x == 0)",
        "assume(x != 3)",
        "box0.b = x",
        code=code,
        properties="[a_is_not_1]",
    )
    assert set(tiny.violated) == {"I01"}


def test_an_assumption_about_a_choice_prunes_the_choice() -> None:
    assert Tiny("x = choose(4)", "assume(x == 2)", "box0.a = x").result.states == 3


def test_an_assumption_does_not_undo_the_end_of_a_reader() -> None:
    before = Tiny("x = choose(2)", "rcu_read_lock()", "y = box0.a", "rcu_read_unlock()", "assume(x == 0)")
    assert before.result.states == 1 + 2 + 2 + 2 + 1


def test_what_a_context_does_before_its_first_step_is_covered() -> None:
    tiny = Tiny("cover('here')", "x = 1", "box0.a = x")
    assert tiny.covers == {"here"}
    assert tiny.result.states == 2
    ran = {tiny.ts.statements[i].text for i in tiny.result.statements}
    assert {"cover('here')", "x = 1", "box0.a = x"} <= ran


def test_a_failed_check_before_the_first_step_is_a_step() -> None:
    tiny = Tiny("x = 1", "check(x == 2, 'never')", "box0.a = x")
    assert tiny.violated == {"assert": "never"}
    assert tiny.result.states == 3


def test_what_is_left_out_is_no_statement() -> None:
    tiny = Tiny("box0.a = 1", "omits('box0.b')")
    assert [s.text for s in tiny.ts.statements if s.function == "f"] == ["box0.a = 1"]
    assert tiny.ts.omissions == ("f: box0.b",)
