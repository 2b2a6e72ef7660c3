"""Laying out text in a limited width: lines are wrapped, never cut."""

from __future__ import annotations

import re
from collections.abc import Iterator

SEPARATORS = (re.compile(r"(?<=[(,])"), re.compile(r"(?<=[.=/:|&>-])"), re.compile(r"(?<=_)"))
"""Where a word that is too long for its line may be broken, best places first."""

NARROWEST = 8
"""Room for text that any indentation leaves."""


def hanging_indent(width: int) -> int:
    """How much further the second line of a statement is indented."""
    return 4 if width >= 30 else 3


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
    for number, piece in enumerate(_broken(word, room, SEPARATORS)):
        yield piece, number > 0


def _broken(word: str, room: int, separators: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    """The word, broken only as far as needed: first at the best separators, in the end anywhere."""
    if len(word) <= room:
        yield word
    elif not separators:
        yield from (word[i : i + room] for i in range(0, len(word), room))
    else:
        for part in separators[0].split(word):
            yield from _broken(part, room, separators[1:])


def broken_words(text: str, width: int, indent: int = 0) -> int:
    """How often `annotated` has to break words of code."""
    room = width - max(min(indent + hanging_indent(width), width - NARROWEST), 0)
    return sum(len(word) // room for word in text.split() if len(word) > room)


def annotated(text: str, notes: tuple[str, ...], width: int, indent: int) -> list[str]:
    """Code with its notes behind `//`: on the same line if they fit, else below, indented."""
    lines = wrap(text, width, indent, hanging_indent(width))
    if not notes:
        return lines
    note = "// " + ", ".join(notes)
    if len(lines[-1]) + 2 + len(note) <= width:
        return [*lines[:-1], f"{lines[-1]}  {note}"]
    return [*lines, *wrap(note, width, indent + 2, hanging=3)]
