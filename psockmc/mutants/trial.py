"""Trying mutants in scenarios that may notice them (psockmc.mutants.baseline), and which property is the first to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from psockmc.explore.limits import REASON_INTERRUPTED
from psockmc.explore.verdict import COVER, PropertyVerdict, Verdict
from psockmc.lang.tree import Program
from psockmc.mutants.kinds import Mutant
from psockmc.mutants.valid import with_mutant
from psockmc.render import render
from psockmc.run import Events, Failure, Job, Options, Outcome, interrupts, run


class Fate(StrEnum):
    """What became of a mutant, or of one trial of it."""

    NOTICED = "noticed"  # a property is violated that must not be
    WEAKLY = "weakly noticed"  # a setup fails, an expected violation is gone, a cover is missed, a bound was left
    UNDECIDED = "undecided"  # some search ran out of its budget
    SURVIVED = "survived"
    REFUSED = "refused"  # the compiler does not take it: no program
    UNREACHED = "unreached"  # no scenario runs it
    UNTRIED = "untried"  # the run ended before


@dataclass(frozen=True)
class Trial:
    """A mutant in a scenario. property, steps, message: what noticed it; "", None and "" when nothing did.

    also: the other properties that the same search found violated, sorted. diagram: of the shortest run that violates
    the property; "" when there is none.
    """

    scenario: str
    fate: Fate
    property: str = ""
    steps: int | None = None
    message: str = ""
    diagram: str = ""
    also: tuple[str, ...] = ()


@dataclass
class Tried:
    """A mutant and what came of it. candidates: scenarios that may notice, in the order of trying."""

    mutant: Mutant
    candidates: Sequence[str]
    trials: list[Trial] = field(default_factory=list)
    finished: bool = False

    @property
    def first(self) -> Trial | None:
        """The trial that noticed it: a violation if there is one."""
        for fate in (Fate.NOTICED, Fate.WEAKLY):
            for trial in self.trials:
                if trial.fate is fate:
                    return trial
        return None

    @property
    def notices(self) -> list[Trial]:
        """The trials in which a property was violated."""
        return [trial for trial in self.trials if trial.fate is Fate.NOTICED]

    @property
    def fate(self) -> Fate:
        """What became of it."""
        fates = {trial.fate for trial in self.trials}
        if Fate.REFUSED in fates:
            return Fate.REFUSED
        if (first := self.first) is not None and (self.finished or first.fate is Fate.NOTICED):
            return first.fate
        if not self.finished:
            return Fate.UNTRIED
        if not self.candidates:
            return Fate.UNREACHED
        return Fate.UNDECIDED if Fate.UNDECIDED in fates or len(fates & _KNOWN) == 0 else Fate.SURVIVED


_KNOWN = frozenset((Fate.SURVIVED,))


SETUP_FAILS = "E0901"
"""The diagnostic of a setup in which something goes wrong."""

SETUP = "setup"
"""Stands for a property where a setup fails."""


class Interrupted(Exception):
    """The run was interrupted: what is known so far is all there is."""


class InternalError(Exception):
    """psockmc itself failed; the text says how."""


class Memory:
    """Trials that need not be made again; this one remembers nothing."""

    def trial(self, mutant: Mutant, scenario: str) -> Trial | None:
        """What came of this mutant in this scenario, if that is known."""

    def keep(self, mutant: Mutant, trial: Trial) -> None:
        """Note what came of it."""


def attempt(
    program: Program,
    tried: Sequence[Tried],
    options: Options,
    events: Events,
    *,
    memory: Memory,
    searches: int | None,
    done: Callable[[Tried], None],
) -> None:
    """Try the mutants, each in its scenarios until a violation is found; `searches`: in no more than that many.

    What is known already comes first, so that an interrupted run knows it, too. Raises Interrupted and InternalError;
    what was found until then is in `tried`.
    """
    for t in tried:
        _from_memory(t, memory, searches)
        if t.finished:
            done(t)
    with interrupts():
        for batch in _batches([t for t in tried if not t.finished], options.processes):
            waiting = {t.mutant.name: t for t in batch}
            while waiting:
                outcomes = _round(program, waiting.values(), options, events, memory, searches)
                for name in [name for name, t in waiting.items() if t.finished]:
                    done(waiting.pop(name))
                stop_for(outcomes)


def _round(
    program: Program,
    waiting: Iterable[Tried],
    options: Options,
    events: Events,
    memory: Memory,
    searches: int | None,
) -> Sequence[Outcome]:
    """One search for each, and what it says noted."""
    jobs = {_job_name(t): t for t in waiting}
    outcomes = run([_job(program, t) for t in jobs.values()], options, events)
    for outcome in outcomes:
        if not _was_interrupted(outcome):
            trial = _judged(outcome)
            jobs[outcome.name].trials.append(trial)
            if outcome.failure is not Failure.LOST:
                memory.keep(jobs[outcome.name].mutant, trial)
            _from_memory(jobs[outcome.name], memory, searches)
    return outcomes


def _batches(tried: Sequence[Tried], processes: int) -> Iterator[Sequence[Tried]]:
    """A few at a time, so that all processes have something to do."""
    size = 1 if processes == 1 else 4 * processes
    for i in range(0, len(tried), size):
        yield tried[i : i + size]


def _from_memory(tried: Tried, memory: Memory, searches: int | None) -> None:
    """Go on with what is known already, up to the first trial that must be made."""
    scenarios = tried.candidates[:searches]
    while True:
        fates = {trial.fate for trial in tried.trials}
        if fates & {Fate.NOTICED, Fate.REFUSED} or len(tried.trials) == len(scenarios):
            tried.finished = True
            return
        known = memory.trial(tried.mutant, scenarios[len(tried.trials)])
        if known is None:
            return
        tried.trials.append(known)


def _job_name(tried: Tried) -> str:
    return f"{tried.mutant.name} in {tried.candidates[len(tried.trials)]}"


def _job(program: Program, tried: Tried) -> Job:
    scenario = tried.candidates[len(tried.trials)]
    return Job(_job_name(tried), with_mutant(program, tried.mutant), scenario, tried.mutant.name, edited=True)


def _was_interrupted(outcome: Outcome) -> bool:
    if outcome.result is None:
        return outcome.failure is Failure.LOST and outcome.detail.startswith(REASON_INTERRUPTED)
    return outcome.result.reason.startswith(REASON_INTERRUPTED)


def stop_for(outcomes: Iterable[Outcome]) -> None:
    """Raise Interrupted or InternalError if that is what came of one of them."""
    for outcome in outcomes:
        if outcome.failure is Failure.INTERNAL:
            raise InternalError(f"{outcome.name}: {outcome.detail}")
        if _was_interrupted(outcome):
            raise Interrupted


def _judged(outcome: Outcome) -> Trial:
    """What a scenario says about a mutant."""
    scenario = outcome.scenario
    if outcome.failure is Failure.MODEL and SETUP_FAILS in outcome.detail:
        return Trial(scenario, Fate.WEAKLY, SETUP, None, outcome.detail.strip().splitlines()[0])
    if outcome.failure is Failure.MODEL:
        return Trial(scenario, Fate.REFUSED, message=outcome.detail.strip().splitlines()[0])
    if outcome.result is None:
        return Trial(scenario, Fate.UNDECIDED, message=outcome.detail)
    wrong = [v for v in outcome.verdicts if not v.as_expected]
    violated = [v for v in wrong if v.verdict is Verdict.VIOLATED]
    if violated:
        first = min(violated, key=_length)
        diagram = render(outcome.traces[first.id]) if first.id in outcome.traces else ""
        also = tuple(sorted(v.id for v in violated if v is not first))
        return Trial(scenario, Fate.NOTICED, first.id, first.depth, first.message or first.sentence, diagram, also)
    if not outcome.result.complete:
        return Trial(scenario, Fate.UNDECIDED, message=outcome.result.reason)
    if wrong:
        first = min(wrong, key=lambda v: (v.id == COVER, v.id))
        message = f"{first.verdict} instead of {first.expected}: {first.basis}"
        return Trial(scenario, Fate.WEAKLY, first.id, None, message)
    return Trial(scenario, Fate.SURVIVED)


def _length(verdict: PropertyVerdict) -> tuple[bool, int, str]:
    """Shorter traces first; among equal ones the order of their names decides."""
    return (verdict.depth is None, verdict.depth or 0, verdict.id)
