"""One HTML page that lists what was run: scenarios with their verdicts, properties, bugs, each with links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from psockmc.explore.verdict import PropertyVerdict, Verdict
from psockmc.render.page import page
from psockmc.run import Outcome

COMMITS = "https://git.kernel.org/linus/"


@dataclass(frozen=True)
class Ran:
    """A scenario that was run. why: reasons of expectations; addresses: of the page of each violation; by property."""

    outcome: Outcome
    sentence: str
    why: Mapping[str, str]
    addresses: Mapping[str, str]

    @property
    def holding(self) -> list[tuple[str, list[str]]]:
        """What holds: each basis with its properties, the commonest first."""
        groups: dict[str, list[str]] = {}
        for verdict in self.outcome.verdicts:
            if verdict.verdict is Verdict.HOLDS:
                groups.setdefault(verdict.basis, []).append(verdict.id)
        return sorted(groups.items(), key=lambda group: -len(group[1]))

    @property
    def others(self) -> list[PropertyVerdict]:
        """What does not hold."""
        return [verdict for verdict in self.outcome.verdicts if verdict.verdict is not Verdict.HOLDS]

    @property
    def worst(self) -> Verdict:
        """VIOLATED where anything is, else UNDETERMINED where anything is not decided, else HOLDS."""
        found = {verdict.verdict for verdict in self.outcome.verdicts}
        return next((v for v in (Verdict.VIOLATED, Verdict.ERROR, Verdict.UNDETERMINED) if v in found), Verdict.HOLDS)


@dataclass(frozen=True)
class Shown:
    """A bug that was put back. where: the scenario or the operation that shows it. address: of its page, or ""."""

    id: str
    fix: str
    kind: str
    violates: str
    where: str
    symptom: str
    address: str

    @property
    def commit(self) -> str:
        """The address of the fix; "" when `fix` is no commit."""
        return COMMITS + self.fix if re.fullmatch(r"[0-9a-f]{12,40}", self.fix) else ""


@dataclass
class Stated:
    """A property with what became of it: verdicts counted, violations as (scenario, address)."""

    id: str
    sentence: str
    counts: Counter[Verdict] = field(default_factory=Counter)
    violations: list[tuple[str, str]] = field(default_factory=list)


def index_html(ran: Sequence[Ran], bugs: Sequence[Shown]) -> str:
    """The page. ran, bugs: in the order in which they are listed."""
    return page(
        "index",
        ran=ran,
        bugs=bugs,
        properties=_properties(ran),
        counts=_ordered(Counter(v.verdict for one in ran for v in one.outcome.verdicts)),
        worst=_ordered(Counter(one.worst for one in ran)),
        rests=_what_it_rests_on(ran),
        ordered=_ordered,
    )


def _ordered(counts: Mapping[Verdict, int]) -> list[tuple[Verdict, int]]:
    return [(verdict, counts[verdict]) for verdict in Verdict if counts.get(verdict)]


def _properties(ran: Iterable[Ran]) -> list[Stated]:
    """Every property, by its ID."""
    found: dict[str, Stated] = {}
    for one in ran:
        for verdict in one.outcome.verdicts:
            stated = found.setdefault(verdict.id, Stated(verdict.id, verdict.sentence))
            stated.counts[verdict.verdict] += 1
            if verdict.verdict is Verdict.VIOLATED:
                stated.violations.append((one.outcome.name, one.addresses.get(verdict.id, "")))
    return [found[id] for id in sorted(found)]


def _what_it_rests_on(ran: Iterable[Ran]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Assumptions and omissions, each with the number of scenarios that rest on it."""
    facts = [one.outcome.facts for one in ran if one.outcome.facts is not None]
    counted = {
        "Assumptions": Counter(text for f in facts for text in f.assumptions),
        "Omissions": Counter(text for f in facts for text in f.omissions),
    }
    return [(name, sorted(texts.items())) for name, texts in counted.items() if texts]
