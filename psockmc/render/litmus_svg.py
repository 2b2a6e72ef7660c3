"""An execution of a litmus test as an SVG picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from psockmc.litmus.execution import INITIAL
from psockmc.litmus.picture import Arrow, Picture
from psockmc.litmus.witness import assignment
from psockmc.render.litmus_layout import LABEL_HEIGHT, MARGIN, Box, Layout, Route, layout
from psockmc.render.svg import CODE, TEXT, document, text, themed

ON_LIGHT = {"po": "#6e7681", "rf": "#c02f1d", "co": "#1f5fbf", "fr": "#a85500", "order": "#1d7a3c", "race": "#a01fa0"}
ON_DARK = {"po": "#8b949e", "rf": "#ff8a80", "co": "#78adff", "fr": "#ffa657", "order": "#5fd07f", "race": "#dd95f0"}
"""By the sort of an arrow."""

MEANINGS = {
    "po": "program order",
    "rf": "reads from",
    "co": "is overwritten by",
    "fr": "read what is overwritten by",
    "order": "is ordered before",
    "race": "nothing orders these",
}

_LINE = 18.0


def litmus_svg(picture: Picture, title: str, notes: Sequence[str] = ()) -> str:
    """The picture as one SVG document.

    title: the name of the test. notes: lines below it, such as the condition. A read without an rf arrow reads the
    initial value, which is stated at the top.
    """
    heads = [*notes, _initially(picture)]
    head = MARGIN + 22 + _LINE * len(heads) + 10
    placed = layout(picture, head)
    used = [sort for sort in ON_LIGHT if sort == "po" or any(r.arrow.sort == sort for r in placed.routes)]
    texts = [9.6 * len(title), *(7.0 * len(note) for note in heads), _legend_width(used)]
    width = max(placed.width, max(texts) + 2 * MARGIN)
    height = placed.height + MARGIN + 30
    parts = [
        _markers(),
        *_head(title, heads),
        *_threads(placed),
        *(_arrow(route) for route in sorted(placed.routes, key=lambda route: route.arrow.cycle)),
        *(part for box in placed.boxes for part in _box(box)),
        *(part for route in placed.routes for part in _label(route)),
        *_legend(used, height - MARGIN),
    ]
    return document(width, height, title, "; ".join(heads), _style(), parts)


def _initially(picture: Picture) -> str:
    """The initial values of all variables."""
    nodes = [node for node in picture.nodes.all if node.thread == INITIAL]
    return "initially " + ", ".join(assignment(picture.nodes.execution, node.events[0]) for node in nodes)


# ---------------------------------------------------------------- parts


def _style() -> str:
    fonts = (
        f".title{{font:600 16px {TEXT}}}.note{{font:13px {TEXT}}}.thread{{font:600 14px {TEXT}}}"
        f".code,.effect{{font:12px {CODE}}}.letter{{font:600 12px {TEXT}}}.label{{font:600 11px {TEXT}}}"
        ".fence{stroke-dasharray:4 3}.halo{opacity:.88}.edge{fill:none;stroke-width:1.5}.cycle{stroke-width:2.6}"
        ".race{stroke-dasharray:6 4;stroke-width:2}"
    )
    light = _colours("#fff", "#1b1f24", "#57606a", "#f6f8fa", "#afb8c1", ON_LIGHT)
    dark = _colours("#14171a", "#e4e7ea", "#a3acb5", "#1f2429", "#59636e", ON_DARK)
    return themed(fonts, light, dark)


def _colours(paper: str, ink: str, dim: str, box: str, line: str, sorts: Mapping[str, str]) -> str:
    own = "".join(f".{s}{{stroke:{c}}}.{s}-text,.{s}-head{{fill:{c}}}" for s, c in sorts.items())
    return (
        f".paper,.fence,.halo{{fill:{paper}}}.title,.thread,.code{{fill:{ink}}}.note,.effect,.letter{{fill:{dim}}}"
        f".box{{fill:{box}}}.box,.fence{{stroke:{line}}}{own}"
    )


def _markers() -> str:
    heads = "".join(
        f'<marker id="head-{sort}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9"'
        f' markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="{sort}-head"'
        ' d="M0,0.8 L10,5 L0,9.2 z"/>'
        "</marker>"
        for sort in ON_LIGHT
    )
    return f"<defs>{heads}</defs>"


def _head(title: str, notes: Iterable[str]) -> Iterator[str]:
    yield text("title", MARGIN, MARGIN + 10, title)
    for index, note in enumerate(notes, 1):
        yield text("note", MARGIN, MARGIN + 12 + _LINE * index, note)


def _threads(placed: Layout) -> Iterator[str]:
    for name, middle in placed.headers:
        yield text("thread", middle, placed.top - 28, name, "middle")
    for pair in placed.neighbours:
        (x1, y1), (x2, y2) = pair.ends
        kind = "edge po cycle" if pair.cycle else "edge po"
        yield f'<path class="{kind}" d="M{x1:.1f},{y1:.1f} L{x2:.1f},{y2:.1f}" marker-end="url(#head-po)"/>'


def _box(box: Box) -> Iterator[str]:
    place = box.place
    kind, corner = ("box", 5) if box.effect else ("fence", 12)
    yield (
        f'<rect class="{kind}" x="{place.left:.1f}" y="{place.top:.1f}" width="{place.width:.1f}"'
        f' height="{place.height:.1f}" rx="{corner}"/>'
    )
    yield text("letter", place.left + 10, place.top + 16, box.letter)
    yield text("code", place.left + 30, place.top + 16, box.text)
    if box.effect:
        yield text("effect", place.left + 30, place.top + 33, box.effect)


def _arrow(route: Route) -> str:
    arrow = route.arrow
    return f'<path class="edge {arrow.sort}{_weight(arrow)}" d="{route.path}"{_head_of(arrow.sort)}/>'


def _weight(arrow: Arrow) -> str:
    return " cycle" if arrow.cycle else ""


def _head_of(sort: str) -> str:
    """The arrowhead; a race has no direction."""
    return "" if sort == "race" else f' marker-end="url(#head-{sort})"'


def _label(route: Route) -> Iterator[str]:
    if route.label is None:
        return
    place = route.label
    yield (
        f'<rect class="halo" x="{place.left:.1f}" y="{place.top:.1f}" width="{place.width:.1f}"'
        f' height="{place.height:.1f}" rx="3"/>'
    )
    middle, base = place.left + place.width / 2, place.top + LABEL_HEIGHT - 3.2
    yield text(f"label {route.arrow.sort}-text", middle, base, route.arrow.label, "middle")


def _legend(used: Sequence[str], y: float) -> Iterator[str]:
    x = MARGIN
    for sort in used:
        yield f'<path class="edge {sort}" d="M{x:.1f},{y:.1f} h26"{_head_of(sort)}/>'
        yield text("note", x + 33, y + 4, _meaning(sort))
        x += _entry_width(sort)


def _meaning(sort: str) -> str:
    return MEANINGS[sort] if sort in ("po", "order", "race") else f"{sort}: {MEANINGS[sort]}"


def _entry_width(sort: str) -> float:
    return 33 + 6.9 * len(_meaning(sort)) + 22


def _legend_width(used: Sequence[str]) -> float:
    return sum(map(_entry_width, used)) - 22
