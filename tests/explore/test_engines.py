"""Which engine a search comes to; the engines themselves are replaced here."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from psockmc import explore
from psockmc.explore import SMALL, EngineUnavailable, Limits, SlowEngineWarning, native, resolve, search
from psockmc.explore.result import SearchResult
from psockmc.ir.system import TransitionSystem

TS = TransitionSystem("s", "", (), (), (), (), (), (), (), (), (), (), (), (), ())
RESULT = SearchResult("", 10, 9, 3, True, "", 0.1, (), (), {}, {}, frozenset(), frozenset(), 1)


class Engines:
    """Two engines that search a graph of so many states, and remember the limits that they were given."""

    def __init__(self) -> None:
        self.states = 10
        self.calls: list[tuple[str, Limits]] = []

    def reference(self, ts: TransitionSystem, limits: Limits, reporter: object) -> SearchResult:
        return self._search("reference", limits)

    def native(self, ts: TransitionSystem, limits: Limits, reporter: object) -> SearchResult:
        return self._search("native", limits)

    def _search(self, name: str, limits: Limits) -> SearchResult:
        self.calls.append((name, limits))
        if limits.max_states is None or self.states <= limits.max_states:
            return replace(RESULT, engine=name, states=self.states)
        return replace(RESULT, engine=name, states=limits.max_states + 1, complete=False, reason="too many states")


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    engines = Engines()
    monkeypatch.setattr(explore, "_native", engines.native)
    monkeypatch.setattr(explore, "_reference", engines.reference)
    monkeypatch.setattr(native, "available", lambda: None)
    return engines


def test_auto_searches_a_small_graph_in_the_interpreter(engines: Engines) -> None:
    assert search(TS).engine == "reference"
    assert len(engines.calls) == 1


def test_auto_searches_a_large_graph_natively(engines: Engines) -> None:
    engines.states = SMALL + 1
    result = search(TS)
    assert (result.engine, result.complete) == ("native", True)


def test_auto_gives_the_native_engine_the_limits_of_the_user(engines: Engines) -> None:
    engines.states = 10 * SMALL
    search(TS, limits=Limits(max_states=2 * SMALL, max_depth=7))
    assert engines.calls[-1] == ("native", Limits(max_states=2 * SMALL, max_depth=7))


def test_auto_needs_no_compiler_below_a_small_limit(engines: Engines) -> None:
    engines.states = 10 * SMALL
    result = search(TS, limits=Limits(max_states=100))
    assert (result.engine, result.complete) == ("reference", False)


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_an_engine_that_was_asked_for_does_it(engines: Engines, engine: explore.Engine) -> None:
    assert search(TS, engine=engine).engine == engine


def test_the_reporter_hears_the_end_once(engines: Engines) -> None:
    heard = []

    class Reporter:
        def progress(
            self, states: int, transitions: int, depth: int, frontier: int, rate: float, bytes: int
        ) -> None: ...

        def done(self, result: SearchResult) -> None:
            heard.append(result)

    engines.states = SMALL + 1
    assert heard == [search(TS, reporter=Reporter())]


def test_without_a_compiler_auto_is_the_reference_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "available", lambda: "no C compiler was found (install the Debian package gcc)")
    with pytest.warns(SlowEngineWarning, match=r"Debian package gcc.*reference interpreter, about 100 times slower"):
        assert resolve("auto") == "reference"


def test_without_a_compiler_native_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "available", lambda: "no C compiler was found (install the Debian package gcc)")
    with pytest.raises(EngineUnavailable, match="use --engine reference"):
        resolve("native")


def test_a_machine_without_a_compiler_is_recognised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.warns(SlowEngineWarning):
        assert resolve("auto") == "reference"


def test_the_reference_needs_no_compiler_and_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "available", lambda: "no C compiler was found")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert resolve("reference") == "reference"
