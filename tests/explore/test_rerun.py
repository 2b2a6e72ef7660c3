"""Runs told as text, and the tests that are written of them: they are performed again, or it is said why not."""

from __future__ import annotations

import re
import types

import pytest

import psockmc.rerun
from psockmc.explore.rerun import NoLongerViolated, Rerun, RunIsGone
from psockmc.explore.trace import build_trace
from psockmc.ir.system import TransitionSystem
from psockmc.render.trace_pytest import NoTest, trace_pytest
from tests.explore.test_liveness import goal, kernel
from tests.ir.tiny import Tiny
from tests.render.making import Maker
from tests.render.outcomes import HOSTILE
from tests.render.tracing import CASES, built, case, recorded

ORDERS = ("lock-order", "irq-inversion")


def perform(source: str, ts: TransitionSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test in a source on this system instead of the checkout's."""
    monkeypatch.setattr(psockmc.rerun, "rerun", lambda *named: Rerun(ts))
    names: dict[str, object] = {}
    exec(compile(source, "<test>", "exec"), names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    assert isinstance(test, types.FunctionType)
    test()


@pytest.mark.parametrize("name", [name for name in CASES if name not in ORDERS])
def test_each_kind_of_failure_is_a_test_that_passes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    perform(trace_pytest(built(name)), case(name).ts, monkeypatch)


@pytest.mark.parametrize("name", ["use-after-free", "data-race", "invariant"])
def test_the_source_is_as_one_would_write_it(name: str, golden) -> None:
    golden(trace_pytest(recorded(name)), f"{name}.py.txt")


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_of_locks_is_refused(name: str) -> None:
    with pytest.raises(NoTest, match="several runs, and a trace has only one of them"):
        trace_pytest(recorded(name))


SPIN = kernel("spin", "while not READ_ONCE(box0.yes):\n    box0.b = 1")


@pytest.fixture(scope="module")
def going_round() -> Tiny:
    return Tiny(code=SPIN + goal("box0.yes"), run="process(spin)", properties="[goal]")


@pytest.mark.parametrize(("id", "loop"), [("G", False), ("livelock", True)])
def test_a_run_that_may_end_or_goes_round_is_a_test_that_passes(
    id: str, loop: bool, going_round: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = [v for v in going_round.result.violations if going_round.ts.properties[v.property].id == id]
    source = trace_pytest(build_trace(going_round.ts, found))
    assert ("loop=" in source) == loop
    perform(source, going_round.ts, monkeypatch)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"return rcu_dereference(sk.sk_user_data)"',
            '"return 0"',
            r"step 2: .* executes `return rcu_.*, not `return 0`",
        ),
        ("refs 1 -> 0", "refs 1 -> 7", r"changes .* -> 0.*, not .* -> 7"),
        ('run.step("sock_map_close"', 'run.step("sock_map_kill"', "there is no context sock_map_kill, only "),
        ('run.step("sock_map_close"', 'run.step("psock0.work"', "psock0.work cannot execute .*: it is idle"),
        ('rcu_read_lock()")', 'rcu_read_lock()", choice=3)', "has no choice 3 here, only 1 of them"),
        ('run.violates("refcount"', 'run.violates("I99"', "the scenario has no property I99"),
    ],
)
def test_a_run_that_the_models_have_not_any_more_says_where(
    old: str, new: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = trace_pytest(built("three-contexts"))
    assert old in source
    with pytest.raises(RunIsGone, match="the models have changed, and the run does not exist any more") as error:
        perform(source.replace(old, new), case("three-contexts").ts, monkeypatch)
    assert re.search(said, str(error.value))


@pytest.mark.parametrize("name", ["use-after-free", "invariant", "data-race", "deadlock-two-locks"])
def test_a_run_that_violates_nothing_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = trace_pytest(built(name))
    other = re.sub(r"run\.violates\(.*", 'run.violates("leak")\n', source, flags=re.DOTALL)
    with pytest.raises(NoLongerViolated, match="the run is still one of the models, but it does not violate leak: "):
        perform(other, case(name).ts, monkeypatch)


def test_hostile_names_are_text_and_nothing_else() -> None:
    maker = Maker(1)
    maker.step(0, HOSTILE + '"""', changes=[(HOSTILE, "\\", '"')])
    trace = maker.trace(sentence=HOSTILE + '\\"""\nimport os')
    source = trace_pytest(trace)
    names: dict[str, object] = {"__name__": "hostile"}
    (code,) = [c for c in compile(source, "<test>", "exec").co_consts if isinstance(c, types.CodeType)]
    exec(compile(source, "<test>", "exec"), names)
    assert HOSTILE + '"""' in code.co_consts
    assert [name for name in names if not name.startswith("__")] == ["rerun", "test_made_violates_assert"]
