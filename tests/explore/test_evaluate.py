"""Expressions along a trace."""

from __future__ import annotations

import pytest

from psockmc.explore.evaluate import BadExpression, along
from tests.render.tracing import recorded


def values(expression: str, name: str = "use-after-free") -> list[tuple[int, str]]:
    """The value at the beginning (0) and after each step that changes it."""
    return [(point.step.number if point.step else 0, point.value) for point in along(recorded(name), expression)]


def first(expression: str, name: str = "use-after-free") -> str:
    """The value at the beginning."""
    return values(expression, name)[0][1]


def test_a_field_is_what_the_steps_make_of_it() -> None:
    trace = recorded("use-after-free")
    changes = [(s.number, c.new) for s in trace.steps for c in s.changes if c.cell == "sk0.sk_user_data"]
    assert values("sk0.sk_user_data") == [(0, "psock0"), *changes]


def test_what_is_read_of_a_freed_object_has_no_value() -> None:
    assert values("psock0.sk")[-1] == (8, "undefined: psock0 is freed")


def test_pointers_are_followed_until_they_are_null() -> None:
    found = values("sk0.sk_user_data.refcnt.refs")
    assert found[0] == (0, "1")
    assert found[-1][1] == "undefined: sk0.sk_user_data is NULL"


def test_lists_have_a_length_and_members() -> None:
    assert [value for _, value in values("len(psock0.ingress_msg)", "leak")] == ["0", "1", "2", "1"]
    assert [value for _, value in values("msg0 in psock0.ingress_msg", "leak")] == ["false", "true", "false"]


def test_an_object_is_itself_whether_it_lives_or_not() -> None:
    changed = [number for number, _ in values("sk0.sk_user_data == psock0")]
    assert changed == [number for number, _ in values("sk0.sk_user_data")]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("psock0.refcnt.refs + 2 * 3", "7"),
        ("-7 // 2", "-3"),
        ("-7 % 2", "-1"),
        ("1 if sk0.sk_user_data else 2", "1"),
        ("not psock0.work.pending", "true"),
        ("psock0.work.running", "nobody"),
        ("psock0.work.running or sk0.sk_socket", "false"),
        ("psock0.work.func == sk_psock_backlog", "true"),
        ("0 <= psock0.refcnt.refs < 2", "true"),
        ("sk0.sk_user_data is not NULL and sk0.sk_user_data.sk == sk0", "true"),
    ],
)
def test_operators_mean_what_they_mean_in_the_language(expression: str, value: str) -> None:
    assert first(expression) == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("psock0.refcnt ==", "is no expression: write one like psock0.refcnt.refs == 0"),
        ("psock7.refcnt", "the trace has no psock7.refcnt: psockmc trace --format itf lists its names"),
        ("psock0.work.func + 1", "`psock0.work.func` is sk_psock_backlog, and no number"),
        ("len(psock0.refcnt.refs)", "`psock0.refcnt.refs` is 1, and no list"),
        ("__import__('os').system('true')", "names no object|cannot be evaluated along a trace"),
        ("[x for x in psock0]", "cannot be evaluated along a trace"),
        ("'text'", "cannot be evaluated along a trace"),
    ],
)
def test_what_means_nothing_is_refused(expression: str, message: str) -> None:
    with pytest.raises(BadExpression, match=message):
        values(expression)
