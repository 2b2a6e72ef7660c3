"""The search: all allowed executions of a test, or the first one that a goal asks for.

An execution is a path per thread, and per location one coherent and atomic choice of rf and co. Paths are combined
first, then locations are tried one by one, those with the fewest choices first; as soon as the chosen part violates an
axiom that more choices cannot mend, the rest is not tried. A goal (a conjunction of literals) narrows paths, what
reads may return and which write may be last before anything is combined.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from psockmc.litmus.candidate import Candidate, Unsolvable, Valuation
from psockmc.litmus.coherence import Access, Option, options
from psockmc.litmus.conditions import Literal
from psockmc.litmus.execution import Execution, Rows, Value
from psockmc.litmus.limits import Clock, TimeLimit, TooLarge
from psockmc.litmus.model import Judge, Model
from psockmc.litmus.paths import Constraint, Path, callbacks_run
from psockmc.litmus.problems import LitmusError, Problem
from psockmc.litmus.syntax import Final, Memory, Register, Test
from psockmc.litmus.terms import READ, NoMeaning, Term, evaluate, make, reads, truth

__all__ = ["Clock", "Found", "Search", "TimeLimit", "TooLarge", "Visit", "copy", "viable"]

_WORTH_PRUNING = 3
"""With fewer executions left to try than this, judging each is cheaper than asking whether to go on."""

_FEW_COMBINATIONS = 64
"""So many combinations of paths are tried without asking first which of them fit together."""

_MOST_OPTIONS = 1_000_000
"""A location with more coherent choices than this is not decided: their list would fill the memory."""


@dataclass(slots=True)
class Found:
    """An allowed execution.

    sources: per read the write it reads from, else -1; lines: per location its writes in order.
    """

    candidate: Candidate
    sources: list[int]
    lines: dict[str, tuple[int, ...]]
    packed_rf: int = 0
    packed_co: int = 0

    def valuation(self) -> Callable[[Final], Value]:
        """The final values of registers and globals."""
        values = Valuation(self.candidate, self.sources)
        candidate = self.candidate

        def final(variable: Final) -> Value:
            if isinstance(variable, Register):
                path = candidate.paths[variable.thread]
                term = path.registers.get(variable.name, 0)
                return values.of_term(term, candidate.offsets[variable.thread])
            write = self.lines[variable.name][-1]
            return values.of_term(candidate.terms[write], candidate.owners[write])

        return final

    def execution(self) -> Execution:
        """The execution for models and reports."""
        n = self.candidate.n
        rf: Rows = [0] * n
        co: Rows = [0] * n
        for read, write in enumerate(self.sources):
            if write >= 0:
                rf[write] |= 1 << read
        for line in self.lines.values():
            later = 0
            for write in reversed(line):
                co[write] = later
                later |= 1 << write
        return Execution(self.candidate.skeleton, rf, co, True, self.candidate.values(self.sources))


Visit = Callable[[Found], bool]
"""Is told of every allowed execution; says whether to stop. The Found it gets is used again: copy what is kept."""


class Search:
    """The allowed executions of one test under one model.

    paths: per thread. initial: the initial values. asked: the globals whose final value is asked for.
    """

    def __init__(self, test: Test, paths: Sequence[Sequence[Path]], model: Model, clock: Clock) -> None:
        self.test = test
        self.paths = paths
        self.model = model
        self.clock = clock
        self.asked: list[str] = []

    def run(self, goal: Sequence[Literal], visit: Visit, paths: Sequence[Sequence[Path]] | None = None) -> bool:
        """Visit the allowed executions in which the literals of the goal may hold; True when visit said stop.

        The goal only narrows the search: who visits still has to look whether it holds. Raises TimeLimit.
        """
        narrowed = [[_narrow(p, t, goal) for p in ps] for t, ps in enumerate(self.paths if paths is None else paths)]
        choices = _viable(self.test.initial, [[c for c in cs if c is not None] for cs in narrowed])
        memory = [literal for literal in goal if _is_about_memory(literal)]
        combinations = _combinations(self.test.initial, choices)
        return any(self._combination(combination, memory, visit) for combination in combinations)

    def _combination(self, combination: Sequence[_Choice], memory: Sequence[Literal], visit: Visit) -> bool:
        self.clock.check()
        paths = [c.path for c in combination]
        if not callbacks_run(paths):
            return False
        candidate = Candidate(paths, self.test.initial, self.asked, self.test.source)
        return _Combination(self, candidate, combination, memory).explore(visit)


# ---------------------------------------------------------------- goals and paths


@dataclass(slots=True)
class _Choice:
    """A path, with filters on its reads that also enforce the goal."""

    path: Path
    filters: Mapping[int, Sequence[Constraint]]


def _is_about_memory(literal: Literal) -> bool:
    return isinstance(literal[0].left, Memory) and not isinstance(literal[0].right, Register | Memory)


def _narrow(path: Path, thread: int, goal: Sequence[Literal]) -> _Choice | None:
    """The path with the literals about this thread's registers as filters; None when one of them cannot hold."""
    added: list[Constraint] = []
    for equation, sense in goal:
        left, right = (_register_term(path, thread, side) for side in equation)
        if left is None or right is None:
            continue
        term = make("==", left, right)
        if type(term) is not tuple:
            if truth(term) is not sense:
                return None
        else:
            added.append((term, sense))
    if not added:
        return _Choice(path, path.filters)
    filters = {read: list(constraints) for read, constraints in path.filters.items()}
    for constraint in added:
        of = set(reads(constraint[0]))
        if len(of) == 1:
            filters.setdefault(of.pop(), []).append(constraint)
    return _Choice(path, filters)


