"""Part `invariants`: the book of invariants, and the page of scenarios that it points to.

For each property: what it says, why it holds and who upholds it, which scenarios checked it and on what their verdicts
rest, and which bugs broke it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from psockmc.explore.verdict import JUDGED, PropertyVerdict, Verdict
from psockmc.ir.lower import BUILTIN, PROGRESS
from psockmc.mutants.survivors import load_property_reasons
from psockmc.reports import findings, scenarios
from psockmc.reports import markdown as md
from psockmc.reports.elsewhere import Claim, load_claims
from psockmc.reports.kills import Kills, kills, whole
from psockmc.reports.material import Material
from psockmc.trials import Tried

FILE = "invariants.md"
BY_PSOCKMC = BUILTIN | PROGRESS | JUDGED
ROLES = {
    "invariant": "in every state",
    "at_end": "at the end of every run",
    "eventually": "in every run that goes on for ever",
}
INTRODUCTION = (
    "What must hold of psock, why it does, who upholds it, and how far it was checked. HOLDS means: in every reachable "
    "state of the scenarios named, within [their bounds](scenarios.md)."
)
NUMBERS = (
    "A number such as I31 is one claim that reviewers rely on; I31-head and I31-parser are parts of it, or the same "
    "for another kind of socket."
)
OF_PSOCKMC = (
    "What psockmc looks for by itself. Where it is found, the run ends, and nothing is known of what comes behind it."
)
FEW = 8
"""So many scenarios are named in a sentence."""
SOME = 3
"""So many mutants are shown."""
_UPHELD = re.compile(r"(?:^|(?<=[.:;] ))((?:Would be u|U)pheld\b.*)")


@dataclass(frozen=True)
class Checked:
    """A property and what is known of it.

    verdicts: by scenario. bugs: that violate it when they are put back. kills: mutants that it notices;
    quiet: why there is none. role, doc, file: of the function that states it, "" for what psockmc looks for by itself.
    """

    id: str
    sentence: str
    verdicts: Mapping[str, PropertyVerdict]
    bugs: Sequence[Tried]
    findings: Sequence[findings.Finding]
    kills: Kills = field(default_factory=Kills)
    quiet: str = ""
    role: str = ""
    doc: str = ""
    file: str = ""

    @cached_property
    def holds(self) -> Sequence[str]:
        """The scenarios in which it holds."""
        return [name for name, verdict in self.verdicts.items() if verdict.verdict is Verdict.HOLDS]


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """The two pages, by path below the reports. Raises NotSettled and UsageError."""
    yield FILE, _book(material)
    yield scenarios.FILE, scenarios.page(material)


def checked(material: Material) -> Sequence[Checked]:
    """Every property of the models by its ID, then those of psockmc."""
    verdicts: dict[str, dict[str, PropertyVerdict]] = {}
    for name, outcome in sorted(material.outcomes.items()):
        for verdict in outcome.verdicts:
            verdicts.setdefault(whole(verdict.id), {})[name] = verdict
    shown: dict[str, list[findings.Finding]] = {}
    for mine in findings.findings(material).values():
        for finding in mine:
            shown.setdefault(whole(finding.id), []).append(finding)
    broken: dict[str, list[Tried]] = {}
    for trial in material.trials:
        if trial.bug.scenario:
            broken.setdefault(whole(trial.bug.property), []).append(trial)

    killed, quiet = kills(material), load_property_reasons(material.root)

    def of(id: str, sentence: str, role: str = "", doc: str = "", file: str = "") -> Checked:
        known = verdicts.get(id, {}), broken.get(id, []), shown.get(id, []), killed.get(id, Kills()), quiet.get(id, "")
        return Checked(id, sentence, *known, role, doc, file)

    own = [f for f in material.program.functions.values() if f.role in ROLES]
    own.sort(key=lambda f: _numbered_first(f.property_id))
    stated = [of(f.property_id, f.sentence, f.role, f.doc, f.span.file) for f in own]
    return [*stated, *(of(id, sentence) for id, sentence in BY_PSOCKMC.items())]


# ---------------------------------------------------------------- the book


def _book(material: Material) -> str:
    all_ = checked(material)
    own = [one for one in all_ if one.role]
    built_in = [one for one in all_ if not one.role]
    claims = load_claims(material.root, BY_PSOCKMC)
    elsewhere = [_elsewhere(material, claim) for claim in claims]
    return md.page(
        md.heading(1, "The invariants"),
        INTRODUCTION,
        NUMBERS,
        _contents(own, claims),
        *(_chapter(material, one) for one in own),
        *([md.heading(2, "Decided elsewhere"), *elsewhere] if elsewhere else []),
        md.heading(2, "In every scenario"),
        OF_PSOCKMC,
        *(_chapter(material, one) for one in built_in),
    )


def _contents(own: Sequence[Checked], claims: Sequence[Claim]) -> str:
    rows = {one.id: (md.text(one.sentence), _verdicts(one), str(len(one.bugs) or "")) for one in own}
    rows |= {claim.id: (md.text(claim.sentence), "see there", "") for claim in claims}
    table = [(md.link(md.text(id), f"#{md.anchor(id)}"), *rows[id]) for id in sorted(rows, key=_numbered_first)]
    return md.table(("", "says", "scenarios", "bugs that break it"), table, numbers=[3])


def _numbered_first(id: str) -> tuple[bool, str]:
    return not re.match(r"I\d", id), id


def _verdicts(one: Checked) -> str:
    """How many scenarios came to which verdict."""
    others = len(one.verdicts) - len(one.holds)
    return ", ".join(f"{n} {word}" for n, word in ((len(one.holds), "HOLDS"), (others, "not")) if n) or "none"


def _elsewhere(material: Material, claim: Claim) -> str:
    points = [md.link(md.text(id), f"#{md.anchor(id)}") for id in claim.properties]
    points += [md.link(md.text(claim.report), claim.report)] if claim.report else []
    decided = f"Decided by {md.text(claim.decided_by.rstrip('.'))}: {', '.join(points)}."
    weak = md.bullets(_on_weak_memory(material, claim.id))
    return md.join(md.heading(3, md.text(claim.id)), f"**{md.sentence(claim.sentence)}**", decided, weak)


# ---------------------------------------------------------------- a chapter


def _chapter(material: Material, one: Checked) -> str:
    why, upheld = _reasons(one.doc)
    when = f" Checked {ROLES[one.role]}; stated in {md.code(one.file)}." if one.role else ""
    return md.join(
        md.heading(3, md.text(one.id)),
        f"**{md.sentence(one.sentence)}**{when}",
        md.prose(why),
        f"*{md.prose(upheld)}*" if upheld else "",
        md.bullets(
            [
                *_checked_in(material, one),
                *_found(one),
                *_on_weak_memory(material, one.id),
                *_broken_by(one),
                *_notices(one),
            ]
        ),
        _everywhere(one),
    )


def _reasons(doc: str) -> tuple[str, str]:
    """Why it holds, and who upholds it, from the docstring."""
    plain = " ".join(doc.split())
    upheld = _UPHELD.search(plain)
    return (plain, "") if upheld is None else (plain[: upheld.start()].rstrip(), upheld[1])


def _checked_in(material: Material, one: Checked) -> Iterator[str]:
    """In how many scenarios it holds, by what their verdicts rest on; a few are named."""
    by_basis: dict[str, list[str]] = {}
    for name in one.holds:
        by_basis.setdefault(_kind(one.verdicts[name].basis), []).append(name)
    for basis, names in by_basis.items():
        states = sum(_states(material, name) for name in names)
        number = "1 scenario" if len(names) == 1 else f"{len(names)} scenarios"
        named = f": {_names(names)}" if len(names) <= FEW else ""
        yield f"HOLDS in {number} with {states:,} states, {md.text(basis)}{named}."
    for name, verdict in one.verdicts.items():
        if verdict.verdict not in (Verdict.HOLDS, Verdict.VIOLATED):
            yield f"{verdict.verdict}, {md.text(verdict.basis)}: {scenarios.link(name)}."


def _everywhere(one: Checked) -> str:
    """All scenarios in which it holds, where they are many. What psockmc looks for by itself it does in all of them."""
    if len(one.holds) <= FEW or not one.role:
        return ""
    # Without links, which would make the page larger than web servers like to show.
    return md.details(f"The {len(one.holds)} scenarios in which {one.id} holds", ", ".join(map(md.code, one.holds)))


def _names(names: Sequence[str]) -> str:
    return ", ".join(scenarios.link(name) for name in names)


def _kind(basis: str) -> str:
    """A basis without what only its scenario has."""
    if basis.startswith("reached:"):
        return "everything that the scenario is about happens"
    if ", but not explored: " in basis:
        return "exhaustive up to an error that is found there"
    return re.sub(r" \(\d.*\)", "", basis)


def _states(material: Material, scenario: str) -> int:
    result = material.outcomes[scenario].result
    return 0 if result is None else result.states


def _found(one: Checked) -> Iterator[str]:
    for finding in one.findings:
        names = ", ".join(scenarios.link(shown.scenario) for shown in finding.shown)
        yield f"VIOLATED: {md.link(finding.title, f'{findings.FOLDER}/{finding.file}')} in {names}."


def _on_weak_memory(material: Material, id: str) -> Iterator[str]:
    """What psockmc litmus says of the claims about memory order that belong to an invariant."""
    for claim in material.memory_claims:
        if id in claim.invariants and claim.form in ("right", "finding"):
            said = "holds" if claim.holds else md.link("does not hold", f"{findings.FOLDER}/{claim.finding}")
            test = md.link(md.code(claim.file.removesuffix(".litmus")), f"../models/litmus/{claim.file}")
            yield f"On weaker memory, {test} {said}: {md.sentence(claim.claim)}"


def _broken_by(one: Checked) -> Iterator[str]:
    if one.bugs:
        said = (
            md.link(md.text(trial.bug.id), f"bugs/{md.slug(trial.bug.id)}.md")
            + (f" ({md.text(trial.bug.cve)})" if trial.bug.cve else "")
            for trial in one.bugs
        )
        yield f"Broken by bugs that the kernel has had: {', '.join(said)}."


def _notices(one: Checked) -> Iterator[str]:
    """The mutants that it was the first to notice, or those that it notices with others."""
    for keys, said in ((one.kills.first, "The first to notice"), (one.kills.also, "Notices, after others,")):
        if keys:
            some = "; ".join(
                f"{md.code(change)} in {md.code(name)} ({kind})" for name, kind, change in sorted(keys)[:SOME]
            )
            number = f"{len(keys)} mutants, for example" if len(keys) > SOME else "these mutants:"
            yield f"{said} {md.link(number, 'mutants.md')} {some}."
            return
    if one.quiet:
        yield f"Notices no mutant: {md.prose(one.quiet.rstrip('.'))}."
