"""A search in a process of its own: progress, limits, interruptions, and deaths."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from psockmc.explore import limits as words
from psockmc.explore import native
from psockmc.explore.limits import Limits
from psockmc.explore.native import EngineError, search_native
from psockmc.explore.native.answer import answer
from psockmc.explore.native.build import built
from psockmc.explore.native.codegen import generate
from psockmc.explore.native.process import run_search
from psockmc.explore.result import SearchResult
from psockmc.ir import system as ir
from tests.explore.native.agreement import agreed
from tests.explore.native.systems import Builder, op
from tests.explore.native.test_build import script, tiny


def counters(number: int, high: int) -> ir.TransitionSystem:
    """Contexts that count to a number, each by itself."""
    b = Builder("counters")
    for index in range(number):
        p = b.context(f"C{index}")
        i = p.local("i", 0, high)
        p.stop("again")
        p.let(i, op("+", i, 1))
        p.branch(op("==", i, high), "again")
        p.end()
    return b.build()


def endless() -> ir.TransitionSystem:
    """A system whose search takes minutes."""
    return counters(4, 1000)


class Recorder:
    """A reporter that remembers what it hears, and does something at the first progress."""

    def __init__(self, act: Any = None) -> None:
        self.heard: list[tuple[int, int, int, int, float, int]] = []
        self.act = act

    def progress(self, states: int, transitions: int, depth: int, frontier: int, rate: float, bytes: int) -> None:
        self.heard.append((states, transitions, depth, frontier, rate, bytes))
        if self.act is not None:
            self.act()

    def done(self, result: SearchResult) -> None:
        """Nothing more to hear."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The compiled search of the endless system."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        with built(generate(endless()).source) as path:
            yield path


def end_of(output: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(output.splitlines()[-1])
    return record


# ---------------------------------------------------------------- progress and limits


def test_progress_is_reported_several_times_a_second(program: Path) -> None:
    reporter = Recorder()
    end = run_search(program, Limits(timeout=0.9), reporter)[-1]
    assert len(reporter.heard) in range(2, 7)
    states = [heard[0] for heard in reporter.heard]
    assert states == sorted(states)
    assert states[-1] <= end["states"]
    assert all(frontier <= count for count, _, _, frontier, _, _ in reporter.heard)
    assert reporter.heard[-1][5] > reporter.heard[-1][0]


def test_a_large_search_is_begun_again_by_the_optimised_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "quick_states", lambda source: 300)
    built_quick = []
    original = native.built

    def noted(source: str, quick: bool = False) -> AbstractContextManager[Path]:
        built_quick.append(quick)
        return original(source, quick)

    monkeypatch.setattr(native, "built", noted)
    ts = counters(3, 15)
    assert search_native(ts, Limits(), None).states == 16**3
    assert agreed(ts, Limits(max_states=1000)).complete is False
    assert agreed(ts, Limits(max_states=200)).complete is False
    assert built_quick == [True, False, False, False]


def test_a_timeout_gives_a_partial_result() -> None:
    result = search_native(endless(), Limits(timeout=0.2), None)
    assert (result.complete, result.reason) == (False, f"{words.REASON_TIMEOUT} (0.2 s)")
    assert result.states > 1000
    assert 0.2 <= result.seconds < 2


def test_a_limit_of_states_gives_a_partial_result() -> None:
    result = search_native(endless(), Limits(max_states=5000), None)
    assert (result.complete, result.reason) == (False, f"{words.REASON_STATES} (5000)")


def test_a_limit_of_depth_gives_a_partial_result() -> None:
    result = search_native(endless(), Limits(max_depth=7), None)
    assert (result.complete, result.reason, result.depth) == (False, f"{words.REASON_DEPTH} (7)", 7)


def test_ctrl_c_gives_a_partial_result() -> None:
    once = iter([signal.SIGINT])
    reporter = Recorder(lambda: [signal.raise_signal(number) for number in once])
    result = search_native(endless(), Limits(), reporter)
    assert (result.complete, result.reason) == (False, words.REASON_INTERRUPTED)


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    deaf = script(tmp_path / "deaf", "trap '' INT; while :; do echo progress 1 1 1 1 1 1 >&2; sleep 0.05; done")
    with pytest.raises(KeyboardInterrupt):
        run_search(deaf, Limits(), Recorder(lambda: signal.raise_signal(signal.SIGINT)))