def _register_term(path: Path, thread: int, side: Final | Value) -> Term | None:
    """A side of an equation as a term of this thread; None when it is about something else."""
    if isinstance(side, Register):
        return path.registers.get(side.name, 0) if side.thread == thread else None
    return None if isinstance(side, Memory) else side


def viable(initial: Mapping[str, Value], paths: Sequence[Sequence[Path]]) -> list[list[Path]]:
    """The paths of each thread without those that need a value which no path of any thread writes."""
    choices = [[_Choice(path, path.filters) for path in ps] for ps in paths]
    return [[choice.path for choice in cs] for cs in _viable(initial, choices)]


def _combinations(initial: Mapping[str, Value], choices: list[list[_Choice]]) -> Iterator[tuple[_Choice, ...]]:
    """One path for each thread.

    When there are many combinations, those in which some read has no write are left out.
    """
    if math.prod(map(len, choices)) <= _FEW_COMBINATIONS:
        yield from itertools.product(*choices)
        return
    thread = next(i for i, cs in enumerate(choices) if len(cs) > 1)
    for choice in choices[thread]:
        yield from _combinations(initial, _viable(initial, [*choices[:thread], [choice], *choices[thread + 1 :]]))


def _viable(initial: Mapping[str, Value], choices: list[list[_Choice]]) -> list[list[_Choice]]:
    """Without the paths that need a value which no path of any thread writes."""
    if all(len(cs) <= 1 for cs in choices) or not all(choices):
        return choices
    written: dict[str, set[Term]] = {}
    for choice in itertools.chain.from_iterable(choices):
        for event in choice.path.events:
            if event.kind == "W" and event.location is not None:
                known = written.setdefault(event.location, {initial.get(event.location, 0)})
                known.add(event.term if type(event.term) is not tuple else None)
    viable = [[c for c in cs if _can_read(c, written, initial)] for cs in choices]
    return viable if sum(map(len, viable)) == sum(map(len, choices)) else _viable(initial, viable)


def _can_read(choice: _Choice, written: Mapping[str, set[Term]], initial: Mapping[str, Value]) -> bool:
    """Whether every filtered read can return some value; None among the values stands for any."""
    for read, constraints in choice.filters.items():
        location = choice.path.events[read].location
        assert location is not None
        values = written.get(location)
        if values is None:
            values = {initial.get(location, 0)}
        if None not in values and not any(_passes(constraints, v) for v in values):
            return False
    return True


def _passes(constraints: Sequence[Constraint], value: Term) -> bool:
    try:
        return all(truth(evaluate(term, lambda _: value)) is outcome for term, outcome in constraints)
    except NoMeaning:
        return True  # whether it matters is seen when the execution is complete


def _calculates(equation: Term) -> bool:
    return any(type(side) is tuple and side[0] != READ for side in equation[1:])


# ---------------------------------------------------------------- one combination of paths


