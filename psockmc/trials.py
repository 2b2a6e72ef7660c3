"""Bugs of the corpus put back: what is found with the bug, and with its fix. The proofs of rings: ring_trials.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from psockmc.content import UsageError
from psockmc.corpus import Bug
from psockmc.explore.verdict import EVERYTHING, PropertyVerdict, Verdict
from psockmc.run import Outcome


class Verdictlike(Protocol):
    """A verdict of a search or of a proof."""

    @property
    def verdict(self) -> Verdict:
        """What is true."""

    @property
    def basis(self) -> str:
        """What it rests on."""

    @property
    def message(self) -> str:
        """What went wrong."""


class Tried(Protocol):
    """What came of a bug: in a search of states, or in a proof."""

    @property
    def bug(self) -> Bug:
        """The bug."""

    @property
    def change(self) -> str:
        """What putting it back changes, as a diff of the models."""

    @property
    def fix(self) -> str:
        """The same, the other way round."""

    @property
    def before(self) -> Verdictlike:
        """The verdict of its property with the bug."""

    @property
    def after(self) -> Verdictlike:
        """The verdict of its property with the fix."""

    @property
    def steps(self) -> int | None:
        """Length of the shortest violation; None for a proof."""

    @property
    def states(self) -> int | None:
        """States of the search with the bug; None for a proof."""

    @property
    def seconds(self) -> float | None:
        """How long it took to find the bug."""

    @property
    def note(self) -> str:
        """What to say about the seconds."""

    def picture(self, width: int) -> str:
        """How it strikes, as text; "" when there is nothing to show."""


@dataclass(frozen=True)
class Trial:
    """A bug in a scenario: the runs with the bug put back and with the fix. change, fix: diffs of the models."""

    bug: Bug
    change: str
    fix: str
    with_bug: Outcome
    with_fix: Outcome

    @property
    def before(self) -> PropertyVerdict:
        """The verdict without the fix; must be VIOLATED."""
        return verdict_of(self.with_bug, self.bug)

    @property
    def after(self) -> PropertyVerdict:
        """The verdict with the fix; must be HOLDS."""
        return verdict_of(self.with_fix, self.bug)

    @property
    def steps(self) -> int | None:
        """Length of the shortest violation."""
        return self.before.depth

    @property
    def states(self) -> int | None:
        """States of the search with the bug."""
        return self.with_bug.result.states if self.with_bug.result else None

    @property
    def seconds(self) -> float | None:
        """How long that search took."""
        return self.with_bug.result.seconds if self.with_bug.result else None

    @property
    def note(self) -> str:
        """Whether the result was in the cache."""
        return " (cached)" if self.with_bug.result and self.with_bug.result.cached else ""

    def picture(self, width: int) -> str:
        """The diagram of the shortest violation."""
        from psockmc.render import for_message

        trace = self.with_bug.traces.get(self.bug.property)
        return "" if trace is None else for_message(trace, width)


def reproduced(trial: Tried) -> bool:
    """Whether the bug is found and the fix holds."""
    return trial.before.verdict is Verdict.VIOLATED and trial.after.verdict is Verdict.HOLDS


def verdict_of(outcome: Outcome, bug: Bug) -> PropertyVerdict:
    """The verdict of the bug's property. Raises UsageError when the scenario does not check it."""
    for verdict in outcome.verdicts:
        if verdict.id in (bug.property, EVERYTHING):
            return verdict
    raise UsageError(
        f"the bug {bug.id} violates {bug.property}, which its scenario {bug.scenario} does not check: "
        f"add it to the scenario or correct spec/bugs.toml"
    )
