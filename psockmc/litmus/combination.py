"""The allowed executions of one combination of paths: a depth-first search over its locations.

A location has a list of coherent and atomic choices of rf and co. From a list goes what contradicts the values that are
asked for. The shortest list comes first. Locations with so many choices that a list does not pay come last and grow one
write and one read at a time, so that what the other locations imply cuts them early.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from psockmc.litmus.candidate import Candidate, Unknown, Unsolvable, Valuation
from psockmc.litmus.coherence import Access, Option, Read, bounds, following, has_locks, needs, options
from psockmc.litmus.conditions import Literal
from psockmc.litmus.found import Found, Visit
from psockmc.litmus.goals import Choice, calculates, is_about_memory, passes, spans_threads
from psockmc.litmus.limits import Clock
from psockmc.litmus.model import Judge, Model
from psockmc.litmus.problems import LitmusError, Problem
from psockmc.litmus.terms import NoMeaning, Term, reads, truth

_WORTH_PRUNING = 3
"""With fewer executions left to try than this, judging each is cheaper than asking whether to go on."""

_LONGEST_LIST = 20_000
"""No location's choices are listed beyond this."""

_WORTH_GROWING = 1_000
"""Beside other locations with a choice, a location with a longer list than this grows instead."""

Check = Callable[[Valuation], bool]
"""A condition on values. May raise Unknown, as long as not all rf is chosen."""


@dataclass(slots=True)
class _Level:
    """A location. choices: its list, None when it is too long; growing: it is built up step by step."""

    location: str
    accesses: Sequence[Access]
    choices: list[tuple[int, int, Option]] | None
    growing: bool = False
    reads: list[Read] = field(default_factory=list)
    needed: dict[int, int] = field(default_factory=dict)

    @property
    def weight(self) -> float:
        """How many choices there are, as far as that is known."""
        return math.inf if self.choices is None or self.growing else len(self.choices)