def test_an_exception_in_the_reporter_ends_the_search() -> None:
    def fail() -> None:
        raise ValueError("from the reporter")

    with pytest.raises(ValueError, match="from the reporter"):
        search_native(endless(), Limits(), Recorder(fail))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_search_gives_a_partial_result(program: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [program, "-", "-", "-", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(number)
        output, _ = process.communicate()
    assert (process.returncode, end_of(output)["reason"]) == (0, "interrupted")


def test_a_search_whose_reader_is_gone_ends(program: Path) -> None:
    with subprocess.Popen([program, "-", "-", "20", "-"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait(10) == -signal.SIGPIPE


# ---------------------------------------------------------------- memory


def test_a_limit_of_memory_gives_a_partial_result(program: Path) -> None:
    run = subprocess.run([program, "-", "-", "-", "10000000"], capture_output=True, text=True, check=True)
    end = end_of(run.stdout)
    assert end["reason"] == "memory"
    assert 1_000_000 < end["bytes"] < 10_500_000


def test_an_allocation_that_fails_gives_a_partial_result(program: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (64 << 20, 64 << 20))

    run = subprocess.run([program, "-", "-", "-", "-"], capture_output=True, text=True, check=True, preexec_fn=limit)
    end = end_of(run.stdout)
    assert end["reason"] == "memory"
    assert end["states"] > 100_000


def test_memory_is_counted_per_state(program: Path) -> None:
    run = subprocess.run([program, "2000000", "-", "-", "-"], capture_output=True, text=True, check=True)
    end = end_of(run.stdout)
    assert end["bytes"] / end["states"] <= 48


# ---------------------------------------------------------------- deaths and nonsense


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kill -SEGV $$", "the search was killed by SIGSEGV: run it again"),
        (
            "kill -KILL $$",
            "the search was killed by SIGKILL, probably because the machine ran out of memory: set --max-states",
        ),
        ("echo oh no >&2; exit 3", r"the search program failed with status 3 \(oh no\)"),
        ("echo nonsense", "gave an answer that cannot be read .'nonsense'."),
        ('echo \'{"kind": "violation"}\'', "gave an answer that cannot be read"),
        ("echo 5", "gave an answer that cannot be read"),
        ("true", "gave an answer that cannot be read"),
        (
            'echo \'{"kind": "bug", "context": 1, "node": 2, "what": "the step never ends"}\'',
            "internal error: the step never ends in context 1, node 2",
        ),
    ],
)
def test_a_search_that_goes_wrong_gives_no_result(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        run_search(script(tmp_path / "search", text), Limits(), None)


def test_a_program_that_cannot_be_started_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "search"
    path.write_bytes(b"\x00")
    path.chmod(0o755)
    with pytest.raises(EngineError, match=r"cannot start the search program .*set XDG_CACHE_HOME"):
        run_search(path, Limits(), None)


def test_an_unknown_reason_is_an_internal_error() -> None:
    ts = tiny()
    record = {"kind": "end", "reason": "boredom"}
    with pytest.raises(EngineError, match="internal error: the search program ended for an unknown reason, 'boredom'"):
        answer(ts, generate(ts), [record], Limits())


def test_a_finding_that_the_reference_does_not_have_is_an_internal_error() -> None:
    ts = tiny()
    violation = {"kind": "violation", "property": 6, "context": 0, "choice": 0, "other_context": -1, "path": ["0"]}
    end = {
        "kind": "end",
        "reason": "",
        "states": 2,
        "transitions": 1,
        "depth": 1,
        "terminal": 1,
        "seconds": 0.0,
        "bytes": 0,
    }
    records = [violation, end | {"cuts": {}, "fatal": {}, "statements": [], "covers": []}]
    with pytest.raises(EngineError, match="the step of A that violates assert does not do so"):
        answer(ts, generate(ts), records, Limits())


def test_wrong_arguments_are_refused_by_the_program(program: Path) -> None:
    run = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr.startswith("usage:")) == (2, True)


def test_an_output_that_cannot_be_written_is_a_failure(program: Path) -> None:
    with open("/dev/full", "w") as full:
        run = subprocess.run([program, "10", "-", "-", "-"], stdout=full, stderr=subprocess.DEVNULL, check=False)
    assert run.returncode == 1
