"""A graph as a ladder: its nodes are cards, one below the other, and arrows between them run in lanes beside the cards.

Each card lists the edges that lead to it, so every label is a line of text of its own, however many edges there are.
All edges from a card that lead down share one lane, which ends in an arrow at each of them. An edge that leads up, and
every edge that is marked as bad, has a lane of its own. In a *chain*, edges from a card to the next one are straight
arrows between the two, with their labels beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from psockmc.render.layout import wrap
from psockmc.render.svg import CHARACTER, CODE, DARK, LIGHT, TEXT, document, text, themed

WIDTH = 900
MARGIN = 12.0
LANE = 13.0
LINE = 15.0
INSIDE = 12.0
"""Room between the border of a card and its text."""
NAME = 24.0
STRAIGHT = 34.0
"""How far from the border of the cards straight arrows run."""
GAP = 12.0
DETAIL = 6.6
"""Width of a character of a detail: 12 px of a proportional font."""
COLOURS = len(LIGHT)


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge to the card that lists it. source: name of the card where it begins; code: its label; bad: it is red.

    lead: what stands before the label, such as where the edge begins.
    """

    source: str
    lead: str
    code: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A node. details: sentences below its name; alarms: red ones; arrows: the edges that lead to it."""

    name: str
    details: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    arrows: tuple[Arrow, ...] = ()


def ladder_svg(
    title: str, description: str, cards: Sequence[Card], notes: Sequence[str] = (), *, chain: bool = False
) -> str:
    """The graph as one SVG document, 900 wide. cards: in the order in which they stand; notes: lines below the title.
    chain: what leads to the next card does so straight.

    Raises ValueError for two cards of one name, or an arrow from no card.
    """
    names = [card.name for card in cards]
    if len(set(names)) < len(names):
        raise ValueError("two cards have one name")
    unknown = [arrow.source for card in cards for arrow in card.arrows if arrow.source not in names]
    if unknown:
        raise ValueError(f"an arrow begins at {unknown[0]}, which is no card")
    picture = _Picture(title, cards, notes, chain)
    return document(WIDTH, picture.bottom + MARGIN, title, description, _style(), picture.parts())


# ---------------------------------------------------------------- lanes


@dataclass(slots=True)
class _Route:
    """A lane's line: from a card to some of its successors. targets: (card, number of the arrow in it)."""

    source: int
    bad: bool
    targets: list[tuple[int, int]] = field(default_factory=list)
    lane: int = -1

    @property
    def span(self) -> tuple[int, int]:
        """First and last card that it passes."""
        ends = [self.source, *(card for card, _ in self.targets)]
        return min(ends), max(ends)


def _routes(cards: Sequence[Card], chain: bool) -> list[_Route]:
    number = {card.name: i for i, card in enumerate(cards)}
    shared: dict[int, _Route] = {}
    alone: list[_Route] = []
    for target, card in enumerate(cards):
        for i, arrow in enumerate(card.arrows):
            source = number[arrow.source]
            if chain and source + 1 == target:
                continue
            if arrow.bad or source >= target:
                alone.append(_Route(source, arrow.bad, [(target, i)]))
            else:
                shared.setdefault(source, _Route(source, False)).targets.append((target, i))
    routes = [*shared.values(), *alone]
    _assign_lanes(routes)
    return routes


def _assign_lanes(routes: Sequence[_Route]) -> None:
    """Lanes are numbered from the cards outwards; short lines get the near ones, so that they cross few others."""
    taken: list[list[tuple[int, int]]] = []
    for route in sorted(routes, key=lambda r: (r.span[1] - r.span[0], r.span, r.bad)):
        first, last = route.span
        free = (i for i, spans in enumerate(taken) if all(last < a or b < first for a, b in spans))
        route.lane = next(free, len(taken))
        if route.lane == len(taken):
            taken.append([])
        taken[route.lane].append(route.span)


# ---------------------------------------------------------------- the picture


