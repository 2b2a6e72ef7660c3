"""What was refused once is not reported again where it is used."""

from __future__ import annotations

import pytest

from psockmc.lang import ModelErrors, load_source


def lines(text: str) -> list[tuple[str, int]]:
    with pytest.raises(ModelErrors) as caught:
        load_source(text)
    return [(d.code, d.span.line) for d in caught.value.diagnostics]


def test_uses_of_refused_definitions_are_silent() -> None:
    text = """
from psockmc.lang import Callable, Enum, Int, Ptr, Struct, instance, invariant, process, scenario, u32, user
size = Int[3]
LIMIT = nothing
class verdict(Enum):
    SK_DROP = x
    SK_PASS = 1
class sock(Struct):
    n: size
    bad: Unknown = 3
    ready: Callable[[Ptr[sock]], None]
one = instance(sokc)
two = instance(sock, bad=3)
@user
def head(n) -> None:
    pass
@invariant("I01", "x")
def prop(sk: Ptr[sock]) -> u32:
    return 3
@user
def f(sk: Ptr[sock]) -> None:
    sk.n = LIMIT
    v = SK_DROP
    head(one)
    sk.ready = head
    w = v
    two.bad = SK_PASS
s = scenario("x", run=[process(head, one), process(f, one)], properties=[prop])
"""
    assert lines(text) == [
        ("E0202", 3),
        ("E0504", 4),
        ("E0504", 6),
        ("E0201", 10),
        ("E0201", 12),
        ("E0302", 15),
        ("E0304", 18),
    ]


def test_a_refused_condition_does_not_hide_errors_in_its_blocks() -> None:
    text = """
from psockmc.lang import user
@user
def f() -> None:
    if a:
        b()
    else:
        c()
    while d:
        e()
    for i in g:
        h()
"""
    assert lines(text) == [("E0504", n) for n in (5, 6, 8, 9, 10, 11, 12)]


def test_a_function_with_errors_is_not_said_to_end_without_a_result() -> None:
    text = """
from psockmc.lang import u32, user
@user
def f() -> u32:
    return nothing
"""
    assert lines(text) == [("E0504", 5)]


def test_a_replacement_of_a_refused_function_is_silent(tmp_path_factory: pytest.TempPathFactory) -> None:
    from psockmc.lang import load_program

    root = tmp_path_factory.mktemp("root")
    (root / "a.py").write_text("from psockmc.lang import user\n@user\ndef f(n) -> None:\n    pass\n", encoding="utf-8")
    (root / "v.py").write_text(
        "from a import f\nfrom psockmc.lang import replaces\n@replaces(f)\ndef f() -> None:\n    pass\n",
        encoding="utf-8",
    )
    with pytest.raises(ModelErrors) as caught:
        load_program(root, [root / "a.py"], [root / "v.py"])
    assert [(d.code, d.span.file) for d in caught.value.diagnostics] == [("E0302", "a.py")]


def test_an_instance_without_the_import_of_its_word() -> None:
    assert lines("from psockmc.lang import Struct, u32\nclass sock(Struct):\n    n: u32\na = instance(sock)\n") == [
        ("E0504", 4)
    ]


def test_type_aliases_that_name_each_other() -> None:
    assert lines("from psockmc.lang import Array\na = Array[b, 2]\nb = Array[a, 2]\n") == [("E0210", 2)]
