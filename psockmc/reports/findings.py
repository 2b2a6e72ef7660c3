"""Part `findings`: what the models of the current kernel violate, a page for each cause and property, and an index.

A violation that several scenarios expect for the same cause is one finding: its page shows the shortest run there, and
lists the others. What reviewers make of it stands in `spec/findings.toml`, else only in the `why` of the scenario.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from psockmc.explore.tracedata import Trace
from psockmc.explore.verdict import PropertyVerdict
from psockmc.ir.lower import BUILTIN
from psockmc.reports import markdown as md
from psockmc.reports import sites
from psockmc.reports.causes import NOT_JUDGED, RACE, Cause, cause_of, expected_violations, load_causes
from psockmc.reports.material import Material

FOLDER = "findings"
INTRODUCTION = (
    "What the models of the current kernel violate and no known bug explains. Each page shows the shortest run there: "
    "a run of the model, replayed by the reference interpreter. How far it is believed of the kernel, and what would "
    "refute it, stands on each page."
)
RACES = (
    "A plain access and another one of the same field, at the same time, one of them a store. The models mark accesses "
    "as the C code does. Most of these are about what a compiler may do with the plain access; where one is a part of "
    "something worse it stands above, with that."
)
HOW_BELIEVED = {
    "believed": "every step is one of the kernel's functions, and nothing is known that forbids their order",
    "doubted": "something that the models leave out probably forbids it",
    "open": "it is not settled whether something forbids it, or whether the property must hold at all",
    NOT_JUDGED: "there is only what the scenario says",
}
ELSEWHERE = {
    "ring.md": "arithmetic of the ring of a message, by `psockmc ring`: [what is not HOLDS](../ring.md)",
    "findings/memory-order/README.md": "memory order, by `psockmc litmus`: [memory-order/](memory-order/README.md)",
}


@dataclass(frozen=True)
class Shown:
    """A scenario that shows a finding. why: what it says; reasons: what the run says (psockmc.explore.why)."""

    scenario: str
    why: str
    verdict: PropertyVerdict
    trace: Trace
    reasons: Sequence[str]


@dataclass(frozen=True)
class Finding:
    """A property that a cause violates. shown: the scenarios, the shortest run first."""

    cause: Cause
    id: str
    shown: tuple[Shown, ...]

    @property
    def file(self) -> str:
        """The name of its page."""
        return f"{self.shown[0].scenario}.{md.slug(self.id)}.md"

    @property
    def title(self) -> str:
        """What happens, in Markdown. A cause that stands for the races of all fields has one for each."""
        if self.is_race and not self.cause.shows:
            return f"A data race on {md.code(self.field)}"
        return md.text(self.cause.title)

    @property
    def field(self) -> str:
        """The field of a race: `sock.sk_prot`."""
        return self.id.partition("(")[2].removesuffix(")") or self.id

    @property
    def is_race(self) -> bool:
        """Whether it is a race of plain accesses."""
        return self.id.partition("(")[0] == RACE


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """The index and every finding, by path below the reports. Raises NotSettled and UsageError."""
    by_cause = findings(material)
    yield f"{FOLDER}/README.md", _index(material, by_cause)
    for mine in by_cause.values():
        for finding in mine:
            yield f"{FOLDER}/{finding.file}", _page(material, finding, mine)


def findings(material: Material) -> Mapping[Cause, Sequence[Finding]]:
    """All findings by cause: those of the file in its order, then those that nobody has judged."""
    causes = load_causes(material.root, material.program)
    shown: dict[tuple[Cause, str], list[Shown]] = {}
    for scenario, id in expected_violations(material.program):
        why = material.program.scenarios[scenario].why.get(id, "")
        outcome = material.outcomes[scenario]
        (verdict,) = (v for v in outcome.verdicts if v.id == id)
        one = Shown(scenario, why, verdict, outcome.traces[id], outcome.reasons.get(id, ()))
        shown.setdefault((cause_of((scenario, id), why, causes), id), []).append(one)
    by_cause: dict[Cause, list[Finding]] = {cause: [] for cause in causes}
    for (cause, id), found in shown.items():
        shortest_first = sorted(found, key=lambda one: (len(one.trace.steps), one.scenario))
        by_cause.setdefault(cause, []).append(Finding(cause, id, tuple(shortest_first)))
    return {cause: sorted(mine, key=_gravity) for cause, mine in by_cause.items() if mine}


def _gravity(finding: Finding) -> tuple[int, int, str]:
    """What goes wrong at once first, then broken invariants, then races; shorter runs first."""
    kind = 2 if finding.is_race else 0 if finding.id in BUILTIN else 1
    return kind, len(finding.shown[0].trace.steps), finding.id


# ---------------------------------------------------------------- the index


def _index(material: Material, by_cause: Mapping[Cause, Sequence[Finding]]) -> str:
    races = {cause: mine for cause, mine in by_cause.items() if not cause.shows and all(f.is_race for f in mine)}
    others = {cause: mine for cause, mine in by_cause.items() if cause not in races}
    crashes = {cause: mine for cause, mine in others.items() if mine[0].id in BUILTIN}
    broken = {cause: mine for cause, mine in others.items() if cause not in crashes}
    return md.page(
        md.heading(1, "Findings"),
        INTRODUCTION,
        _numbers(material, others, races),
        _confidence(others),
        _section("Crashes, hangs and leaks", crashes),
        _section("Promises that are broken", broken),
        _races([finding for mine in races.values() for finding in mine]),
        _elsewhere(material),
    )


def _numbers(
    material: Material, others: Mapping[Cause, Sequence[Finding]], races: Mapping[Cause, Sequence[Finding]]
) -> str:
    expected = expected_violations(material.program)
    fields = sum(len(mine) for mine in races.values())
    return (
        f"Expected violations: {len(expected)}, in {len({name for name, _ in expected})} of "
        f"{len(material.program.scenarios)} scenarios. Their causes: {len(others)}; fields that are accessed plainly, "
        f"beyond these: {fields}."
    )


def _confidence(others: Iterable[Cause]) -> str:
    counted = Counter(cause.confidence for cause in others)
    return md.bullets(f"{counted[word]} {word}: {said}" for word, said in HOW_BELIEVED.items() if counted[word])


def _section(title: str, by_cause: Mapping[Cause, Sequence[Finding]]) -> str:
    if not by_cause:
        return ""
    rows = [
        (
            md.link(mine[0].title, mine[0].file),
            ", ".join(md.link(md.text(f.id), f.file) for f in mine),
            ", ".join(md.code(name) for name in _rests_on(mine)),
            cause.confidence,
        )
        for cause, mine in by_cause.items()
    ]
    table = md.table(("what happens", "violates", "rests on", "confidence"), rows)
    return md.join(md.heading(2, title), table)


def _rests_on(mine: Sequence[Finding]) -> Sequence[str]:
    """The functions that the cause names, else those in which the shortest run fails."""
    return mine[0].cause.rests_on or sites.functions(mine[0].shown[0].trace)


def _races(found: Sequence[Finding]) -> str:
    if not found:
        return ""
    rows = [
        (
            md.link(md.code(f.field), f.file),
            md.text(f.shown[0].why),
            f.cause.confidence,
            str(len(f.shown)),
        )
        for f in sorted(found, key=lambda f: f.id)
    ]
    table = md.table(("field", "for example", "confidence", "scenarios"), rows, numbers=[3])
    return md.join(md.heading(2, "Plain accesses"), RACES, table)


def _elsewhere(material: Material) -> str:
    there = [said for path, said in ELSEWHERE.items() if (material.root / "reports" / path).exists()]
    return md.join(md.heading(2, "By other means"), md.bullets(there)) if there else ""


# ---------------------------------------------------------------- a page


def _page(material: Material, finding: Finding, same_cause: Sequence[Finding]) -> str:
    from psockmc.render import render

    first = finding.shown[0]
    return md.page(
        md.heading(1, finding.title),
        f"In {md.code(first.scenario)} ({md.text(first.trace.sentence)}) this is violated: {md.code(finding.id)}, "
        f"{md.text(first.verdict.sentence)}.",
        _judgement(material, finding),
        md.fenced(render(first.trace, "diagram")),
        md.bullets(md.text(reason) for reason in first.reasons),
        _also_in(finding),
        _also_violates(finding, same_cause),
        _omitted(first.trace),
        f"Again: {md.code(f'psockmc check --verbose {first.scenario}')}",
    )


def _judgement(material: Material, finding: Finding) -> str:
    """What is made of it, on what it rests, and what would refute it."""
    cause, first = finding.cause, finding.shown[0]
    said = [f"**What happens**: {md.prose(first.why.rstrip('.'))}." if first.why else ""]
    reason = cause.because or HOW_BELIEVED[cause.confidence]
    said.append(f"**Confidence**: {cause.confidence}: {md.prose(reason.rstrip('.'))}.")
    if cause.refuted_by:
        said.append(f"**Refuted by**: {md.prose(cause.refuted_by.rstrip('.'))}.")
    if cause.rests_on:
        files = (f"{md.code(name + '()')} of {md.code(_kernel_file(material, name))}" for name in cause.rests_on)
        said.append(f"**Rests on**: {', '.join(files)}.")
    said.append(sites.sentence(first.trace))
    return "  \n".join(line for line in said if line)


def _kernel_file(material: Material, function: str) -> str:
    return material.program.functions[function].kernel_file


def _also_in(finding: Finding) -> str:
    if len(finding.shown) == 1:
        return ""
    rows = [
        (
            md.code(one.scenario),
            str(len(one.trace.steps)),
            ", ".join(md.code(name) for name in sites.functions(one.trace)),
            md.text(one.why),
        )
        for one in finding.shown[1:]
    ]
    table = md.table(("scenario", "steps", "in", "what happens"), rows, numbers=[1])
    count = "one scenario more" if len(rows) == 1 else f"{len(rows)} scenarios more"
    return md.details(f"The same in {count}", table)


def _also_violates(finding: Finding, same_cause: Sequence[Finding]) -> str:
    others = [other for other in same_cause if other is not finding]
    if not others or not finding.cause.shows:
        return ""
    return f"The same cause violates {', '.join(md.link(md.text(f.id), f.file) for f in others)}."


def _omitted(trace: Trace) -> str:
    """What the run leaves out and takes for granted."""
    lists = (
        ("It leaves out:", trace.omissions),
        ("It takes for granted, as one step each:", trace.assumptions),
    )
    said = [block for head, items in lists if items for block in (head, md.bullets(md.text(item) for item in items))]
    if not said:
        return ""
    return md.details(f"{len(trace.omissions)} omissions and {len(trace.assumptions)} assumptions", "\n\n".join(said))