@dataclass(slots=True)
class _Placed:
    """A card and where its parts stand. out: where its arrows begin; into: where each arrow enters. above: where the
    arrows from the card before it begin, and its labels in the gap.
    """

    card: Card
    top: float
    bottom: float
    out: float
    details: list[tuple[str, str, float]]
    labels: list[list[tuple[str, str, float]]]
    into: list[float]
    above: float
    straight: list[tuple[Arrow, list[tuple[str, str, float]]]] = field(default_factory=list)


class _Picture:
    def __init__(self, title: str, cards: Sequence[Card], notes: Sequence[str], chain: bool) -> None:
        self.title = wrap(title, 90, hanging=0)
        self.notes = [line for note in notes for line in wrap(note, int((WIDTH - 2 * MARGIN) / DETAIL), hanging=0)]
        self.routes = _routes(cards, chain)
        lanes = max((route.lane for route in self.routes), default=-1) + 1
        self.left = MARGIN + LANE * lanes + 14
        top = MARGIN + 22 * len(self.title) + 17 * len(self.notes) + 14
        self.placed: list[_Placed] = []
        for i, card in enumerate(cards):
            before = cards[i - 1].name if chain and i else ""
            self.placed.append(self._place(card, top, before))
            top = self.placed[-1].bottom
        self.bottom = top

    def _place(self, card: Card, above: float, before: str) -> _Placed:
        """A card below the height `above`. before: the card from which arrows come straight, if any."""
        room = WIDTH - MARGIN - self.left - 2 * INSIDE
        straight, top = [], above + GAP
        for arrow in (a for a in card.arrows if a.source == before):
            lines = wrap(arrow.code, int((room - STRAIGHT) / CHARACTER), hanging=0)
            straight.append((arrow, self._lines(arrow, lines, top)))
            top += LINE * len(lines) + 4 + GAP
        y = top + NAME
        placed = _Placed(card, top, 0, top + NAME / 2 + 2, [], [], [], above, straight)
        for kind, sentences in (("alarm", card.alarms), ("detail", card.details)):
            for line in (line for sentence in sentences for line in wrap(sentence, int(room / DETAIL))):
                placed.details.append((kind, line, y + 10))
                y += LINE + 1
        y += 3 if placed.details and len(straight) < len(card.arrows) else 0
        for arrow in card.arrows:
            placed.into.append(y + 8)
            if arrow.source == before:
                placed.labels.append([])
                continue
            lines = wrap(f"{arrow.lead} {arrow.code}", int(room / CHARACTER), hanging=len(arrow.lead) + 1)
            placed.labels.append(self._lines(arrow, lines, y))
            y += LINE * len(lines) + 3
        placed.bottom = y + 6
        return placed

    @staticmethod
    def _lines(arrow: Arrow, lines: Sequence[str], top: float) -> list[tuple[str, str, float]]:
        """The lines of a label with their class, and where each stands."""
        return [("bad" if arrow.bad else "", line, top + 12 + LINE * i) for i, line in enumerate(lines)]

    def parts(self) -> Iterator[str]:
        """Everything on the paper."""
        for i, line in enumerate(self.title):
            yield text("title", MARGIN, MARGIN + 14 + 22 * i, line)
        for i, line in enumerate(self.notes):
            yield text("note", MARGIN, MARGIN + 22 * len(self.title) + 12 + 17 * i, line)
        for one in self.placed:
            yield from self._card(one)
        for route in sorted(self.routes, key=lambda r: (r.bad, -r.lane, r.source)):
            yield from self._route(route)

    def _card(self, one: _Placed) -> Iterator[str]:
        kind = "card alarmed" if one.card.alarms else "card"
        yield (
            f'<rect class="{kind}" x="{self.left:.1f}" y="{one.top:.1f}" width="{WIDTH - MARGIN - self.left:.1f}"'
            f' height="{one.bottom - one.top:.1f}" rx="5"/>'
        )
        x = self.left + INSIDE
        yield text("name", x, one.top + 17, one.card.name)
        for kind, line, y in one.details:
            yield text(kind, x, y, line)
        for arrow, lines in zip(one.card.arrows, one.labels, strict=True):
            for i, (kind, line, y) in enumerate(lines):
                yield _label(kind, x, y, line, arrow.lead if i == 0 else "")
        yield from self._straight(one)

    def _straight(self, one: _Placed) -> Iterator[str]:
        """The arrows from the card above."""
        for arrow, lines in one.straight:
            kind = "bad" if arrow.bad else "plain"
            x = self.left + STRAIGHT
            yield f"<g><title>{escape(f'{arrow.source} → {one.card.name}')}</title>"
            yield f'<path class="way {kind}" d="M{x:.1f},{one.above:.1f} V{one.top - 6:.1f}"/>'
            yield f'<path class="dot {kind}" d="M{x:.1f},{one.top:.1f} l-4.5,-8.5 h9 z"/></g>'
            for bad, line, y in lines:
                yield text(f"code {bad}", x + 14, y, line)

    def _route(self, route: _Route) -> Iterator[str]:
        x = self.left - 14 - LANE * route.lane
        source = self.placed[route.source]
        kind = "bad" if route.bad else f"c{route.source % COLOURS}"
        ends = [(self.placed[card].into[arrow], card) for card, arrow in route.targets]
        names = ", ".join(self.placed[card].card.name for _, card in ends)
        yield f"<g><title>{escape(f'{source.card.name} → {names}')}</title>"
        stations = sorted({source.out, *(y for y, _ in ends)})
        yield f'<path class="way {kind}" d="M{self.left:.1f},{source.out:.1f} H{x:.1f}"/>'
        for above, below in pairwise(stations):
            yield f'<path class="way {kind}" d="M{x:.1f},{above:.1f} V{below:.1f}"/>'
        yield f'<circle class="dot {kind}" cx="{self.left:.1f}" cy="{source.out:.1f}" r="3"/>'
        for y, _ in ends:
            tip = self.left + 1
            yield f'<path class="way {kind}" d="M{x:.1f},{y:.1f} H{tip - 6:.1f}"/>'
            yield f'<path class="dot {kind}" d="M{tip:.1f},{y:.1f} l-8,-3.8 v7.6 z"/>'
            if y != stations[-1] and y != stations[0]:
                yield f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="2.4"/>'
        yield "</g>"


