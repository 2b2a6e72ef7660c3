"""Why no execution ends as a condition says: the candidate that comes nearest, and the axiom that forbids it.

For the verdict Never these are the candidates in which the condition holds, for Always those in which it does not.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import factorial

from psockmc.litmus.answer import Answer, Options, Verdict
from psockmc.litmus.candidate import Candidate, Unsolvable, Valuation
from psockmc.litmus.coherence import Access, Option, options
from psockmc.litmus.conditions import disjuncts, holds
from psockmc.litmus.definitions import definitions
from psockmc.litmus.explain import Explanation, explain
from psockmc.litmus.model import Model, load_model
from psockmc.litmus.search import Clock, Found, Search, TimeLimit, copy
from psockmc.litmus.syntax import Memory, Test
from psockmc.litmus.terms import NoMeaning, truth
from psockmc.litmus.threads import Semantics, paths, pointers, started

CANDIDATES = 5_000
"""How many coherent candidates are looked at."""

INCOHERENT = 50_000
"""How many candidates are tried beyond coherence, where there is no coherent one."""

_COMPARED = 12
"""How many of the best candidates are explained before the shortest explanation is taken."""

_ANYTHING = "acyclic po as program-order\n"
"""The model that allows every candidate."""


@dataclass(slots=True)
class Forbidden:
    """What stands against a condition.

    ending: how the candidates end, in words. explanation: of one that gets furthest down the axioms; None if none
    ends so, even without coherence: then the values themselves cannot come about. tally: how many candidates each axiom
    is the first to forbid, in the order of the axioms. all_seen: whether these are all coherent candidates.
    """

    ending: str
    explanation: Explanation | None = None
    tally: dict[str, int] = field(default_factory=dict)
    all_seen: bool = True

    def lines(self) -> list[str]:
        """The whole as text."""
        if self.explanation is None:
            if not self.all_seen:
                return ["too many candidates: no reason was found among those that were looked at"]
            return [f"no runs of the threads {self.ending}, whatever their reads return and whoever holds a lock"]
        total = sum(self.tally.values())
        if total == 1:
            return self.explanation.lines()
        counted = ", ".join(f"{count} by {name}" for name, count in self.tally.items())
        if len(self.tally) == 1:
            counted = f"all by {next(iter(self.tally))}"
        known = "" if self.all_seen else "at least "
        return [*self.explanation.lines(), "", f"{known}{total} candidates {self.ending}, forbidden {counted}"]


def why_not(answer: Answer, given: Options | None = None) -> Forbidden:
    """Why the verdict is Never (or Always). given: the options that the answer was found with.

    Raises ValueError for other verdicts: their reason is a witness.
    """
    if answer.verdict not in (Verdict.NEVER, Verdict.ALWAYS):
        raise ValueError(f"the verdict is {answer.verdict}: only Never and Always have forbidden executions to explain")
    inquiry = _Inquiry(answer.test, load_model(answer.model), given or Options(), answer.verdict is Verdict.NEVER)
    return inquiry.run()


class _Inquiry:
    """Looks at candidates that end as asked for; keeps those that violate the latest axiom."""

    def __init__(self, test: Test, model: Model, given: Options, sense: bool) -> None:
        self.test = test
        self.model = model
        self.sense = sense
        self.clock = Clock(given.timeout)
        self.axioms = [axiom.name for axiom in model.text.axioms]
        self.left = CANDIDATES
        self.rank = -1
        self.best: list[Found] = []
        self.tally: dict[str, int] = {}
        semantics = Semantics(definitions(model.name), model.name == "newest", given.null_once, given.loop_bound)
        values, callbacks = pointers(test), started(test)
        every = [paths(test, i, semantics, values, t.name in callbacks) for i, t in enumerate(test.threads)]
        self.paths = [[path for path in several if not path.cut] for several in every]
        self.asked = [variable.name for variable in test.shown if isinstance(variable, Memory)]

    def run(self) -> Forbidden:
        all_seen = True
        try:
            stopped = self._coherent()
            if not self.best and not stopped:
                stopped = self._incoherent()
            all_seen = not stopped
        except TimeLimit:
            all_seen = False
        found = (explain(self.model, one.execution()) for one in self.best)
        explained = [explanation for explanation in found if explanation is not None]
        best = min(explained, key=_size, default=None)
        ending = "end so" if self.sense else "end otherwise"
        return Forbidden(ending, best, {name: self.tally[name] for name in self.axioms if name in self.tally}, all_seen)

    # ------------------------------------------------------------ candidates

    def _coherent(self) -> bool:
        """The candidates that the search would judge; True when there were too many."""
        search = Search(self.test, self.paths, load_model(_ANYTHING), self.clock)
        search.asked = self.asked
        for goal in disjuncts(self.test.condition, self.sense):
            for given in disjuncts(self.test.filter):
                if search.run((*goal, *given), self._visit):
                    return True
        return False

    def _incoherent(self) -> bool:
        """Candidates with any rf and any order of writes, for conditions that contradict coherence itself."""
        self.left = INCOHERENT
        left_out = False
        for combination in itertools.product(*self.paths):
            candidate = Candidate(combination, self.test.initial, self.asked, self.test.source)
            left_out = left_out or any(map(_too_many, candidate.accesses().values()))
            for found in _everything(candidate):
                self.clock.check()
                if self._try(candidate, found):
                    return True
        return left_out

    def _try(self, candidate: Candidate, found: Found) -> bool:
        """Looks at a candidate if its values fit together; True when it was the last one that may be."""
        try:
            if _fits(candidate, found):
                return self._visit(found)
        except (NoMeaning, Unsolvable):
            pass  # no run has these values: nothing to look at
        self.left -= 1
        return self.left <= 0

    def _visit(self, found: Found) -> bool:
        """Looks at one candidate; True when it was the last one that may be."""
        self.left -= 1
        final = found.valuation()
        if holds(self.test.filter, final) and holds(self.test.condition, final) is self.sense:
            self._weigh(found)
        return self.left <= 0

    def _weigh(self, found: Found) -> None:
        judge = self.model.judge(found.candidate.skeleton)
        failing = (i for i, name in enumerate(self.axioms) if not judge.holds(name, found.packed_rf, found.packed_co))
        rank = next(failing, None)
        if rank is None:
            raise AssertionError("an allowed execution contradicts the verdict")
        self.tally[self.axioms[rank]] = self.tally.get(self.axioms[rank], 0) + 1
        if rank > self.rank:
            self.rank, self.best = rank, []
        if rank == self.rank and len(self.best) < _COMPARED:
            self.best.append(copy(found))


def _size(explanation: Explanation) -> tuple[int, int]:
    return sum(len(step.edges) for step in explanation.steps), len(explanation.steps)


# ---------------------------------------------------------------- without coherence


def _everything(candidate: Candidate) -> Iterator[Found]:
    """The candidates of one combination of paths, coherent or not, whether their values fit together or not."""
    accesses = candidate.accesses()
    lists = [(name, list(_any_option(candidate, name, accesses.get(name, ())))) for name in candidate.locations]
    stride = candidate.n + 1
    for choice in itertools.product(*(options_of for _, options_of in lists)):
        found = Found(candidate, [-1] * candidate.n, {})
        for (name, _), option in zip(lists, choice, strict=True):
            found.lines[name] = option.order
            for write, read in option.rf:
                found.sources[read] = write
                found.packed_rf |= 1 << write * stride + read
            for index, write in enumerate(option.order):
                found.packed_co |= sum(1 << later for later in option.order[index + 1 :]) << write * stride
        yield found


def _any_option(candidate: Candidate, name: str, accesses: Sequence[Access]) -> Iterator[Option]:
    """All rf and all orders of the writes of a location.

    For locks, and where there are too many, only what coherence and mutual exclusion permit.
    """
    initial = candidate.initial[name]
    writes = [access.event for access in accesses if access.is_write]
    reads = [access.event for access in accesses if not access.is_write]
    if _too_many(accesses) or any(access.lock for access in accesses):
        yield from options(initial, accesses, lambda write, read: True, lambda write: True)
        return
    for order in itertools.permutations(writes):
        for sources in itertools.product((initial, *writes), repeat=len(reads)):
            yield Option(tuple(zip(sources, reads, strict=True)), (initial, *order))


def _too_many(accesses: Sequence[Access]) -> bool:
    """Whether a location has too many choices to try them all."""
    writes = sum(access.is_write for access in accesses)
    return bool(factorial(writes) * (writes + 1) ** (len(accesses) - writes) > INCOHERENT)


def _fits(candidate: Candidate, found: Found) -> bool:
    """Whether the values read lead every thread along its path. Raises NoMeaning, Unsolvable."""
    values = Valuation(candidate, found.sources)
    return all(
        truth(values.of_term(term, offset)) is outcome
        for path, offset in zip(candidate.paths, candidate.offsets, strict=True)
        for term, outcome in path.constraints
    )