class Combination:
    """The executions of one combination of paths in which the goal may hold."""

    def __init__(
        self, candidate: Candidate, choices: Sequence[Choice], goal: Sequence[Literal], model: Model, clock: Clock
    ) -> None:
        self.candidate = candidate
        self.model = model
        self.clock = clock
        self.filters = {
            read + offset: constraints
            for choice, offset in zip(choices, candidate.offsets, strict=True)
            for read, constraints in choice.filters.items()
        }
        self.memory = [literal for literal in goal if is_about_memory(literal)]
        self.found = Found(candidate, [-1] * candidate.n, {})
        self.all_accesses = candidate.accesses()
        self.checks = [*self._constraints(choices), *self._equations(goal)]
        self.leaves = 0

    def explore(self, visit: Visit) -> bool:
        """Visit all allowed executions; True when visit said stop. Raises TimeLimit, LitmusError."""
        levels: list[_Level] = []
        for location in self.candidate.locations:
            level = self._level(location)
            if level is None:
                return False
            levels.append(level)
        levels.sort(key=lambda level: level.weight)
        if len(levels) > 1 and levels[-2].weight > 1:
            for level in levels:
                self._let_grow(level)
            levels.sort(key=lambda level: level.weight)
        self.judge: Judge = self.model.judge(self.candidate.skeleton)
        self.levels = levels
        self.left = [1.0]
        for level in reversed(levels):
            self.left.append(self.left[-1] * level.weight)
        self.left.reverse()
        self.visit = visit
        return self._descend(0, 0, 0)

    # ------------------------------------------------------------ locations

    def _level(self, location: str) -> _Level | None:
        """The location with its list, if that is not too long; None when nothing can be chosen."""
        accesses = self.all_accesses.get(location, ())
        listed = list(itertools.islice(self._options(location, accesses), _LONGEST_LIST + 1))
        if len(listed) > _LONGEST_LIST:
            return _Level(location, accesses, None)
        if self.checks and len(listed) > 1:
            listed = [option for option in listed if self._agrees(location, option)]
        return _Level(location, accesses, [(*self._pack(o), o) for o in listed]) if listed else None

    def _let_grow(self, level: _Level) -> None:
        """Prepare a location with many choices to grow. Spinlocks do not: their sections are in one piece."""
        if level.weight <= _WORTH_GROWING or has_locks(level.accesses):
            return
        initial = self.candidate.initial[level.location]
        level.growing = True
        level.reads = [Read(a, level.accesses, initial, self._readable) for a in level.accesses if not a.is_write]
        level.needed = needs(level.accesses)

    def _options(self, location: str, accesses: Sequence[Access]) -> Iterator[Option]:
        initial = self.candidate.initial[location]
        return options(initial, accesses, self._readable, self._last(location), self.clock.check)

    def _readable(self, write: int, read: int) -> bool:
        constraints = self.filters.get(read)
        term = self.candidate.terms[write]
        return not constraints or type(term) is tuple or passes(constraints, term)

    def _last(self, location: str) -> Callable[[int], bool]:
        """Whether a write can be the last of the location, as far as its value is constant."""
        terms = self.candidate.terms
        wanted = [(equation.right, sense) for equation, sense in self.memory if equation.left.name == location]

        def last(write: int) -> bool:
            value = terms[write]
            return type(value) is tuple or all((value == right) is sense for right, sense in wanted)

        return last

    def _agrees(self, location: str, option: Option) -> bool:
        """Whether a choice, taken alone, contradicts no check."""
        self._choose(location, option)
        good = self._undisputed()
        self._forget(location, option)
        return good

    def _choose(self, location: str, option: Option) -> None:
        for write, read in option.rf:
            self.found.sources[read] = write
        self.found.lines[location] = option.order

    def _forget(self, location: str, option: Option) -> None:
        for _, read in option.rf:
            self.found.sources[read] = -1
        self.found.lines.pop(location, None)

    def _pack(self, option: Option) -> tuple[int, int]:
        stride = self.candidate.n + 1
        rf = co = later = 0
        for write, read in option.rf:
            rf |= 1 << write * stride + read
        for write in reversed(option.order):
            co |= later << write * stride
            later |= 1 << write
        return rf, co

    # ------------------------------------------------------------ values

    def _constraints(self, choices: Sequence[Choice]) -> Iterator[Check]:
        """The constraints that filters do not settle: on several reads, or on reads of values that are not constant."""
        open_reads = self._open_reads()
        for choice, offset in zip(choices, self.candidate.offsets, strict=True):
            for term, outcome in (*choice.path.constraints, *choice.added):
                of = {read + offset for read in reads(term)}
                if len(of) != 1 or of & open_reads:
                    yield _constraint(term, offset, outcome)

    def _open_reads(self) -> set[int]:
        """The reads whose filters do not tell which writes they can read."""
        terms = self.candidate.terms
        found: set[int] = set()
        for location, accesses in self.all_accesses.items():
            written = [terms[self.candidate.initial[location]], *(terms[a.event] for a in accesses if a.is_write)]
            if any(type(term) is tuple for term in written):
                found.update(a.event for a in accesses if not a.is_write)
            elif any(type(term) is str for term in written):
                found.update(a.event for a in accesses if not a.is_write and not self._only_compares(a.event))
        return found

    def _only_compares(self, read: int) -> bool:
        """Whether the filters of a read have a meaning for addresses too: they then settle what they are about."""
        return all(term[0] == "==" and not calculates(term) for term, _ in self.filters.get(read, ()))

    def _equations(self, goal: Sequence[Literal]) -> Iterator[Check]:
        """The literals that are not settled by filters and last writes."""
        terms = self.candidate.terms
        for literal in goal:
            equation = literal[0]
            if is_about_memory(literal):
                accesses = self.all_accesses.get(equation.left.name, ())
                if not any(a.is_write and type(terms[a.event]) is tuple for a in accesses):
                    continue
            elif not spans_threads(literal):
                continue
            yield self._equation(literal)

    def _equation(self, literal: Literal) -> Check:
        (left, right), sense = literal
        found = self.found

        def check(values: Valuation) -> bool:
            return (found.final(left, values) == found.side(right, values)) is sense

        return check

    def _undisputed(self) -> bool:
        """Whether no check fails, of those that can be decided."""
        values = Valuation(self.candidate, self.found.sources)
        for check in self.checks:
            try:
                if not check(values):
                    return False
            except Unsolvable:
                return False
            except (Unknown, NoMeaning):
                continue  # decided when more is known; what has no meaning is an error only if the execution is allowed
        return True

    # ------------------------------------------------------------ depth first

    def _descend(self, level: int, rf: int, co: int) -> bool:
        if level == len(self.levels):
            return self._leaf(rf, co)
        here = self.levels[level]
        if here.growing:
            initial = self.candidate.initial[here.location]
            later = sum(1 << event for event in here.needed)
            return self._grow_line(level, (initial,), rf, co | later << initial * (self.candidate.n + 1))
        prune = self.left[level + 1] >= _WORTH_PRUNING
        choices: Iterable[tuple[int, int, Option]]
        if here.choices is not None:
            choices = here.choices
        else:
            choices = ((*self._pack(o), o) for o in self._options(here.location, here.accesses))
        for more_rf, more_co, option in choices:
            new_rf, new_co = rf | more_rf, co | more_co
            self._choose(here.location, option)
            if level and self.checks and not self._undisputed():
                continue
            if prune and not self.judge.possible(new_rf, new_co):
                continue
            if self._descend(level + 1, new_rf, new_co):
                return True
        self._forget_level(here)
        return False

    def _forget_level(self, level: _Level) -> None:
        for access in level.accesses:
            if not access.is_write:
                self.found.sources[access.event] = -1
        self.found.lines.pop(level.location, None)

    def _grow_line(self, level: int, line: tuple[int, ...], rf: int, co: int) -> bool:
        """Put one more write into the line; behind the last one, place the reads."""
        self.clock.check()
        here = self.levels[level]
        if len(line) > len(here.needed):
            if not self._last(here.location)(line[-1]):
                return False
            self.found.lines[here.location] = line
            grown = self._grow_reads(level, line, bounds(here.reads, line), {}, rf, co)
            if not grown:
                self._forget_level(here)
            return grown
        done = sum(1 << event for event in line[1:])
        for event in following(here.needed, done):
            later = sum(1 << other for other in here.needed if other != event and not done >> other & 1)
            new_co = co | later << event * (self.candidate.n + 1)
            if self.judge.possible(rf, new_co) and self._grow_line(level, (*line, event), rf, new_co):
                return True
        return False

    def _grow_reads(
        self,
        level: int,
        line: tuple[int, ...],
        limits: list[tuple[int, int]],
        placed: dict[int, int],
        rf: int,
        co: int,
    ) -> bool:
        """Place one more read in the line; behind the last one, go on with the next location."""
        here = self.levels[level]
        if len(placed) == len(here.reads):
            return self._descend(level + 1, rf, co)
        read = here.reads[len(placed)]
        low, high = limits[len(placed)]
        low = max([low, *(placed[earlier] for earlier in read.earlier_reads)])
        for at in range(low, high + 1):
            write = line[at]
            if write not in read.candidates:
                continue
            self.found.sources[read.event] = write
            new_rf = rf | 1 << write * (self.candidate.n + 1) + read.event
            if self.checks and not self._undisputed():
                continue
            if not self.judge.possible(new_rf, co):
                continue
            if self._grow_reads(level, line, limits, {**placed, read.event: at}, new_rf, co):
                return True
        self.found.sources[read.event] = -1
        return False

    def _leaf(self, rf: int, co: int) -> bool:
        self.leaves += 1
        if self.leaves & 63 == 0:
            self.clock.check()
        try:
            if self.checks and not self._decided():
                return False
            if not self.judge.rest(rf, co):
                return False
            self.found.packed_rf, self.found.packed_co = rf, co
            return self.visit(self.found)
        except Unsolvable:
            return False
        except NoMeaning as error:
            if not self.judge.rest(rf, co):
                return False
            raise LitmusError(self.candidate.source, [Problem("L0009", str(error))]) from error

    def _decided(self) -> bool:
        """Whether all checks hold, now that everything is chosen. Raises Unsolvable, NoMeaning."""
        values = Valuation(self.candidate, self.found.sources)
        return all(check(values) for check in self.checks)


def _constraint(term: Term, owner: int, outcome: bool) -> Check:
    return lambda values: truth(values.of_term(term, owner)) is outcome