def _label(kind: str, x: float, y: float, line: str, lead: str) -> str:
    """A line of a label; the words that lead it in are dim. Spaces at its beginning are room."""
    if lead and line.startswith(lead):
        rest = escape(line[len(lead) :])
        return (
            f'<text class="code {kind}" x="{x:.1f}" y="{y:.1f}"><tspan class="lead">{escape(lead)}</tspan>{rest}</text>'
        )
    indented = x + CHARACTER * (len(line) - len(line.lstrip()))
    return text(f"code {kind}", indented, y, line.lstrip())


def _style() -> str:
    fonts = (
        f"text{{font:12px {TEXT};white-space:pre}}.title{{font:600 16px {TEXT}}}.name{{font:700 13px {CODE}}}"
        f".code{{font:11px {CODE}}}.bad,.alarm{{font-weight:700}}.way{{fill:none;stroke-width:1.5}}"
        "path.way.bad{stroke-width:2.2;stroke-dasharray:5 3}"
    )
    light = _colours("#fff", "#f6f8fa", "#c4cbd3", "#1b1f24", "#57606a", "#b3261e", LIGHT)
    dark = _colours("#0f1215", "#1a1f25", "#3d454f", "#e4e7ea", "#a3acb5", "#ff8a80", DARK)
    return themed(fonts, light, dark)


def _colours(paper: str, card: str, border: str, ink: str, dim: str, bad: str, own: Sequence[str]) -> str:
    lanes = f".way.plain{{stroke:{ink}}}.dot.plain{{fill:{ink}}}" + "".join(
        f".way.c{i}{{stroke:{c}}}.dot.c{i}{{fill:{c}}}" for i, c in enumerate(own)
    )
    return (
        f".paper{{fill:{paper}}}.card{{fill:{card};stroke:{border}}}.title,.name,.code{{fill:{ink}}}"
        f".note,.detail,.lead{{fill:{dim}}}.alarm,.code.bad,.bad .lead,.dot.bad{{fill:{bad}}}"
        f".way.bad,.alarmed{{stroke:{bad}}}{lanes}"
    )
