"""Threads run one after the other: executions that every model allows, found without a search.

The one exception is a thread that waits for a grace period which its own reader holds up: see
`Path.may_wait_for_itself`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psockmc.litmus.candidate import Candidate
from psockmc.litmus.execution import Value
from psockmc.litmus.paths import Path, callbacks_run
from psockmc.litmus.search import Found
from psockmc.litmus.syntax import Test
from psockmc.litmus.terms import NoMeaning, evaluate, truth


def sequential_runs(test: Test, paths: Sequence[Sequence[Path]], asked: Sequence[str]) -> Iterator[Found]:
    """An execution for each of some orders of the threads, where no thread gets stuck.

    The threads as they stand, and the other way round: more orders cost more than the search for what is missing.
    """
    threads = range(len(paths))
    for order in dict.fromkeys((tuple(threads), tuple(reversed(threads)))):
        run = _Run(test.initial)
        chosen: dict[int, Path] = {}
        for thread in order:
            path = next((p for p in paths[thread] if not p.cut and run.take(thread, p)), None)
            if path is None:
                break
            chosen[thread] = path
        else:
            taken = [chosen[t] for t in threads]
            if callbacks_run(taken):
                yield run.found(test, taken, asked)


Key = tuple[int, int] | str
"""A write: (thread, index in its path), or the location whose initial write it is."""


@dataclass(slots=True)
class _Memory:
    value: Value
    write: Key
    locked: bool = False


class _Run:
    """Memory while threads run one after the other."""

    def __init__(self, initial: Mapping[str, Value]) -> None:
        self._initial = initial
        self._memory: dict[str, _Memory] = {}
        self._sources: dict[tuple[int, int], Key] = {}
        self._lines: dict[str, list[Key]] = {}

    def take(self, thread: int, path: Path) -> bool:
        """Run the path now. False, and nothing is changed, when the thread does not go this way here."""
        memory = dict(self._memory)
        values: dict[int, Value] = {}
        sources: dict[tuple[int, int], Key] = {}
        written: list[tuple[str, Key]] = []
        try:
            for index, event in enumerate(path.events):
                location = event.location
                if location is None or event.kind == "SRCU":
                    continue
                cell = memory.get(location)
                if cell is None:
                    cell = _Memory(self._initial.get(location, 0), location)
                if event.kind == "R":
                    if not _may_read(event.sets[0], cell.locked):
                        return False
                    values[index] = cell.value
                    sources[thread, index] = cell.write
                else:
                    locked = event.sets[0] == "LKW"
                    memory[location] = _Memory(evaluate(event.term, values.__getitem__), (thread, index), locked)
                    written.append((location, (thread, index)))
            if any(truth(evaluate(t, values.__getitem__)) is not outcome for t, outcome in path.constraints):
                return False
        except (NoMeaning, KeyError):
            return False  # a read that comes later in this path than who needs it, or values that are none
        self._memory = memory
        self._sources.update(sources)
        for location, key in written:
            self._lines.setdefault(location, []).append(key)
        return True

    def found(self, test: Test, paths: Sequence[Path], asked: Sequence[str]) -> Found:
        """The execution, after all threads have run."""
        candidate = Candidate(paths, test.initial, asked, test.source)

        def index(key: Key) -> int:
            return candidate.initial[key] if isinstance(key, str) else candidate.offsets[key[0]] + key[1]

        sources = [-1] * candidate.n
        for (thread, read), key in self._sources.items():
            sources[candidate.offsets[thread] + read] = index(key)
        lines = {
            location: (first, *(index(key) for key in self._lines.get(location, ())))
            for location, first in candidate.initial.items()
        }
        return Found(candidate, sources, lines)


def _may_read(kind: str, locked: bool) -> bool:
    """Whether a read of this set can happen: a lock is taken when it is free, and seen as it is."""
    if kind == "LF":
        return locked
    return not (locked and kind in ("LKR", "RU"))
