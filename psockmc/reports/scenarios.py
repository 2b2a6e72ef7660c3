"""The page of scenarios: who runs in each, in which bounds, and what came out. Other pages point into it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from psockmc.explore.verdict import Verdict
from psockmc.reports import markdown as md
from psockmc.reports.material import Material
from psockmc.run import Outcome

FILE = "scenarios.md"
INTRODUCTION = (
    "Each scenario starts a few threads and interrupts on a few objects, and all their interleavings are searched. Its "
    "verdicts say nothing of more threads or objects than stand here. Memory is sequentially consistent."
)


def link(scenario: str, up: str = "") -> str:
    """A link to a scenario. up: the way from the page to the folder of the reports."""
    return md.link(md.code(scenario), f"{up}{FILE}#{md.anchor(scenario)}")


def page(material: Material) -> str:
    """All scenarios, by name."""
    parts = [_part(material, outcome) for _, outcome in sorted(material.outcomes.items())]
    return md.page(md.heading(1, "Scenarios"), INTRODUCTION, *parts)


def _part(material: Material, outcome: Outcome) -> str:
    result, facts = outcome.result, outcome.facts
    assert result is not None  # the outcome is settled
    assert facts is not None
    sentence = material.program.scenarios[outcome.scenario].sentence
    counted = Counter(verdict.verdict for verdict in outcome.verdicts)
    verdicts = ", ".join(f"{counted[word]} {word}" for word in Verdict if counted[word])
    numbers = f"{result.states:,} states, {result.transitions:,} transitions, depth {result.depth:,}"
    return md.join(
        md.heading(2, md.text(outcome.scenario)),
        md.sentence(sentence),
        md.bullets([f"{verdicts}: {numbers}.", *_violated(outcome), *(md.text(bound) for bound in facts.bounds)]),
    )


def _violated(outcome: Outcome) -> Iterator[str]:
    """What is violated, and what was not explored because of that."""
    violated = [verdict.id for verdict in outcome.verdicts if verdict.verdict is Verdict.VIOLATED]
    if violated:
        yield f"Violated: {', '.join(md.code(id) for id in violated)}."
    cut = dict.fromkeys(v.basis.partition(" (")[0] for v in outcome.verdicts if ", but not explored: " in v.basis)
    for basis in cut:
        yield f"All else is {md.text(basis)}."
