"""The answer to a litmus test: its verdict, and what stands behind it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from psockmc.litmus.check import check_calls
from psockmc.litmus.conditions import Literal, disjuncts, holds, width
from psockmc.litmus.definitions import definitions
from psockmc.litmus.execution import Value
from psockmc.litmus.limits import Clock, TimeLimit, TooLarge
from psockmc.litmus.model import MODELS, Flag, Model, different_values, load_model
from psockmc.litmus.paths import Path
from psockmc.litmus.problems import LitmusError, Problem
from psockmc.litmus.search import Found, Search, copy, viable
from psockmc.litmus.sequential import sequential_runs
from psockmc.litmus.syntax import Memory, Test
from psockmc.litmus.threads import LOOP_BOUND, Semantics, paths, pointers, started

DEFAULT_MODEL = "6.1"


MOST_GOALS = 8
"""A condition that can come true in more ways than this is not split into them."""


class Verdict(StrEnum):
    """Whether the condition holds in no, some or every allowed execution."""

    NEVER = "Never"
    SOMETIMES = "Sometimes"
    ALWAYS = "Always"
    UNDETERMINED = "UNDETERMINED"


@dataclass(frozen=True, slots=True)
class Options:
    """How to decide a test. model: None for the one that the test states, else DEFAULT_MODEL.

    counts: find all executions, not only those that decide. timeout: seconds. null_once, loop_bound: see `Semantics`.
    """

    model: str | None = None
    counts: bool = False
    timeout: float | None = None
    null_once: bool = False
    loop_bound: int = LOOP_BOUND


@dataclass(slots=True)
class Raised:
    """A flag with the first execution that raises it."""

    flag: Flag
    found: Found


@dataclass(slots=True)
class Answer:
    """What is known of a test.

    model: its name. positive, negative: how many allowed executions satisfy the condition, and how many do not; None
    unless counted. states: the final states, likewise. flags: by name. witness, counterwitness: an execution in which
    the condition holds, and one in which it does not. bounded: some loop can run further than the bound; Never and
    Always then hold up to the bound only. reason: why the verdict is UNDETERMINED.
    """

    test: Test
    model: str
    verdict: Verdict
    positive: int | None = None
    negative: int | None = None
    states: frozenset[tuple[Value, ...]] | None = None
    flags: dict[str, Raised] = field(default_factory=dict)
    witness: Found | None = None
    counterwitness: Found | None = None
    bounded: bool = False
    vacuous: bool = False
    reason: str = ""
    seconds: float = 0.0


def decide(test: Test, options: Options | None = None) -> Answer:
    """The answer to a test. Raises LitmusError for what its text does not mean, ValueError for an unknown model."""
    options = options or Options()
    begin = time.perf_counter()
    model = load_model(options.model or _stated_model(test) or DEFAULT_MODEL)
    decision = _Decision(test, model, options)
    try:
        decision.run()
    except TimeLimit:
        decision.undetermined(f"the time limit of {options.timeout:g} s was reached")
    except TooLarge as error:
        decision.undetermined(str(error))
    return replace(decision.answer, seconds=time.perf_counter() - begin)


def _stated_model(test: Test) -> str | None:
    """The model that the test states, if any. Raises LitmusError when there is no such model."""
    if test.model in (None, *MODELS):
        return test.model
    start = test.source.text.find(test.model or "")
    message = f"there is no memory model `{test.model}`"
    help = f"state one of {', '.join(MODELS)}"
    raise LitmusError(test.source, [Problem("L0011", message, start, start + len(test.model or ""), help=help)])


class _Decision:
    """The way to an answer."""

    def __init__(self, test: Test, model: Model, options: Options) -> None:
        self.test = test
        self.model = model
        self.options = options
        self.answer = Answer(test, model.name, Verdict.UNDETERMINED)
        self.states: set[tuple[Value, ...]] = set()
        self.clock = Clock(options.timeout)
        self.may_flag = self.may_misuse = True

    def undetermined(self, reason: str) -> None:
        """The search did not finish. Both sides may be known all the same."""
        answer = self.answer
        answer.positive = answer.negative = answer.states = None
        if answer.witness and answer.counterwitness and not self.options.counts and not self.may_flag:
            answer.verdict = Verdict.SOMETIMES
        else:
            answer.reason = reason

    def run(self) -> None:
        """Fill the answer. Raises TimeLimit, TooLarge, LitmusError."""
        test, options = self.test, self.options
        check_calls(test, definitions(self.model.name))
        semantics = Semantics(
            definitions(self.model.name), self.model.name == "newest", options.null_once, options.loop_bound
        )
        values = pointers(test)
        callbacks = started(test)
        tick = self.clock.check
        every = [paths(test, i, semantics, values, t.name in callbacks, tick) for i, t in enumerate(test.threads)]
        every = viable(test.initial, every)
        complete = [[p for p in ps if not p.cut] for ps in every]
        self.search = Search(test, complete, self.model, self.clock)
        self.search.asked = [v.name for v in test.shown if isinstance(v, Memory)]
        self.may_misuse = _may_misuse(every)
        self.may_flag = self.may_misuse or _may_race(every)
        if options.counts:
            self._count()
        else:
            self._verdict(complete)
        self._check_unrolling(every)

    # ------------------------------------------------------------ all executions

    def _count(self) -> None:
        answer = self.answer
        answer.positive = answer.negative = 0
        self.search.run((), self._visit_counting)
        answer.states = frozenset(self.states)
        self._conclude()

    def _visit_counting(self, found: Found) -> bool:
        answer = self.answer
        final = found.valuation()
        if self.may_flag:
            self._flag(found)
        if not holds(self.test.filter, final):
            return False
        self.states.add(tuple(final(v) for v in self.test.shown))
        if holds(self.test.condition, final):
            answer.positive = (answer.positive or 0) + 1
        else:
            answer.negative = (answer.negative or 0) + 1
        self._note(found)
        return False

    # ------------------------------------------------------------ the verdict alone

    def _verdict(self, complete: Sequence[Sequence[Path]]) -> None:
        """Sequential runs first; what they leave open is searched for. Flags want to see all executions."""
        answer = self.answer
        for found in sequential_runs(self.test, complete, self.search.asked):
            if self._happens(found):
                self._note(found)
            if answer.witness and answer.counterwitness:
                break
        if self.may_flag:
            self.search.run((), self._visit_flagging)
        else:
            for truth in (True, False):
                self._look_for(truth)
        self._conclude()

    def _happens(self, found: Found) -> bool:
        """Whether a sequential run ends: it does unless a thread waits for a grace period inside of a reader."""
        suspects = any(path.may_wait_for_itself for path in found.candidate.paths)
        return not suspects or self.model.allowed(found.execution())

    def _look_for(self, truth: bool) -> None:
        """Search for an execution in which the condition has this truth, when none is known."""
        for goal in self._goals(truth):
            if (self.answer.witness if truth else self.answer.counterwitness) is not None:
                return
            self.search.run(goal, self._visit_looking)

    def _goals(self, truth: bool) -> list[tuple[Literal, ...]]:
        """What to look for, one after the other; everything at once when that would be many searches."""
        if width(self.test.condition, truth) * width(self.test.filter, True) > MOST_GOALS:
            return [()]
        filters = disjuncts(self.test.filter)
        return [(*goal, *given) for goal in disjuncts(self.test.condition, truth) for given in filters]

    def _visit_looking(self, found: Found) -> bool:
        before = self.answer.witness, self.answer.counterwitness
        self._note(found)
        return (self.answer.witness, self.answer.counterwitness) != before

    def _visit_flagging(self, found: Found) -> bool:
        self._flag(found)
        answer = self.answer
        if answer.witness is None or answer.counterwitness is None:
            self._note(found)
            return False
        return "data-race" in answer.flags and not self.may_misuse

    # ------------------------------------------------------------ what executions show

    def _note(self, found: Found) -> None:
        """Keep the first execution of each side, of those that satisfy the filter."""
        answer = self.answer
        if answer.witness is not None and answer.counterwitness is not None:
            return
        final = found.valuation()
        if not holds(self.test.filter, final):
            return
        if holds(self.test.condition, final):
            answer.witness = answer.witness or copy(found)
        else:
            answer.counterwitness = answer.counterwitness or copy(found)

    def _flag(self, found: Found) -> None:
        judge = self.model.judge(found.candidate.skeleton)
        different = 0
        if found.candidate.skeleton.sets["srcu-lock"]:
            different = different_values(judge.universe, found.execution())
        raised = judge.flagged(found.packed_rf, found.packed_co, different)
        if any(name not in self.answer.flags for name, _ in raised):
            for flag in self.model.flags(found.execution()):
                self.answer.flags.setdefault(flag.name, Raised(flag, copy(found)))
        for path, offset in zip(found.candidate.paths, found.candidate.offsets, strict=True):
            for name, event in path.misuse:
                if name not in self.answer.flags:
                    own = Flag(name, ((event + offset, event + offset),))
                    self.answer.flags[name] = Raised(own, copy(found))

    def _conclude(self) -> None:
        answer = self.answer
        answer.vacuous = answer.witness is None and answer.counterwitness is None
        if answer.witness is None:
            answer.verdict = Verdict.NEVER
        elif answer.counterwitness is None:
            answer.verdict = Verdict.ALWAYS
        else:
            answer.verdict = Verdict.SOMETIMES

    def _check_unrolling(self, every: Sequence[Sequence[Path]]) -> None:
        """Whether an allowed execution begins in which a loop reaches its bound."""
        for index, all_paths in enumerate(every):
            cut = [p for p in all_paths if p.cut]
            if cut:
                chosen = [cut if i == index else ps for i, ps in enumerate(every)]
                if self._begins(chosen):
                    self.answer.bounded = True
                    return

    def _begins(self, chosen: Sequence[Sequence[Path]]) -> bool:
        """Whether these paths have an allowed execution; when there is no time left to see, they may have one."""
        try:
            return self.search.run((), lambda _: True, chosen)
        except (TimeLimit, TooLarge):
            return True


def _may_misuse(every: Sequence[Sequence[Path]]) -> bool:
    """Whether some execution might raise a flag that one thread earns alone."""
    return any(p.misuse or p.odd_readers or _mixes(p) for ps in every for p in ps)


def _mixes(path: Path) -> bool:
    """Whether there is a plain write and a marked access of one location."""
    plain_writes = path.sets.get("Plain", 0) & path.sets.get("W", 0)
    if not plain_writes:
        return False
    marked = (path.sets.get("R", 0) | path.sets.get("W", 0)) & ~path.sets["Plain"]
    return any(mask & plain_writes and mask & marked for mask in path.locations.values())


def _may_race(every: Sequence[Sequence[Path]]) -> bool:
    """Whether some execution might have a data race: one thread writes what another uses, one of them plainly."""
    plain: set[str] = set()
    users: dict[str, set[int]] = {}
    written: set[str] = set()
    for thread, ps in enumerate(every):
        for event in itertools.chain.from_iterable(p.events for p in ps):
            if event.location is None or event.kind not in ("R", "W"):
                continue
            users.setdefault(event.location, set()).add(thread)
            if event.kind == "W":
                written.add(event.location)
            if event.sets[0] == "Plain":
                plain.add(event.location)
    return any(location in written and len(users[location]) > 1 for location in plain)
