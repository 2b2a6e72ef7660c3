"""The runner: what becomes of searches that end well, badly, or not at all. The search itself is replaced here."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from psockmc import run as runner
from psockmc.explore.limits import REASON_INTERRUPTED, Limits
from psockmc.explore.native.errors import EngineError
from psockmc.explore.result import SearchResult
from psockmc.explore.verdict import Verdict
from psockmc.ir.system import Const, Property, TransitionSystem
from psockmc.lang.diagnostics import Diagnostic, ModelErrors
from psockmc.lang.tree import Span
from psockmc.run import Failure, Job, Options, Outcome, run

RESULT = SearchResult(
    "reference", 7, 9, 3, True, "", 0.1, (), (), {}, {}, frozenset(), frozenset(), 1
)  # fmt: skip

Search = Callable[..., SearchResult]


def compiled(job: Job) -> TransitionSystem:
    properties = (Property("I01", "", "invariant", Const(1)),)
    return TransitionSystem(job.scenario, "", (), (), (), (), (), properties, (), (), (), (), (), (), ())


def job(name: str = "s", **expect: str) -> Job:
    program: Any = SimpleNamespace(scenarios={name: SimpleNamespace(expect=expect)}, sources={}, replaced={})
    return Job(name, program, name)


class Listener:
    """Remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, object]] = []
        self.warnings: list[str] = []

    def started(self, job: Job) -> None:
        self.heard.append(("started", job.name))

    def progress(self, job: Job, *numbers: float) -> None:
        self.heard.append(("progress", numbers))

    def finished(self, job: Job, outcome: Outcome) -> None:
        self.heard.append(("finished", job.name))

    def warning(self, sentence: str) -> None:
        self.warnings.append(sentence)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def perform(monkeypatch: pytest.MonkeyPatch, listener: Listener) -> Callable[..., list[Outcome]]:
    """Runs jobs with a search of the test's own."""
    monkeypatch.setattr(runner, "_compile", compiled)

    def with_search(search: Search, *jobs: Job, cache: Path | None = None, processes: int = 2) -> list[Outcome]:
        monkeypatch.setattr(runner, "search", search)
        return run(jobs or [job()], Options("reference", Limits(), processes, cache), listener)

    return with_search


def clean(ts: TransitionSystem, **options: object) -> SearchResult:
    return RESULT


Perform = Callable[..., list[Outcome]]


def test_a_clean_search_gives_its_verdicts(perform: Perform) -> None:
    (outcome,) = perform(clean)
    assert {v.id: v.verdict for v in outcome.verdicts} == {
        "I01": Verdict.HOLDS,
        "lock-order": Verdict.HOLDS,
        "cover": Verdict.HOLDS,
    }
    assert outcome.result == RESULT


def test_outcomes_come_in_the_order_of_the_jobs(perform: Perform) -> None:
    def slow_first(ts: TransitionSystem, **options: object) -> SearchResult:
        time.sleep(0.3 if ts.name == "a" else 0)
        return RESULT

    assert [o.name for o in perform(slow_first, job("a"), job("b"), job("c"))] == ["a", "b", "c"]


def test_a_job_that_ends_makes_room_for_the_next(perform: Perform, listener: Listener) -> None:
    perform(clean, job("a"), job("b"), processes=1)
    assert listener.heard == [("started", "a"), ("finished", "a"), ("started", "b"), ("finished", "b")]


def test_progress_is_heard(perform: Perform, listener: Listener) -> None:
    def search(ts: TransitionSystem, *, reporter: Any, **options: object) -> SearchResult:
        reporter.progress(10, 20, 3, 4, 1e6, 4096)
        return RESULT

    perform(search)
    assert ("progress", (10, 20, 3, 4, 1e6, 4096)) in listener.heard


def test_warnings_of_a_search_are_heard_once(perform: Perform, listener: Listener) -> None:
    def search(ts: TransitionSystem, **options: object) -> SearchResult:
        import warnings

        warnings.warn("the compiler is old", stacklevel=1)
        return RESULT

    perform(search, job("a"), job("b"))
    assert listener.warnings == ["the compiler is old"]


def test_a_killed_search_is_undetermined_and_says_so(perform: Perform) -> None:
    def search(ts: TransitionSystem, **options: object) -> SearchResult:
        os.kill(os.getpid(), signal.SIGKILL)
        return RESULT

    (outcome,) = perform(search)
    assert outcome.failure is Failure.LOST
    assert [(v.id, v.verdict) for v in outcome.verdicts] == [
        ("I01", Verdict.UNDETERMINED),
        ("lock-order", Verdict.UNDETERMINED),
        ("cover", Verdict.UNDETERMINED),
    ]
    assert "killed (SIGKILL), probably for want of memory" in outcome.verdicts[0].basis


