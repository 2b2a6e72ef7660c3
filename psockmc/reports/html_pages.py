"""The reports as HTML: an index, and a page for each violation, of a scenario or of a bug that was put back."""

from __future__ import annotations

from collections.abc import Iterator

from psockmc.corpus import Bug
from psockmc.explore.tracedata import Trace
from psockmc.render.html import html
from psockmc.render.index_html import Ran, Shown, index_html
from psockmc.reports.markdown import slug
from psockmc.reports.material import Material

INDEX = "index.html"


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """Raises NotSettled."""
    addresses = _Addresses()
    ran = []
    for name, outcome in material.outcomes.items():
        scenario = material.program.scenarios[name]
        its = {id: addresses.new("findings", f"{name}.{id}") for id in outcome.traces}
        for id, trace in outcome.traces.items():
            about = [("what we make of it", scenario.why[id])] if id in scenario.why else []
            yield its[id], _page(trace, outcome.reasons[id], about)
        ran.append(Ran(outcome, scenario.sentence, scenario.why, its))
    shown = []
    for bug in material.bugs:
        address = addresses.new("bugs", bug.id) if bug.scenario else ""
        if address:
            outcome = material.bug_outcomes[bug.id]
            yield address, _page(outcome.traces[bug.property], outcome.reasons[bug.property], _about(bug))
        where = bug.scenario or bug.operation
        shown.append(Shown(bug.id, bug.fix, bug.kind, bug.property, where, bug.symptom, address))
    yield INDEX, index_html(ran, shown)


def _page(trace: Trace, why: tuple[str, ...], about: list[tuple[str, str]]) -> str:
    return html(trace, why, about, index=f"../{INDEX}")


def _about(bug: Bug) -> list[tuple[str, str]]:
    said = [("bug", f"{bug.id}, put back; fixed by {bug.fix[:12]}"), ("seen as", bug.symptom), ("happens", bug.gist)]
    return [(term, text) for term, text in said if text]


class _Addresses:
    """Files of pages: named after what they show, and each its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, folder: str, name: str) -> str:
        """The path of a page, which no other page gets."""
        path, number = f"{folder}/{slug(name)}.html", 1
        while path.casefold() in self._taken:
            number += 1
            path = f"{folder}/{slug(name)}-{number}.html"
        self._taken.add(path.casefold())
        return path
