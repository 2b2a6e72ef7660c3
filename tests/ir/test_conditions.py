"""Conditions of `check`, `assume` and properties are evaluated in one state, and as C would."""

from __future__ import annotations

import pytest

from psockmc.lang import ModelErrors
from tests.ir.tiny import Tiny, define


@pytest.mark.parametrize(
    ("before", "condition"),
    [
        ("box0.signed = -1", "(box0.signed if box0.a == 0 else box0.wide) == 4294967295"),
        ("box0.wide = 256", "is_zero(box0.wide)"),
        ("box0.wide = 256", "low(box0.wide) == 0"),
        ("box0.wide = 7", "low(box0.wide) == 7"),
        ("box0.a = 2", "box0.cells[box0.a] == 0"),
        ("box0.flags = ~box0.flags", "box0.flags == (1 << LOW) | (1 << MIDDLE) | (1 << HIGH)"),
        ("box0.b = 1", "test_bit(LOW, box0.flags) == False and READ_ONCE(box0.b) == 1"),
        ("list_add(box1, top0.list)", "list_first_entry_or_null(top0.list) == box1 and not list_empty(top0.list)"),
        ("list_add(box1, top0.list)", "count(x == box1 for x in top0.list) == 1 and any(x == box1 for x in top0.list)"),
        ("box0.cells[1] = 4", "count(x == 0 for x in box0.cells) == 2"),
        ("box0.a = 1", "count(True for x in box if x.a == 1) == 1 and all(x.a < 2 for x in box)"),
        ("box0.set = current_bit()", "box0.set == current_bit()"),
        ("top0.box = box1", "live(top0.box) and top0.box != box0"),
        ("box0.next = NULL", "box0.next.a == 0 and not live(box0.next)"),
        ("box0.a = 1", "nested(box0) and current() == current()"),
        ("x = box0.a", "-x == 0 and ~x == -1 and (x or not x)"),
    ],
)
def test_a_condition_is_evaluated_as_in_c(before: str, condition: str) -> None:
    code = define("is_zero", "return x == 0", params="x: u8", result="bool", decorator="pure")
    code += define("low", "if x == 7:\n    return 7", "return x", params="x: u32", result="u8", decorator="pure")
    code += define("nested", "return first(x.cells[0])", params="x: Ptr[box]", result="bool", decorator="pure")
    code += define("first", "return v == 0", params="v: Int[0, 9]", result="bool", decorator="pure")
    assert Tiny(before, f"check({condition}, 'as in C')", code=code).violated == {}


def test_a_read_outside_an_array_gives_0_in_a_condition() -> None:
    body = ["box0.cells[0] = 5", "box1.cells[0] = 5", "box0.a = 3"]
    assert Tiny(*body, "check(box0.cells[box0.a] == 0, 'outside')").violated == {}


def test_a_quantifier_may_range_over_a_struct_without_objects() -> None:
    code = """
class other(Struct):
    z: Int[0, 3]


@invariant("I01", "all are 0")
def all_zero() -> bool:
    return all(x.z == 0 for x in other) and not any(x.z == 0 for x in other)
"""
    assert Tiny("box0.a = 1", code=code, properties="[all_zero]").violated == {}


def test_an_unwritten_branch_of_a_property_is_false() -> None:
    code = '\n@invariant("I01", "a is 0")\ndef a_is_zero(x: Ptr[box]) -> bool:\n    if x.a == 0:\n        return True\n    return False\n'
    assert Tiny("box0.a = 1", code=code, properties="[a_is_zero]").violated == {"I01": ""}


def test_a_condition_may_name_structs_functions_and_arrays_of_contexts() -> None:
    code = "\n\nclass per(Struct):\n    v: Array[Int[0, 3], CONTEXTS]\n    box: box_t\n\n\nper0 = instance(per)\n"
    code = "\n\nclass box_t(Struct):\n    n: Int[0, 3]\n" + code
    code += define("one", "x.a = 1", params="x: Ptr[box]")
    code += define("is_one", "return b.n == 1", params="b: box_t", result="bool", decorator="pure")
    code += define("me", "return v == 2", params="v: Int[0, 3]", result="bool", decorator="pure")
    body = ["box0.call = one", "per0.v[current()] = 2", "per0.box.n = 1"]
    condition = "box0.call == one and me(per0.v[current()]) and is_one(per0.box) and per0.box.n == 1"
    assert Tiny(*body, f"check({condition}, 'all')", code=code).violated == {}


def test_a_loop_that_may_go_round_without_a_step_is_refused() -> None:
    body = "x: Int[0, 3] = 0\nwhile x < 2:\n    if x == 1:\n        box0.a = 1\n    else:\n        x = 0"
    with pytest.raises(ModelErrors) as caught:
        Tiny(body)
    assert [d.code for d in caught.value.diagnostics] == ["E0900"]


def test_a_container_that_it_is_not_is_a_finding() -> None:
    code = "\n\nclass holder(Struct):\n    one: refcount_t\n    two: refcount_t\n\n\nholder0 = instance(holder)\n"
    code += define("g", 'x = container_of(c, holder, "one")', "box0.yes = x == holder0", params="c: refcount_t")
    assert Tiny("g(holder0.one)", "check(box0.yes, 'itself')", code=code).violated == {}
    assert set(Tiny("g(holder0.two)", code=code).violated) == {"use-after-free"}


def test_bits_are_tested_and_set_in_one_step() -> None:
    body = [
        "was = test_and_set_bit(MIDDLE, box0.flags)",
        "now = test_bit(MIDDLE, box0.flags)",
        "clear_bit(MIDDLE, box0.flags)",
    ]
    tiny = Tiny(*body, "check(not was and now and box0.flags == 0, 'as in C')")
    assert tiny.violated == {}
    assert tiny.result.depth == 4


def test_what_a_function_pointer_returns_is_called_too() -> None:
    code = define("one", "x.a = 1", params="x: Ptr[box]") + define(
        "pick", "return one", result="Callable[[Ptr[box]], None]"
    )
    code += "\n\nclass table(Struct):\n    pick: Callable[[], Callable[[Ptr[box]], None]]\n    all: Array[Callable[[Ptr[box]], None], 2]\n"
    code += "\n\ntable0 = instance(table)\n"
    body = [
        "table0.pick = pick",
        "p = table0.pick",
        "h = p()",
        "table0.all[1] = xchg(table0.all[0], h)",
        "g = table0.all[0]",
        "g(box0)",
    ]
    assert Tiny(*body, "check(box0.a == 1, 'called')", code=code).violated == {}
