"""What the documents are made from: the content of a checkout, and the outcomes of its scenarios and bugs.

Nothing is searched before somebody asks for it, and what the cache has is not searched again. A document must not be
made from half a run, so an outcome that is not settled raises NotSettled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from psockmc import content
from psockmc.corpus import Bug, LeftOut, has_corpus, load_corpus, load_left_out
from psockmc.explore.verdict import Verdict
from psockmc.reports.memory_order import MemoryClaim, decided
from psockmc.run import Failure, Job, Outcome
from psockmc.trials import Trial, Tried, reproduced
from psockmc.variants import fix_diff, variant_diff

if TYPE_CHECKING:
    from psockmc.cache import Cache
    from psockmc.lang.tree import Program, Scenario
    from psockmc.ring_trials import RingTrial

Search = Callable[[Sequence[Job]], Sequence[Outcome]]
"""Runs jobs (psockmc.run.run with options, cache and progress of the command); outcomes in the order of the jobs."""


Prove = Callable[[Sequence[Bug]], Sequence["RingTrial"]]
"""Tries bugs of ring arithmetic (psockmc.ring_trials.try_rings); what came of each, in their order."""


class NotSettled(Exception):
    """A search gave no verdicts, or not the expected ones. Its text is a sentence for the user.

    undetermined: nothing is known that contradicts what is expected.
    """

    def __init__(self, sentence: str, undetermined: bool = False) -> None:
        super().__init__(sentence)
        self.undetermined = undetermined


class Material:
    """The content below `root` and what `search` finds out about it.

    program: without variants. bugs, left_out: the corpus. outcomes: of every scenario, by its name. bug_outcomes: of
    every bug that a scenario shows, by the bug's id, searched with its variant. trials: of every bug of the corpus.
    prove: may be None for a corpus without bugs of ring arithmetic. cache: where fingerprints of scenarios are kept,
    for who needs no outcomes. used: which of them somebody has asked for
    ("scenarios", "bugs"); whoever wants to know what a document is made from clears it before.
    """

    def __init__(self, root: Path, search: Search, prove: Prove | None = None, cache: Cache | None = None) -> None:
        self.root = root
        self.search = search
        self.prove = prove
        self.cache = cache
        self.used: set[str] = set()
        self._diffs: dict[str, tuple[str, str]] = {}

    @cached_property
    def program(self) -> Program:
        """The models without variants."""
        return content.load(self.root)

    @cached_property
    def bugs(self) -> tuple[Bug, ...]:
        """The bugs of the corpus, in the order of its files; none where there is no corpus."""
        return load_corpus(self.root) if has_corpus(self.root) else ()

    @cached_property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The bugs that no model shows."""
        return load_left_out(self.root)

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """Raises NotSettled unless every verdict is the expected one."""
        self.used.add("scenarios")
        return self._outcomes

    @property
    def bug_outcomes(self) -> Mapping[str, Outcome]:
        """Raises NotSettled unless every bug violates the property that its entry names."""
        self.used.add("bugs")
        return self._bug_outcomes

    @property
    def trials(self) -> tuple[Tried, ...]:
        """Every bug put back, and its fix, in the order of the corpus. Raises NotSettled unless each is reproduced."""
        self.used |= {"scenarios", "bugs"}
        return self._trials

    @property
    def scenario_fingerprints(self) -> Mapping[str, str]:
        """What each outcome of a scenario is made from, as a short hash."""
        return {
            name: scenario_fingerprint(self.program.scenarios[name], outcome)
            for name, outcome in self._outcomes.items()
        }

    @property
    def bug_fingerprints(self) -> Mapping[str, str]:
        """The same of each bug that a scenario shows."""
        return {id: bug_fingerprint(self._diffs[id], outcome) for id, outcome in self._bug_outcomes.items()}

    @cached_property
    def _outcomes(self) -> Mapping[str, Outcome]:
        found = self.search([Job(name, self.program, name, explain=True) for name in sorted(self.program.scenarios)])
        for outcome in found:
            require_settled(outcome)
            for verdict in outcome.verdicts:
                if not verdict.as_expected:
                    raise NotSettled(
                        f"{outcome.name}: {verdict.id} is {verdict.verdict} and {verdict.expected} is expected: "
                        f"see `psockmc check {outcome.name}`, and make the reports when that is mended",
                        undetermined=verdict.verdict is Verdict.UNDETERMINED,
                    )
        return {outcome.name: outcome for outcome in found}

    @cached_property
    def _bug_outcomes(self) -> Mapping[str, Outcome]:
        bugs = [bug for bug in self.bugs if bug.scenario]
        found = self.search([self._job(bug) for bug in bugs])
        for bug, outcome in zip(bugs, found, strict=True):
            require_settled(outcome)
            if bug.property not in outcome.traces:
                raise NotSettled(
                    f"{bug.id}: {bug.property} is not violated in {bug.scenario}: see `psockmc bugs {bug.id}`",
                    undetermined=outcome.result is not None and not outcome.result.complete,
                )
        return {bug.id: outcome for bug, outcome in zip(bugs, found, strict=True)}

    @cached_property
    def _trials(self) -> tuple[Tried, ...]:
        trials = [*self._searched_trials(), *self._proved_trials()]
        for trial in trials:
            if not reproduced(trial):
                raise NotSettled(
                    f"{trial.bug.id}: {trial.bug.property} is {trial.before.verdict} with the bug and "
                    f"{trial.after.verdict} with its fix: see `psockmc bugs {trial.bug.id}`",
                    undetermined=Verdict.UNDETERMINED in (trial.before.verdict, trial.after.verdict),
                )
        order = {bug.id: number for number, bug in enumerate(self.bugs)}
        return tuple(sorted(trials, key=lambda trial: order[trial.bug.id]))

    @cached_property
    def memory_claims(self) -> tuple[MemoryClaim, ...]:
        """What psockmc litmus says of the claims about memory order. Raises NotSettled for an unexpected one."""
        claims = decided(self.root)
        for claim in claims:
            if not claim.as_expected:
                raise NotSettled(f"{claim.file}: the claim {'holds' if claim.holds else 'fails'}, and is not said to")
        return claims

    def _searched_trials(self) -> Iterator[Tried]:
        for bug in self.bugs:
            if bug.scenario:
                outcome = self._bug_outcomes[bug.id]
                yield Trial(bug, *self._diffs[bug.id], outcome, self._outcomes[bug.scenario])

    def _proved_trials(self) -> Sequence[Tried]:
        ring = [bug for bug in self.bugs if bug.operation]
        if not ring:
            return ()
        if self.prove is None:
            raise ValueError("this material was made for a corpus without bugs of ring arithmetic")
        return self.prove(ring)

    def _job(self, bug: Bug) -> Job:
        program = content.load(self.root, [bug.variant])
        self._diffs[bug.id] = variant_diff(program), fix_diff(program)
        return Job(bug.id, program, bug.scenario, str(bug.variant.relative_to(self.root)), explain=True)


def require_settled(outcome: Outcome) -> None:
    """Raises NotSettled for an outcome without a result, UsageError for a model that is wrong."""
    if outcome.failure is Failure.MODEL:
        raise content.UsageError(f"{outcome.name}: the model is wrong\n{outcome.detail}")
    if outcome.failure is Failure.INTERNAL:
        raise RuntimeError(f"{outcome.name}: {outcome.detail}")
    if outcome.failure is Failure.LOST:
        raise NotSettled(f"{outcome.name} has no verdicts: {outcome.detail}", undetermined=True)


def scenario_fingerprint(scenario: Scenario, outcome: Outcome) -> str:
    """A short hash of what is said about a scenario: its system, what it expects, and why."""
    return digest(_fingerprint(outcome), sorted(scenario.expect.items()), sorted(scenario.why.items()))


def bug_fingerprint(diffs: tuple[str, str], outcome: Outcome) -> str:
    """The same of a bug. diffs: what its variant changes, and what its fix does."""
    return digest(_fingerprint(outcome), diffs)


def digest(*parts: object) -> str:
    """A short hash of texts and numbers."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _fingerprint(outcome: Outcome) -> str:
    assert outcome.facts is not None, "an outcome without facts is not settled"
    return outcome.facts.fingerprint
