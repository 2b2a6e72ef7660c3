"""Where things are in a picture of an execution: threads as columns, program order downwards, arrows around the boxes.

Coordinates are pixels. Rows are aligned over all threads, so that between any two rows there is a lane that no box is
in: arrows between threads that are not neighbours run there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from psockmc.litmus.picture import Arrow, Picture

CHARACTER = 7.25
"""The width of a character of code (12 px monospace)."""
LABEL_CHARACTER = 6.4
"""The width of a character of a label (11 px)."""
LABEL_HEIGHT = 14.0
BOX_HEIGHT = 42.0
FENCE_HEIGHT = 24.0
ROW_GAP = 34.0
MARGIN = 24.0
HEADER = 44.0
"""From the names of the threads to the first row; a lane lies between them."""
_ROUNDING = 9.0
_TRACK = 7.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """left, top: of its corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.top + self.height

    def grown(self, by: float) -> Rectangle:
        """With a margin on all sides."""
        return Rectangle(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)

    def overlaps(self, other: Rectangle) -> bool:
        """Whether two rectangles share more than an edge."""
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)


@dataclass(frozen=True, slots=True)
class Box:
    """A node in its place. node: its position in the picture. text: the statement; effect: below it, may be empty."""

    node: int
    row: int
    column: int
    place: Rectangle
    letter: str
    text: str
    effect: str


@dataclass(slots=True)
class Route:
    """An arrow in its place. path: the `d` of an SVG path. label: the rectangle of its label, None without one."""

    arrow: Arrow
    path: str
    points: list[Point]
    label: Rectangle | None = None


@dataclass(slots=True)
class Neighbours:
    """Two boxes that follow each other in program order, and the ends of the arrow between them. cycle: part of one."""

    source: int
    target: int
    ends: tuple[Point, Point]
    cycle: bool = False


@dataclass(slots=True)
class Layout:
    """The whole picture. headers: per thread its name and the middle of its column; top: where the rows begin."""

    width: float
    height: float
    top: float
    headers: list[tuple[str, float]]
    boxes: list[Box]
    routes: list[Route] = field(default_factory=list)
    neighbours: list[Neighbours] = field(default_factory=list)


def layout(picture: Picture, head: float) -> Layout:
    """Puts everything in its place; head: the height that is taken above the threads."""
    placed = _boxes(picture, head)
    _Router(placed).route(picture.arrows)
    _place_labels(placed)
    return placed


# ---------------------------------------------------------------- boxes


def _boxes(picture: Picture, head: float) -> Layout:
    nodes = picture.nodes
    threads = nodes.execution.skeleton.threads
    gutters = _gutters(picture)
    top = head + HEADER
    left = MARGIN + gutters[0]
    boxes: list[Box] = []
    headers: list[tuple[str, float]] = []
    deepest = 0
    for column, name in enumerate(threads):
        own = [(index, node) for index, node in enumerate(nodes.all) if node.thread == column]
        texts = [(nodes.statement(node), nodes.effect(node)) for _, node in own]
        width = 40 + CHARACTER * max([len(name), *(max(len(text), len(effect)) for text, effect in texts)])
        for row, ((index, node), (text, effect)) in enumerate(zip(own, texts, strict=True)):
            height = BOX_HEIGHT if effect else FENCE_HEIGHT
            at = top + row * (BOX_HEIGHT + ROW_GAP) + (BOX_HEIGHT - height) / 2
            boxes.append(Box(index, row, column, Rectangle(left, at, width, height), node.letter, text, effect))
        headers.append((name, left + width / 2))
        deepest = max(deepest, len(own))
        left += width + gutters[column + 1]
    height = top + deepest * (BOX_HEIGHT + ROW_GAP) - ROW_GAP
    placed = Layout(left + MARGIN, height, top, headers, boxes)
    for before, after in pairwise(boxes):
        if before.column == after.column:
            middle = before.place.left + before.place.width / 2
            ends = ((middle, before.place.bottom), (middle, after.place.top))
            placed.neighbours.append(Neighbours(before.node, after.node, ends))
    return placed


