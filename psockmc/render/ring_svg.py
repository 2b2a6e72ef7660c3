"""A message's ring before and after an operation, as one self-contained SVG picture.

The slots are in a row, several rows for large rings; elements of the message are filled, shared pages (copy bit) have a
dashed band, changed slots an orange and broken ones a red frame. The picture has a title and a description for readers
who cannot see it, and follows the colours of a dark screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from psockmc.render.ring import Faults, Panel, RingChange, RingPicture, broken_in, ring_text

CELL = 76
HEIGHT = 58
MARGIN = 24
PER_ROW = 11
POINTERS = 46

LONGEST = 9
"""Characters of the ordinary size that fit into a slot."""

LEGEND = "blue: in the message; dashed line: copy bit; ≠ orange: changed; ✗ red: broken"

STYLE = """
text { font: 13px ui-monospace, monospace; fill: #1b1f24 }
.call { font-size: 16px; font-weight: 600 }
.claim { fill: #b3261e; font-weight: 600 }
.note { fill: #57606a }
.slot { fill: #f6f8fa; stroke: #8c959f }
.live { fill: #cfe4ff; stroke: #3f6fb0 }
.link { fill: #e8dcff; stroke: #7a56c2 }
.shared { fill: none; stroke: #3f6fb0; stroke-width: 3; stroke-dasharray: 4 3 }
.changed { fill: none; stroke: #d9730d; stroke-width: 3 }
.broken { fill: none; stroke: #b3261e; stroke-width: 4 }
.pointer { fill: #1b1f24 }
.long { font-size: 9px }
.mark { font-weight: 700 }
.mark.new { fill: #a8560a }
.paper { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  .mark.new { fill: #f0a050 }
  text, .pointer { fill: #e6edf3 } .paper { fill: #0d1117 } .note { fill: #9aa4af } .claim { fill: #ff8a80 }
  .slot { fill: #161b22; stroke: #6e7681 } .live { fill: #173a63; stroke: #6ea8fe } .link { fill: #3b2a63 }
  .shared { stroke: #6ea8fe } .broken { stroke: #ff6b60 } .changed { stroke: #f0a050 }
}
"""


@dataclass
class _Page:
    """The parts of the picture so far, and where the next one begins."""

    parts: list[str]
    y: int
    width: int

    def text(self, x: int, content: str, style: str = "", *, anchor: str = "start") -> None:
        self.parts.append(_text(x, self.y, content, style, anchor))


def ring_svg(change: RingChange) -> str:
    """The change as an SVG document."""
    page = _Page([], MARGIN + 12, _width(change))
    page.text(MARGIN, change.call + ("" if change.result is None else f" = {change.result}"), "call")
    if change.claim:
        page.y += 24
        for line in _lines(f"broken: {change.claim}", page.width):
            page.text(MARGIN, line, "claim")
            page.y += 18
    for panel in change.panels:
        _panel(page, change, panel)
    page.y += 32
    page.text(MARGIN, LEGEND, "note")
    height = page.y + MARGIN
    return _document(page, height, change)


def _width(change: RingChange) -> int:
    slots = max(len(panel.before.slots) for panel in change.panels)
    return max(
        2 * MARGIN + min(slots, PER_ROW) * CELL, 2 * MARGIN + 9 * len(change.call) + 60, 2 * MARGIN + 8 * len(LEGEND)
    )


def _document(page: _Page, height: int, change: RingChange) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {page.width} {height}" width="{page.width}"'
    lines = [
        f'{head} height="{height}" role="img">',
        f"<title>{escape(change.call)}</title>",
        f"<desc>{escape(ring_text(change))}</desc>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{page.width}" height="{height}"/>',
        *page.parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _panel(page: _Page, change: RingChange, panel: Panel) -> None:
    page.y += 34
    page.text(MARGIN, f"{panel.name}, before", "note")
    _ring(page, panel.before, None, Faults())
    page.y += 34
    if panel.after is None:
        page.text(MARGIN, f"{panel.name}: the operation does not come to its end", "claim")
        return
    page.text(MARGIN, f"{panel.name}, after", "note")
    _ring(page, panel.after, panel.before, broken_in(change, panel))


def _ring(page: _Page, ring: RingPicture, before: RingPicture | None, marked: Faults) -> None:
    for first in range(0, len(ring.slots), PER_ROW):
        page.y += POINTERS
        for i in range(first, min(first + PER_ROW, len(ring.slots))):
            _slot(page, ring, before, i, MARGIN + (i - first) * CELL, broken=i in marked.slots)
        page.y += HEIGHT
    page.y += 22
    page.text(MARGIN, _numbers(ring, before), "claim" if marked.fields else "")
    for sentence in marked.sentences:
        for line in _lines(sentence, page.width):
            page.y += 18
            page.text(MARGIN, line, "claim")


def _slot(page: _Page, ring: RingPicture, before: RingPicture | None, i: int, x: int, *, broken: bool) -> None:
    slot, y = ring.slots[i], page.y
    style = "link" if slot.chain else "live" if i in ring.live() else "slot"
    page.parts.append(_rect(style, x, y, 0, dashed=i >= ring.ids))
    if slot.copy:
        page.parts.append(
            f'<line class="shared" x1="{x + 4}" y1="{y + HEIGHT - 5}" x2="{x + CELL - 4}" y2="{y + HEIGHT - 5}"/>'
        )
    changed = before is not None and before.slots[i] != slot
    if changed:
        page.parts.append(_rect("changed", x, y, 2))
    if broken:
        page.parts.append(_rect("broken", x, y, 5))
    for kind, sign in [("mark new", "≠")] * changed + [("mark claim", "✗")] * broken:
        page.parts.append(_text(x + CELL - 9 - 13 * (changed and sign == "✗"), y + 17, sign, kind, "end"))
    middle = x + CELL // 2
    page.parts.append(_text(x + 7, y + 16, str(i), "note", "start"))
    for line, content in enumerate(_content(ring, i)):
        page.parts.append(
            _text(middle, y + 33 + 15 * line, content, "long" if len(content) > LONGEST else "", "middle")
        )
    _pointers(page, ring, i, middle)


def _content(ring: RingPicture, i: int) -> tuple[str, str]:
    slot = ring.slots[i]
    if slot.chain:
        return "link to", slot.chain
    if slot.empty:
        return "", ""
    return f"page {slot.page}" if slot.page else "no page", f"{slot.offset}+{slot.length}"


def _pointers(page: _Page, ring: RingPicture, i: int, x: int) -> None:
    """The names of the indices at this slot, over an arrow; the lowest name last."""
    names = [name for name in ("start", "curr", "end") if getattr(ring, name) == i]
    for level, name in enumerate(reversed(names)):
        page.parts.append(_text(x, page.y - 9 - 12 * level, name, "", "middle"))
    if names:
        page.parts.append(f'<path class="pointer" d="M {x - 4} {page.y - 7} h 8 l -4 6 z"/>')


def _numbers(ring: RingPicture, before: RingPicture | None) -> str:
    def shown(name: str) -> str:
        old, new = getattr(before or ring, name), getattr(ring, name)
        return f"{name} {new}" if old == new else f"{name} {old} → {new}"

    return ", ".join(shown(name) for name in ("size", "copybreak", "start", "curr", "end"))


def _rect(style: str, x: int, y: int, inset: int, *, dashed: bool = False) -> str:
    size = f'width="{CELL - 2 * inset}" height="{HEIGHT - 2 * inset}"'
    dash = ' stroke-dasharray="3 3"' if dashed else ""
    return f'<rect class="{style}" x="{x + inset}" y="{y + inset}" {size}{dash}/>'


def _text(x: int, y: int, content: str, style: str, anchor: str) -> str:
    kind = f' class="{style}"' if style else ""
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x}" y="{y}"{kind}{place}>{escape(content)}</text>'


def _lines(sentence: str, width: int) -> list[str]:
    """The sentence in lines that fit the picture."""
    room = (width - 2 * MARGIN) // 8
    lines = [""]
    for word in sentence.split():
        if len(lines[-1]) + len(word) + 1 > room and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
