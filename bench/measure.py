"""What is compared with other model checkers, by name, and what a search of it costs."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.objects import objects
from psockmc import content
from psockmc.explore.limits import Limits
from psockmc.explore.native.answer import answer
from psockmc.explore.native.build import built
from psockmc.explore.native.codegen import generate
from psockmc.explore.native.process import run_search
from psockmc.explore.result import SearchResult
from psockmc.ir.lower import compile_scenario
from psockmc.ir.system import TransitionSystem
from psockmc.lang import load_program

ROOT = Path(__file__).resolve().parent.parent
PRIMITIVES = ROOT / "tests" / "kernel" / "models"


def processor_seconds() -> float:
    """Processor time of this process and of those it waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@dataclass(frozen=True)
class Time:
    """Seconds. processor: of all cores together, which others on the machine change little; wall: by the clock."""

    processor: float
    wall: float


class Clock:
    """Takes the time from one lap to the next."""

    def __init__(self) -> None:
        self._since = self._now()

    @staticmethod
    def _now() -> Time:
        return Time(processor_seconds(), time.monotonic())

    def lap(self) -> Time:
        """The time since the last lap, or since the clock was made."""
        before, self._since = self._since, self._now()
        return Time(self._since.processor - before.processor, self._since.wall - before.wall)


@dataclass(frozen=True)
class Search:
    """One engine's search. transitions: those with a successor. compiled: from the system to a program that searches.

    The times include a hundredth or two for starting programs and reading what they say.
    """

    states: int
    transitions: int
    compiled: Time
    searched: Time
    megabytes: float

    @property
    def rate(self) -> float:
        """States per second of processor time."""
        return self.states / max(self.searched.processor, 1e-6)


def search_ours(ts: TransitionSystem, most_states: int, *, quick: bool = False) -> tuple[Search, SearchResult]:
    """The native engine, compiled anew; quick: without optimisation. It stops at `most_states`."""
    limits = Limits(max_states=most_states)
    with _empty_cache():
        clock = Clock()
        program = generate(ts)
        with built(program.source, quick) as path:
            compiled = clock.lap()
            records = run_search(path, limits, None)
            searched = clock.lap()
    result = answer(ts, program, records, limits)
    transitions = result.transitions - sum(result.fatal.values())
    return Search(
        result.states, transitions, compiled, searched, result.bytes_per_state * result.states / 2**20
    ), result


@contextmanager
def _empty_cache() -> Iterator[None]:
    """Compiled programs of this block go to a folder that is removed afterwards."""
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory(prefix="psockmc-bench-") as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        try:
            yield
        finally:
            del os.environ["XDG_CACHE_HOME"]
            if before is not None:
                os.environ["XDG_CACHE_HOME"] = before


def systems(names: Sequence[str], variants: Sequence[Path] = ()) -> Iterator[tuple[str, TransitionSystem]]:
    """The systems of these names; the names of primitives have a slash. variants: files that replace functions.

    Raises psockmc.content.UsageError for a name that is not known.
    """
    program = content.load(ROOT, variants)
    models = [path.relative_to(PRIMITIVES).with_suffix("").as_posix() for path in sorted(PRIMITIVES.rglob("*.py"))]
    for name in content.pick("scenario", names, [*program.scenarios, *models, "primitives", "objects"]):
        if name == "objects":
            yield name, objects()
        elif name in program.scenarios:
            yield name, compile_scenario(program, name)
        else:
            yield from ((model, primitive(model)) for model in (models if name == "primitives" else [name]))


def primitive(model: str) -> TransitionSystem:
    """The only scenario of a model of a kernel primitive."""
    program = load_program(PRIMITIVES, [PRIMITIVES / f"{model}.py"], [])
    (scenario,) = program.scenarios
    return compile_scenario(program, scenario)