def _gutters(picture: Picture) -> list[float]:
    """The free width left of each column and right of the last: enough for the labels that belong there."""
    count = len(picture.nodes.execution.skeleton.threads)
    widths = [12.0] * (count + 1)
    for gutter in range(1, count):
        widths[gutter] = 100.0
    for arrow in picture.arrows:
        first, second = (picture.nodes.all[index] for index in (arrow.source, arrow.target))
        label = LABEL_CHARACTER * len(arrow.label)
        if first.thread == second.thread:
            gutter = first.thread + (0 if arrow.sort in ("order", "po") else 1)
            inner = 0 < gutter < count
            widths[gutter] = max(widths[gutter], label + (110.0 if inner else 46.0))
        else:
            low, high = sorted((first.thread, second.thread))
            for gutter in range(low + 1, high + 1):
                widths[gutter] = max(widths[gutter], label + 60.0)
    return widths


# ---------------------------------------------------------------- arrows


@dataclass(slots=True)
class _End:
    """One end of an arrow: the side of a box, and where on it. other: the box at the other end."""

    box: Box
    right: bool
    other: Box
    y: float = 0.0

    @property
    def x(self) -> float:
        return self.box.place.right if self.right else self.box.place.left

    def rank(self) -> tuple[int, float]:
        """From top to bottom: arcs from above (near ones first), other columns, arcs to below (far ones first)."""
        distance = self.other.row - self.box.row
        if self.box.column != self.other.column:
            return 1, self.other.place.top
        return (0, -distance) if distance < 0 else (2, -distance)


class _Router:
    """Finds a way for every arrow."""

    def __init__(self, placed: Layout) -> None:
        self.placed = placed
        self.boxes = {box.node: box for box in placed.boxes}
        self.lanes: dict[int, int] = defaultdict(int)
        self.tracks: dict[tuple[int, bool], int] = defaultdict(int)
        self.reach: dict[tuple[int, bool], float] = defaultdict(float)

    def route(self, arrows: Sequence[Arrow]) -> None:
        drawn = [arrow for arrow in arrows if not self._is_neighbourly(arrow)]
        ends = [self._ends(arrow) for arrow in drawn]
        self._spread([end for pair in ends for end in pair])
        for arrow, (source, target) in zip(drawn, ends, strict=True):
            if source.box.column == target.box.column:
                side = (source.box.column, source.right)
                reach = 0.75 * _bulge(source, target) + LABEL_CHARACTER * len(arrow.label) / 2
                self.reach[side] = max(self.reach[side], reach)
        for arrow, (source, target) in zip(drawn, ends, strict=True):
            distance = abs(source.box.column - target.box.column)
            if distance == 0:
                points, path = _arc(source, target)
            elif distance == 1:
                points, path = _curve(source, target)
            else:
                points, path = self._detour(source, target)
            self.placed.routes.append(Route(arrow, path, points))

    def _is_neighbourly(self, arrow: Arrow) -> bool:
        """Program order between neighbours is drawn already."""
        if arrow.sort != "po":
            return False
        for pair in self.placed.neighbours:
            if (pair.source, pair.target) == (arrow.source, arrow.target):
                pair.cycle = pair.cycle or arrow.cycle
                return True
        return False

    def _ends(self, arrow: Arrow) -> tuple[_End, _End]:
        source, target = self.boxes[arrow.source], self.boxes[arrow.target]
        if source.column == target.column:
            right = arrow.sort not in ("order", "po")
            return _End(source, right, target), _End(target, right, source)
        forward = source.column < target.column
        return _End(source, forward, target), _End(target, not forward, source)

    @staticmethod
    def _spread(ends: Sequence[_End]) -> None:
        """The ends at one side of a box stand apart; arcs beside the column lie inside one another."""
        sides: dict[tuple[int, bool], list[_End]] = defaultdict(list)
        for end in ends:
            sides[end.box.node, end.right].append(end)
        for side in sides.values():
            side.sort(key=_End.rank)
            for index, end in enumerate(side, 1):
                end.y = end.box.place.top + end.box.place.height * index / (len(side) + 1)

    def _detour(self, source: _End, target: _End) -> tuple[list[Point], str]:
        """Over the columns in between, in the lane above the target's row."""
        row = target.box.row
        lane = self.placed.top + row * (BOX_HEIGHT + ROW_GAP) - ROW_GAP / 2 + self._next(self.lanes, row)
        x1, x2 = self._beside(source), self._beside(target)
        corners = [(source.x, source.y), (x1, source.y), (x1, lane), (x2, lane), (x2, target.y), (target.x, target.y)]
        return corners, _rounded(corners)

    def _beside(self, end: _End) -> float:
        """A track in the gutter at an end, outside the arcs of the column."""
        side = (end.box.column, end.right)
        offset = 16 + self.reach[side] + self.tracks[side] * _TRACK
        self.tracks[side] += 1
        return end.x + (offset if end.right else -offset)

    @staticmethod
    def _next(used: dict[int, int], key: int) -> float:
        """0, 5, -5, 10, -10: lines that share a lane stand apart."""
        number = used[key]
        used[key] += 1
        return (number + 1) // 2 * 5.0 * (1 if number % 2 else -1)


