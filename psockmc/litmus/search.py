"""The search: all allowed executions of a test, or the first one that a goal asks for.

An execution is a path per thread, and per location one coherent and atomic choice of rf and co. A goal (a conjunction
of literals) narrows paths, what reads may return and which write may be last before anything is combined. Paths are
combined here; `combination` then tries locations one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from psockmc.litmus.candidate import Candidate
from psockmc.litmus.combination import Combination
from psockmc.litmus.conditions import Literal
from psockmc.litmus.found import Found, Visit, copy
from psockmc.litmus.goals import Choice, combinations, narrow, viable, viable_choices
from psockmc.litmus.limits import Clock, TimeLimit, TooLarge
from psockmc.litmus.model import Model
from psockmc.litmus.paths import Path, callbacks_run
from psockmc.litmus.syntax import Test

__all__ = ["Clock", "Found", "Search", "TimeLimit", "TooLarge", "Visit", "copy", "viable"]


class Search:
    """The allowed executions of one test under one model.

    paths: per thread. asked: the globals whose final value is asked for.
    """

    def __init__(self, test: Test, paths: Sequence[Sequence[Path]], model: Model, clock: Clock) -> None:
        self.test = test
        self.paths = paths
        self.model = model
        self.clock = clock
        self.asked: list[str] = []

    def run(self, goal: Sequence[Literal], visit: Visit, paths: Sequence[Sequence[Path]] | None = None) -> bool:
        """Visit the allowed executions in which the literals of the goal may hold; True when visit said stop.

        The goal only narrows the search: who visits still has to look whether it holds. Raises TimeLimit, LitmusError.
        """
        narrowed = [[narrow(p, t, goal) for p in ps] for t, ps in enumerate(self.paths if paths is None else paths)]
        initial = self.test.initial
        choices = viable_choices(initial, [[c for c in cs if c is not None] for cs in narrowed])
        return any(self._visit(combination, goal, visit) for combination in combinations(initial, choices))

    def _visit(self, combination: Sequence[Choice], goal: Sequence[Literal], visit: Visit) -> bool:
        self.clock.check()
        paths = [c.path for c in combination]
        if not callbacks_run(paths):
            return False
        candidate = Candidate(paths, self.test.initial, self.asked, self.test.source)
        return Combination(candidate, combination, goal, self.model, self.clock).explore(visit)