class _Combination:
    """The executions of one combination of paths."""

    def __init__(
        self, search: Search, candidate: Candidate, choices: Sequence[_Choice], memory: Sequence[Literal]
    ) -> None:
        self.search = search
        self.candidate = candidate
        self.filters = {
            read + offset: constraints
            for choice, offset in zip(choices, candidate.offsets, strict=True)
            for read, constraints in choice.filters.items()
        }
        self.memory = memory
        self.found = Found(candidate, [-1] * candidate.n, {loc: (i,) for loc, i in candidate.initial.items()})
        self.leaves = 0

    def explore(self, visit: Visit) -> bool:
        """Visit all allowed executions; True when visit said stop."""
        accesses = self.candidate.accesses()
        lists: list[tuple[str, list[Option]]] = []
        for location in self.candidate.locations:
            found = list(itertools.islice(self._options(location, accesses.get(location, ())), _MOST_OPTIONS))
            if not found:
                return False
            if len(found) == _MOST_OPTIONS:
                raise TooLarge(f"{location} can be written and read in more than {_MOST_OPTIONS:,} ways")
            lists.append((location, found))
        lists.sort(key=lambda entry: len(entry[1]))
        self.pending = self._pending(accesses)
        self.judge: Judge = self.search.model.judge(self.candidate.skeleton)
        self.levels = [(loc, [(*self._pack(o), o) for o in found]) for loc, found in lists]
        self.left = [1]
        for _, found in reversed(lists):
            self.left.append(self.left[-1] * len(found))
        self.left.reverse()
        self.visit = visit
        return self._descend(0, 0, 0)

    def _options(self, location: str, accesses: Sequence[Access]) -> Iterator[Option]:
        terms, filters = self.candidate.terms, self.filters
        wanted = [(e.right, sense) for e, sense in self.memory if e.left.name == location]

        def readable(write: int, read: int) -> bool:
            constraints = filters.get(read)
            return not constraints or type(terms[write]) is tuple or _passes(constraints, terms[write])

        def last(write: int) -> bool:
            value = terms[write]
            return type(value) is tuple or all((value == right) is sense for right, sense in wanted)

        initial = self.candidate.initial[location]
        return options(initial, accesses, readable, last, self.search.clock.check)

    def _pack(self, option: Option) -> tuple[int, int]:
        stride = self.candidate.n + 1
        rf = co = later = 0
        for write, read in option.rf:
            rf |= 1 << write * stride + read
        for write in reversed(option.order):
            co |= later << write * stride
            later |= 1 << write
        return rf, co

    def _pending(self, accesses: Mapping[str, Sequence[Access]]) -> list[tuple[Term, int, bool]]:
        """The constraints that filters do not settle: on several reads, or on reads of values that are not constant."""
        terms = self.candidate.terms
        open_reads: set[int] = set()
        for location, found in accesses.items():
            written = [terms[a.event] for a in found if a.is_write]
            if any(type(term) is tuple for term in written):
                open_reads.update(a.event for a in found if not a.is_write)
            elif any(type(term) is str for term in (terms[self.candidate.initial[location]], *written)):
                open_reads.update(a.event for a in found if not a.is_write and not self._only_compares(a.event))
        pending = []
        for path, offset in zip(self.candidate.paths, self.candidate.offsets, strict=True):
            for term, outcome in path.constraints:
                of = {read + offset for read in reads(term)}
                if len(of) > 1 or of & open_reads:
                    pending.append((term, offset, outcome))
        return pending

    def _only_compares(self, read: int) -> bool:
        """Whether the filters of a read have a meaning for addresses too: they then settle what they are about."""
        return all(term[0] == "==" and not _calculates(term) for term, _ in self.filters.get(read, ()))

    def _descend(self, level: int, rf: int, co: int) -> bool:
        if level == len(self.levels):
            return self._leaf(rf, co)
        location, found = self.levels[level]
        prune = level + 1 < len(self.levels) and self.left[level + 1] >= _WORTH_PRUNING
        sources, lines = self.found.sources, self.found.lines
        for more_rf, more_co, option in found:
            new_rf, new_co = rf | more_rf, co | more_co
            if prune and not self.judge.possible(new_rf, new_co):
                continue
            for write, read in option.rf:
                sources[read] = write
            lines[location] = option.order
            if self._descend(level + 1, new_rf, new_co):
                return True
        return False

    def _leaf(self, rf: int, co: int) -> bool:
        self.leaves += 1
        if self.leaves & 63 == 0:
            self.search.clock.check()
        try:
            if self.pending and not self._settled():
                return False
            if not self.judge.rest(rf, co):
                return False
            self.found.packed_rf, self.found.packed_co = rf, co
            return self.visit(self.found)
        except Unsolvable:
            return False
        except NoMeaning as error:
            raise LitmusError(self.search.test.source, [Problem("L0009", str(error))]) from error

    def _settled(self) -> bool:
        """Whether the pending constraints hold."""
        values = Valuation(self.candidate, self.found.sources)
        return all(truth(values.of_term(term, owner)) is outcome for term, owner, outcome in self.pending)


def copy(found: Found) -> Found:
    """A Found that stays as it is."""
    return Found(found.candidate, list(found.sources), dict(found.lines), found.packed_rf, found.packed_co)