def _arc(source: _End, target: _End) -> tuple[list[Point], str]:
    """Beside the column, further out for a longer way."""
    bulge = _bulge(source, target)
    x = source.x + (bulge if source.right else -bulge)
    return _cubic((source.x, source.y), (x, source.y), (x, target.y), (target.x, target.y))


def _bulge(source: _End, target: _End) -> float:
    """How far the control points of an arc are from its column; the arc reaches three quarters of that."""
    return 22.0 + 9.0 * abs(source.box.row - target.box.row)


def _curve(source: _End, target: _End) -> tuple[list[Point], str]:
    """From one column to the next."""
    bend = (target.x - source.x) * 0.5
    return _cubic((source.x, source.y), (source.x + bend, source.y), (target.x - bend, target.y), (target.x, target.y))


def _cubic(a: Point, b: Point, c: Point, d: Point) -> tuple[list[Point], str]:
    points = []
    for step in range(25):
        t = step / 24
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        points.append(tuple(sum(w * p[i] for w, p in zip(weights, (a, b, c, d), strict=True)) for i in (0, 1)))
    path = f"M{a[0]:.1f},{a[1]:.1f} C{b[0]:.1f},{b[1]:.1f} {c[0]:.1f},{c[1]:.1f} {d[0]:.1f},{d[1]:.1f}"
    return [(x, y) for x, y in points], path


def _rounded(corners: Sequence[Point]) -> str:
    """A line through corners, which are rounded."""
    parts = [f"M{corners[0][0]:.1f},{corners[0][1]:.1f}"]
    for before, at, after in zip(corners, corners[1:], corners[2:], strict=False):
        into, out = _towards(at, before), _towards(at, after)
        parts.append(f"L{into[0]:.1f},{into[1]:.1f} Q{at[0]:.1f},{at[1]:.1f} {out[0]:.1f},{out[1]:.1f}")
    parts.append(f"L{corners[-1][0]:.1f},{corners[-1][1]:.1f}")
    return " ".join(parts)


def _towards(start: Point, end: Point) -> Point:
    """The point at most one rounding away from the start, and not beyond the middle."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    if length == 0:
        return start
    share = min(_ROUNDING, length / 2) / length
    return start[0] + dx * share, start[1] + dy * share


# ---------------------------------------------------------------- labels


def _place_labels(placed: Layout) -> None:
    """Every label stands on its arrow, near the middle, where it covers neither a box nor another label."""
    taken = [box.place for box in placed.boxes]
    for route in placed.routes:
        if not route.arrow.label:
            continue
        size = LABEL_CHARACTER * len(route.arrow.label) + 6
        spots = [_at(route.points, share) for share in _SHARES]
        candidates = [_around((x + aside * size, y), size) for aside in _ASIDES for x, y in spots]
        free = (one for one in candidates if not any(one.overlaps(other) for other in taken))
        route.label = next(free, candidates[0])
        taken.append(route.label.grown(_APART))


_APART = 5.0
_ASIDES = (0.0, -0.13, 0.13, -0.26, 0.26, -0.4, 0.4)
_SHARES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)


def _around(middle: Point, width: float) -> Rectangle:
    return Rectangle(middle[0] - width / 2, middle[1] - LABEL_HEIGHT / 2, width, LABEL_HEIGHT)


def _at(points: Sequence[Point], share: float) -> Point:
    """The point at this share of the length of a line."""
    lengths = [((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 for (x1, y1), (x2, y2) in pairwise(points)]
    left = share * sum(lengths)
    for (start, end), length in zip(pairwise(points), lengths, strict=True):
        if left <= length and length > 0:
            part = left / length
            return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part
        left -= length
    return points[-1]
