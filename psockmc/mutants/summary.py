"""What a run of mutants says: which fates there are, and what needs a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psockmc.mutants.baseline import Baseline
from psockmc.mutants.survivors import Key
from psockmc.mutants.trial import Fate, Tried

NOT_NOTICED = (Fate.SURVIVED, Fate.UNDECIDED, Fate.UNREACHED)
"""Fates that need a reason."""


@dataclass(frozen=True)
class Summary:
    """A run. known: the scenarios of this run; what was tried before may have been in others."""

    tried: Sequence[Tried]
    reasons: Mapping[Key, str]
    known: Mapping[str, Baseline]
    budget: str

    def reason(self, tried: Tried) -> str:
        """Why nothing notices this mutant; "" when nobody has said so."""
        return self.reasons.get(tried.mutant.key, "")

    @property
    def counts(self) -> Counter[Fate]:
        """How many mutants met each fate."""
        return Counter(t.fate for t in self.tried)

    @property
    def unexplained(self) -> list[Tried]:
        """What nothing has noticed, and nobody has explained."""
        return [t for t in self.tried if t.fate in NOT_NOTICED and not self.reason(t)]

    @property
    def explained(self) -> list[Tried]:
        """What nothing has noticed, with a reason."""
        return [t for t in self.tried if t.fate in NOT_NOTICED and self.reason(t)]

    @property
    def first(self) -> dict[str, int]:
        """How many mutants each property was the first to notice, most first; also those that noticed none."""
        found = Counter(t.first.property for t in self.tried if t.first is not None and t.fate is Fate.NOTICED)
        searched = self.known.keys() & {trial.scenario for t in self.tried for trial in t.trials}
        asked = {id for scenario in searched for id in self.known[scenario].properties}
        return dict(sorted(((id, found[id]) for id in asked | set(found)), key=lambda item: (-item[1], item[0])))

    @property
    def left_out(self) -> list[str]:
        """Scenarios that could not be used."""
        return sorted(b.scenario for b in self.known.values() if not b.usable)

    def stale(self) -> list[str]:
        """Reasons for mutants that are noticed after all."""
        seen = {t.mutant.key: t for t in self.tried if t.fate in (Fate.NOTICED, Fate.WEAKLY)}
        return [f"{seen[k].mutant.name} is {seen[k].fate}" for k in self.reasons if k in seen]


def who(tried: Tried) -> str:
    """The property that noticed first, with the scenario and the steps."""
    if tried.first is None:
        made = f"in {len(tried.trials)} of {len(tried.candidates)} scenarios"
        return made if tried.candidates else ""
    steps = f", {tried.first.steps} steps" if tried.first.steps is not None else ""
    return f"{tried.first.property} in {tried.first.scenario}{steps}"