def test_a_killed_search_costs_nobody_else_his_verdict(perform: Perform) -> None:
    def search(ts: TransitionSystem, **options: object) -> SearchResult:
        if ts.name == "a":
            os.kill(os.getpid(), signal.SIGKILL)
        return RESULT

    assert [o.failure for o in perform(search, job("a"), job("b"))] == [Failure.LOST, None]


def test_a_crash_names_its_signal(perform: Perform) -> None:
    def search(ts: TransitionSystem, **options: object) -> SearchResult:
        signal.signal(signal.SIGABRT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGABRT)
        return RESULT

    assert "SIGABRT" in perform(search)[0].detail


@pytest.mark.parametrize(
    ("error", "failure", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/x.c"), Failure.LOST, "/tmp/x.c: No space left"),
        (MemoryError(), Failure.LOST, "out of memory: set --max-states"),
        (EngineError("the compiler failed"), Failure.LOST, "the compiler failed"),
        (KeyboardInterrupt(), Failure.LOST, "interrupted"),
        (ZeroDivisionError("division by zero"), Failure.INTERNAL, "ZeroDivisionError"),
        (OSError(errno.EBADF, "Bad file descriptor"), Failure.INTERNAL, "Bad file descriptor"),
        (
            ModelErrors([Diagnostic("E0900", "this loop never takes a step", Span("a.py", 0, 0, 0, 0))]),
            Failure.MODEL,
            "error[E0900]: this loop never takes a step",
        ),
    ],
)
def test_what_goes_wrong_is_an_outcome(perform: Perform, error: BaseException, failure: Failure, words: str) -> None:
    def search(ts: TransitionSystem, **options: object) -> SearchResult:
        raise error

    (outcome,) = perform(search)
    assert outcome.failure is failure
    assert words in outcome.detail
    wanted = Verdict.UNDETERMINED if failure is Failure.LOST else Verdict.ERROR
    assert {v.verdict for v in outcome.verdicts} == {wanted}


def test_a_scenario_that_expects_nonsense_is_an_error_of_the_model(perform: Perform) -> None:
    (outcome,) = perform(clean, job("a", I99="VIOLATED"))
    assert outcome.failure is Failure.MODEL
    assert "I99" in outcome.detail


def test_a_result_is_kept_and_used_again(perform: Perform, tmp_path: Path) -> None:
    def never(ts: TransitionSystem, **options: object) -> SearchResult:
        raise AssertionError("searched again")

    perform(clean, cache=tmp_path)
    (outcome,) = perform(never, cache=tmp_path)
    assert outcome.result == replace(RESULT, cached=True)


def test_a_scenario_is_compiled_once(perform: Perform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    perform(clean, cache=tmp_path)
    monkeypatch.delattr(runner, "_compile")
    (outcome,) = perform(clean, cache=tmp_path)
    assert outcome.failure is None


def test_an_unwritable_cache_is_a_warning_and_no_error(perform: Perform, listener: Listener, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (outcome,) = perform(clean, cache=tmp_path / "file" / "results")
    assert outcome.failure is None
    assert "cannot use the cache" in listener.warnings[-1]


def until_interrupted(ts: TransitionSystem, **options: object) -> SearchResult:
    """Searches for ever, and hands over what it has when it is interrupted, as the engines do."""
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        return replace(RESULT, complete=False, reason=REASON_INTERRUPTED)
    return RESULT


def signal_later(number: signal.Signals, *delays: float) -> None:
    for delay in delays:
        threading.Timer(delay, os.kill, (os.getpid(), number)).start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_was_found(perform: Perform, number: signal.Signals) -> None:
    signal_later(number, 0.5)
    running, waiting = perform(until_interrupted, job("a"), job("b"), processes=1)
    assert running.result is not None
    assert running.result.states == 7
    assert running.verdicts[0].basis.startswith("partial: interrupted")
    assert (waiting.failure, waiting.detail) == (Failure.LOST, "interrupted before it began")


def test_a_second_interrupt_does_not_wait(perform: Perform) -> None:
    def stubborn(ts: TransitionSystem, **options: object) -> SearchResult:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(60)
        return RESULT

    signal_later(signal.SIGINT, 0.4, 0.8)
    began = time.monotonic()
    (outcome,) = perform(stubborn)
    assert time.monotonic() - began < 20
    assert outcome.failure is Failure.LOST
    assert outcome.detail.startswith("interrupted and killed")


def test_the_signal_handlers_are_put_back(perform: Perform) -> None:
    before = signal.getsignal(signal.SIGINT)
    perform(clean)
    assert signal.getsignal(signal.SIGINT) is before
