"""What all pictures share: fonts, colours for light and dark, texts that stay texts, and the frame of a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

CODE = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
TEXT = "system-ui, 'DejaVu Sans', 'Helvetica Neue', Arial, sans-serif"

CHARACTER = 6.63
"""Width of a character of code: 11 px of a monospaced font."""

LIGHT = ("#1f5fbf", "#a84b00", "#1d7a3c", "#8a2fa0", "#0b7285", "#9b2c4d")
DARK = ("#78adff", "#ffa657", "#5fd07f", "#dd95f0", "#58c9dc", "#ff92ad")
"""Colours that tell things apart; whatever they say is said in another way, too."""


def text(kind: str, x: float, y: float, words: str, anchor: str = "start") -> str:
    """A text of a class, escaped. anchor: start, middle or end, where (x, y) is."""
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{at}>{escape(words)}</text>'


def themed(fonts: str, light: str, dark: str) -> str:
    """A style sheet: what holds always, and the colours of a light or, where the reader has chosen so, a dark paper."""
    return f"<style>{fonts}{light}@media (prefers-color-scheme:dark){{{dark}}}</style>"


def document(width: float, height: float, title: str, description: str, style: str, parts: Iterable[str]) -> str:
    """An SVG document on a paper of class `paper`. title, description: what who does not see it is told."""
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    lines: Sequence[str] = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title description">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(description)}</desc>',
        style,
        '<rect class="paper" width="100%" height="100%"/>',
        *parts,
        "</svg>",
    )
    return "\n".join(lines) + "\n"
