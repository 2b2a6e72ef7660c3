"""Lists: order, membership, and walking one that changes."""

from __future__ import annotations

import pytest

from tests.ir.tiny import Tiny, define

THREE = ["list_add(box0, top0.list)", "list_add_tail(box1, top0.list)", "list_add(box2, top0.list)"]
BOX2 = "\nbox2 = instance(box)\n"


def test_the_order_of_a_list() -> None:
    body = [*THREE, "n: Int[0, 9] = 0", "for x in top0.list:\n    n += 1\n    x.a = n"]
    check = "check(box2.a == 1 and box0.a == 2 and box1.a == 3, 'new ones first, at the tail last')"
    assert Tiny(*body, check, code=BOX2).violated == {}


def test_a_deleted_element_leaves_the_others_in_order() -> None:
    body = [*THREE, "list_del(box0, top0.list)", "x = list_first_entry_or_null(top0.list)"]
    body += ["y = list_next_entry_or_null(x, top0.list)", "z = list_next_entry_or_null(y, top0.list)"]
    assert Tiny(*body, "check(x == box2 and y == box1 and z == NULL, 'two')", code=BOX2).violated == {}


@pytest.mark.parametrize("leave", ["break", "return"])
def test_a_loop_over_a_list_may_delete_the_element_and_leave(leave: str) -> None:
    body = [*THREE, f"for x in top0.list:\n    list_del(x, top0.list)\n    if x == box0:\n        {leave}"]
    code = (
        BOX2
        + '\n@at_end("I01", "the last one is left")\ndef left() -> bool:\n    return list_first_entry_or_null(top0.list) == box1\n'
    )
    assert Tiny(*body, code=code, properties="[left]").violated == {}


def test_a_loop_over_a_list_may_go_on_with_the_next() -> None:
    body = [*THREE, "for x in top0.list:\n    if x == box0:\n        continue\n    x.a = 1"]
    assert Tiny(*body, "check(box2.a == 1 and box0.a == 0 and box1.a == 1, 'all but one')", code=BOX2).violated == {}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (["list_add(box0, top0.list)", "list_add(box0, top0.more)"], "f: list_add(box0, top0.more): the element is on a list already"),
        (["list_add(box0, top0.list)", "list_del(box0, top0.more)"], "f: list_del(box0, top0.more): the element is not on this list"),
        (["x = list_next_entry_or_null(box0, top0.list)"],
         "f: x = list_next_entry_or_null(box0, top0.list): follows an element that is not on this list (any more)"),
    ],
)  # fmt: skip
def test_a_list_that_is_misused_is_corrupt(body: list[str], message: str) -> None:
    assert Tiny(*body).violated == {"list-corruption": message}


def test_an_unlocked_walk_over_a_list_that_shrinks_is_found() -> None:
    prepare = define("prepare", "list_add(box0, top0.list)", "list_add(box1, top0.list)")
    walk = define("g", "for x in top0.list:\n    x.a = 1")
    tiny = Tiny("list_del(box0, top0.list)", code=prepare + walk, run="process(f), process(g)", setup="prepare")
    assert set(tiny.violated) == {"data-race", "list-corruption"}


def test_a_list_that_only_the_setup_filled_is_still_emptied() -> None:
    prepare = define("prepare", "list_add(box0, top0.list)")
    body = ["if not list_empty(top0.list):\n    list_del(box0, top0.list)", "x = list_empty(top0.list)", "box0.yes = x"]
    assert Tiny(*body, "check(box0.yes, 'empty now')", code=prepare, setup="prepare").violated == {}


def test_a_list_that_nobody_fills_stays_empty() -> None:
    body = ["if list_empty(top0.list):\n    box0.a = 1", "x = list_first_entry_or_null(top0.list)"]
    assert Tiny(*body, "check(x == NULL and box0.a == 1, 'empty')").violated == {}
