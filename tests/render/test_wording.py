"""Short names and statements on one line."""

from __future__ import annotations

import pytest

from psockmc.explore.tracedata import Change
from psockmc.render.wording import Wording, statement_text
from tests.render.making import Maker
from tests.render.tracing import recorded


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("if refcount_dec_and_test(psock.refcnt):", "if refcount_dec_and_test(psock.refcnt)"),
        ("wait_event( wq, not a or b, )", "wait_event(wq, not a or b)"),
        ("f(x[ 1 ], y)", "f(x[1], y)"),
        ("check(a, 'x: y')", "check(a, 'x: y')"),
    ],
)
def test_statements_are_one_line_of_code(text, shown):
    assert statement_text(text) == shown


def wording() -> Wording:
    """Of a trace that touches two sockets and one psock."""
    maker = Maker(1)
    for cell in ("sk0.state", "sk1.state", "psock0.work.running", "psock0.work.pending"):
        maker.step(0, "x", changes=[(cell, "0", "1")])
    return Wording(maker.trace())


@pytest.mark.parametrize(
    ("cell", "short"),
    [
        ("sk0.state", "sk0.state"),
        ("psock0.work.pending", "work.pending"),
        ("psock0.other", "other"),
        ("psock0", "psock0"),
    ],
)
def test_the_object_is_named_only_where_it_matters(cell, short):
    assert wording().short(cell) == short


def test_the_only_field_of_an_embedded_struct_is_left_out():
    assert Wording(recorded("use-after-free")).short("psock0.refcnt.refs") == "refcnt"
    assert Wording(recorded("use-after-free")).short("psock0.work.pending") == "work.pending"


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (Change("sk0.lock.owner", "nobody", "CPU0", "lock", 0), ""),
        (Change("psock0.work.running", "nobody", "CPU0", "context", 0), ""),
        (Change("psock0.work.running", "CPU0", "nobody", "context", 0), "work.running CPU0 -> nobody"),
        (Change("psock0", "free", "live", "status", 0), "psock0 allocated"),
        (Change("psock0", "live", "freed", "status", 0), "psock0 freed"),
        (Change("psock0.rcu.grace_period", "{}", "{CPU1}", "grace-period", 0), "waits for {CPU1}"),
        (Change("psock0.rcu.grace_period", "{CPU1}", "{}", "grace-period", 0), ""),
        (Change("sk0.state", "1", "2", "value", 0), "sk0.state 1 -> 2"),
    ],
)
def test_notes_of_changes(change, note):
    assert wording().change(change) == note
