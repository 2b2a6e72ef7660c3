"""Laying out text in a limited width: lines are wrapped, never cut."""

from __future__ import annotations

import re
from collections.abc import Iterator

BREAK_AFTER = re.compile(r"(?<=[_.,(/=|&>\-])")
"""Where a word that is too long for its line may be broken."""

NARROWEST = 8
"""Room for text that any indentation leaves."""


def wrap(text: str, width: int, indent: int = 0, hanging: int = 4) -> list[str]:
    """The text in lines of at most `width` characters, the first indented by `indent`, the others by `hanging` more.

    Breaks at spaces, inside a word only where it would not fit a line of its own, then after a separator if
    possible. Deep indentation is reduced so that some room is left.
    """
    indent = max(min(indent, width - NARROWEST), 0)
    later = max(min(indent + hanging, width - NARROWEST), 0)
    lines: list[str] = []
    line = " " * indent
    empty = True
    for word in text.split():
        for piece, glued in _pieces(word, width - later):
            gap = "" if empty or glued else " "
            if len(line) + len(gap) + len(piece) > width:
                lines.append(line.rstrip())
                line, gap = " " * later, ""
            line += gap + piece
            empty = False
    return [*lines, line.rstrip()]


def _pieces(word: str, room: int) -> Iterator[tuple[str, bool]]:
    """The word, or pieces of it that fit into `room`; all but the first are glued to the one before."""
    if len(word) <= room:
        yield word, False
        return
    glued, piece = False, ""
    for part in _parts(word, room):
        if piece and len(piece) + len(part) > room:
            yield piece, glued
            glued, piece = True, ""
        piece += part
    yield piece, glued


def _parts(word: str, room: int) -> Iterator[str]:
    for part in BREAK_AFTER.split(word):
        for i in range(0, len(part), room):
            yield part[i : i + room]


def annotated(text: str, notes: tuple[str, ...], width: int, indent: int) -> list[str]:
    """Code with its notes behind `//`: on the same line if they fit, else below, indented."""
    lines = wrap(text, width, indent)
    if not notes:
        return lines
    note = "// " + ", ".join(notes)
    if len(lines[-1]) + 2 + len(note) <= width:
        return [*lines[:-1], f"{lines[-1]}  {note}"]
    return [*lines, *wrap(note, width, indent + 2, hanging=3)]
