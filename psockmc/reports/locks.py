"""The part `locks`: in which order locks are taken, over all scenarios together, each order with a run that does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from psockmc.explore.lockorder import LEVELS, SOFTIRQ, Cycle, Inversion, cycles, inversions
from psockmc.explore.result import LockEdge
from psockmc.render.diagram import drawing
from psockmc.render.ladder_svg import Arrow, Card, ladder_svg
from psockmc.reports import markdown as md
from psockmc.run import Job

if TYPE_CHECKING:
    import networkx as nx

    from psockmc.explore.tracedata import Trace
    from psockmc.orders import Mode, Taking
    from psockmc.reports.material import Material

TITLE = "The order of locks"
LONG = 16  # lines of a run; longer ones are folded
Order = tuple[str, str]
"""Two lock classes: the second is taken while the first is held."""


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """lock-order.md and lockgraph.svg. Raises NotSettled as the material does."""
    graph = LockGraph({name: outcome.takings for name, outcome in material.outcomes.items()})
    yield "lockgraph.svg", picture(graph)
    yield "lock-order.md", document(graph, _witnesses(material, graph))


def _witnesses(material: Material, graph: LockGraph) -> Mapping[Order, Trace]:
    """The shortest run to each order: the searches are done again, which are in the cache by now."""
    wanted: dict[str, list[Taking]] = {}
    for found in graph.nearest.values():
        wanted.setdefault(found.scenario, []).append(found.taking)
    jobs = [Job(name, material.program, name, witnesses=tuple(takings)) for name, takings in sorted(wanted.items())]
    traces = {(o.scenario, taking): trace for o in material.search(jobs) for taking, trace in o.witnesses.items()}
    return {order: traces[found.scenario, found.taking] for order, found in graph.nearest.items()}


# ---------------------------------------------------------------- the graph


@dataclass(frozen=True, slots=True)
class Found:
    """Where a lock is taken, and in which scenario."""

    scenario: str
    taking: Taking


class LockGraph:
    """All takings of all scenarios. The nodes are lock classes by name, and an edge is an order of two."""

    def __init__(self, takings: Mapping[str, Sequence[Taking]]) -> None:
        self.scenarios = len(takings)
        self.found = [Found(name, taking) for name in sorted(takings) for taking in takings[name]]

    @cached_property
    def orders(self) -> dict[Order, list[Found]]:
        """Every place where one class is taken inside another, the shortest runs first."""
        orders: dict[Order, list[Found]] = {}
        for found in sorted(self.found, key=lambda f: (f.taking.steps, f.scenario, f.taking)):
            if found.taking.held:
                orders.setdefault((found.taking.held, found.taking.taken), []).append(found)
        return dict(sorted(orders.items()))

    @property
    def nearest(self) -> dict[Order, Found]:
        """Of each order, the shortest run."""
        return {order: places[0] for order, places in self.orders.items()}

    @cached_property
    def uses(self) -> dict[str, list[Found]]:
        """By class, every place where it is taken, whatever is held."""
        uses: dict[str, list[Found]] = {}
        for found in self.found:
            if not found.taking.held:
                uses.setdefault(found.taking.taken, []).append(found)
        return dict(sorted(uses.items()))

    @cached_property
    def classes(self) -> list[str]:
        """The classes, each before those that are taken inside of it, as far as they have an order."""
        import networkx as nx  # takes a while to import

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(sorted(self.uses))
        graph.add_edges_from(order for order in self.orders if order[0] != order[1])
        joined = nx.condensation(graph)
        members = {number: sorted(joined.nodes[number]["members"]) for number in joined}
        sequence = nx.lexicographical_topological_sort(joined, key=lambda number: members[number])
        return [name for number in sequence for name in members[number]]

    # ------------------------------------------------------------ what is wrong

    @cached_property
    def _edges(self) -> list[LockEdge]:
        """What the judgement of one scenario would get. site: number in `found`; context: the level."""
        number = {name: i for i, name in enumerate(self.classes)}
        edges: dict[LockEdge, LockEdge] = {}
        for site, found in enumerate(self.found):
            t = found.taking
            write = (t.held_mode == "write" and bool(t.held), t.taken_mode == "write")
            held = number[t.held] if t.held else -1
            key = LockEdge(held, write[0], number[t.taken], write[1], t.level, t.bh_off, t.irq_off, -1, ())
            if key not in edges or t.steps < self.found[edges[key].site].taking.steps:
                edges[key] = LockEdge(held, write[0], number[t.taken], write[1], t.level, t.bh_off, t.irq_off, site, ())
        return list(edges.values())

    @cached_property
    def cycles(self) -> list[Cycle]:
        """Orders that do not fit together, though perhaps no scenario has them all."""
        return list(cycles(self._edges))

    @cached_property
    def inversions(self) -> list[Inversion]:
        """Classes that an interrupt takes, and code that this interrupt may hit, too."""
        return list(inversions(self._edges, range(len(LEVELS))))

    def place(self, edge: LockEdge) -> Found:
        """The taking that stands behind an edge of a cycle or an inversion."""
        return self.found[edge.site]

    @cached_property
    def bad(self) -> set[Order]:
        """The orders that are part of a cycle."""
        return {
            (place.taking.held, place.taking.taken) for cycle in self.cycles for place in map(self.place, cycle.edges)
        }


# ---------------------------------------------------------------- sentences


def cycle_sentence(graph: LockGraph, cycle: Cycle) -> str:
    """Who takes what inside what."""
    places = [graph.place(edge) for edge in cycle.edges]
    if len(places) == 1:
        t = places[0].taking
        return f"{t.function}() takes {_named(t.taken, t.taken_mode)} while another lock of this class is held"
    parts = [
        f"{p.taking.function}() takes {_named(p.taking.taken, p.taking.taken_mode)} inside "
        f"{_named(p.taking.held, p.taking.held_mode)}"
        for p in places
    ]
    return "; ".join(parts)


def inversion_sentence(graph: LockGraph, inversion: Inversion) -> str:
    """Who takes the class in an interrupt, and who where it may come in."""
    inside, outside = graph.place(inversion.inside).taking, graph.place(inversion.outside).taking
    enabled = "bottom halves" if inside.level == SOFTIRQ else "interrupts"
    return (
        f"{outside.function}() takes {_named(outside.taken, outside.taken_mode)} with {enabled} enabled, and "
        f"{inside.function}() takes it in a {LEVELS[inside.level]}"
    )


def _named(name: str, mode: str) -> str:
    return f"{name} for reading" if mode == "read" else name


def _contexts(places: Sequence[Found]) -> str:
    """In which contexts a class is taken, and with what masked: `process (bh off), softirq`."""
    kinds: dict[str, set[str]] = {}
    for found in places:
        t = found.taking
        off = "irqs off" if t.irq_off else "bh off" if t.bh_off and t.kind in ("process", "kworker") else ""
        kinds.setdefault(t.kind, set()).add(off)
    return ", ".join(
        kind + (f" ({' or '.join(sorted(off or 'nothing off' for off in offs))})" if offs != {""} else "")
        for kind, offs in sorted(kinds.items())
    )


def _by_function(places: Sequence[Found]) -> dict[str, list[Found]]:
    """The places, by the function that takes the lock."""
    functions: dict[str, list[Found]] = {}
    for found in places:
        functions.setdefault(found.taking.function, []).append(found)
    return dict(sorted(functions.items()))


def _mark(modes: Iterable[Mode]) -> str:
    """What is said of a lock that is not only taken for writing, as most locks are."""
    found = sorted(set(modes))
    return "" if found == ["write"] else f" [{' or '.join(found)}]"


def _scenarios(places: Sequence[Found]) -> int:
    return len({found.scenario for found in places})


# ---------------------------------------------------------------- the picture


def picture(graph: LockGraph) -> str:
    """lockgraph.svg."""
    cards = [_card(graph, name) for name in graph.classes]
    wrong = len(graph.cycles) + len(graph.inversions)
    notes = [
        "An arrow leads from a class to one that is taken while it is held, and is labelled with the functions that"
        " take it. It runs from the card of the class that is held.",
        "Red, dashed and with the word CYCLE: orders that do not fit together." if wrong else "There is no cycle.",
    ]
    description = "; ".join(f"{taken} is taken inside {held}" for held, taken in graph.orders)
    return ladder_svg(f"{TITLE}, in {graph.scenarios} scenarios", description, cards, notes)


def _card(graph: LockGraph, name: str) -> Card:
    arrows = []
    for (held, taken), places in graph.orders.items():
        if taken == name:
            bad = (held, taken) in graph.bad
            lead = f"inside {'another' if held == name else held}{_mark(f.taking.held_mode for f in places)}:"
            functions = _by_function(places).items()
            code = ", ".join(f"{name}(){_mark(f.taking.taken_mode for f in some)}" for name, some in functions)
            arrows.append(Arrow(held, f"CYCLE {lead}" if bad else lead, code, bad))
    arrows.sort(key=lambda arrow: graph.classes.index(arrow.source))
    alarms = [
        inversion_sentence(graph, one) for one in graph.inversions if graph.place(one.inside).taking.taken == name
    ]
    return Card(name, (f"taken in: {_contexts(graph.uses[name])}",), tuple(alarms), tuple(arrows))


# ---------------------------------------------------------------- the document


INTRODUCTION = (
    "Which lock is taken while which other is held: every place that some run of some scenario comes to, over all"
    " {scenarios} scenarios together. Locks count by class, as in the kernel's lockdep, so two orders that do not fit"
    " together are found although no scenario deadlocks. Waiting for a work item, a grace period or a wait queue under"
    " a lock is no order here: where that can deadlock, a scenario's `deadlock` says so."
)


NOTHING = "Nothing: the orders fit together, and no interrupt takes a lock that it may find held on its own CPU."


def document(graph: LockGraph, witnesses: Mapping[Order, Trace]) -> str:
    """lock-order.md."""
    return md.page(
        md.heading(1, TITLE),
        INTRODUCTION.format(scenarios=graph.scenarios),
        "![The graph of lock classes](lockgraph.svg)",
        md.heading(2, "What does not fit"),
        _findings(graph),
        md.heading(2, "Classes"),
        _sequence(graph),
        _classes(graph),
        md.heading(2, "Orders"),
        _orders(graph),
        md.heading(2, "The shortest run to each order"),
        *(block for order, trace in witnesses.items() for block in _witness(graph, order, trace)),
    )


def _sequence(graph: LockGraph) -> str:
    if graph.cycles:
        return "No order fits all runs; the table has the classes in one that fits all but the cycles."
    return "In an order that fits all runs: a class is taken inside of those above it only."


def _findings(graph: LockGraph) -> str:
    items = [f"**Cycle.** {_finding(cycle_sentence(graph, c), graph, c)}" for c in graph.cycles]
    items += [f"**Interrupt.** {_finding(inversion_sentence(graph, i), graph, i)}" for i in graph.inversions]
    return md.bullets(items) if items else NOTHING


def _finding(sentence: str, graph: LockGraph, finding: Cycle | Inversion) -> str:
    scenarios = sorted({graph.place(edge).scenario for edge in finding.edges})
    return f"{md.text(sentence)} (in {', '.join(map(md.code, scenarios))})"


def _classes(graph: LockGraph) -> str:
    rows = []
    for name in graph.classes:
        uses = graph.uses[name]
        functions = ", ".join(md.code(function) for function in _by_function(uses))
        rows.append((md.code(name), _contexts(uses), functions, f"{_scenarios(uses):,}"))
    return md.table(("class", "taken in", "by", "scenarios"), rows, numbers=[3])


def _orders(graph: LockGraph) -> str:
    headings = ("held", "taken", "by", "in", "scenarios", "shortest run")
    rows = [
        _row(graph, order, function, some)
        for order, places in graph.orders.items()
        for function, some in _by_function(places).items()
    ]
    return md.table(headings, rows, numbers=[4])


def _row(graph: LockGraph, order: Order, function: str, places: Sequence[Found]) -> tuple[str, ...]:
    nearest = places[0]
    return (
        md.code(order[0]) + _mark(f.taking.held_mode for f in places) + (" **CYCLE**" if order in graph.bad else ""),
        md.code(order[1]) + _mark(f.taking.taken_mode for f in places),
        md.code(function),
        ", ".join(sorted({found.taking.kind for found in places})),
        f"{_scenarios(places):,}",
        f"{nearest.taking.steps} steps of {md.code(nearest.scenario)}",
    )


def _witness(graph: LockGraph, order: Order, trace: Trace) -> Iterator[str]:
    held, taken = order
    found = graph.nearest[order]
    yield md.heading(3, f"{md.code(taken)} inside {md.code(held)}")
    where = f"in step {found.taking.steps} of {md.code(found.scenario)}"
    yield f"{md.code(' > '.join(found.taking.calls))}, in {md.text(found.taking.context)}, {where}."
    run = drawing(trace)
    yield md.details("the run", md.fenced(run)) if run.count("\n") > LONG else md.fenced(run)
