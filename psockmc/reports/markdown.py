"""Markdown whose texts stay texts: whatever a name or a sentence holds, it closes, opens and runs nothing.

`text`, `code` and `link` make Markdown out of strings that anybody may have written; the other functions put such
Markdown together. The dialect is GitHub's (CommonMark with tables).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import quote

# An underscore inside of a word is no markup, which keeps the names of C readable: sk_psock_drop. A dot or a bracket
# behind a number and such like are markup at the beginning of a line only.
_MARKUP = re.compile(r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])")
_AT_BEGINNING = re.compile(r"^(\d{1,9})([.)])|^([#+=>-])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_UNSAFE_IN_CODE = re.compile(r"[`|]")
_COMMITS = "https://git.kernel.org/linus/"


def text(words: object) -> str:
    """A text within a line: its markup and HTML are shown as they are written, lines are joined."""
    return _inner(_one_line(str(words)))


def _inner(plain: str) -> str:
    """A piece of a text, with the blanks at its ends."""
    escaped = _MARKUP.sub(lambda found: "\\" + found[0], plain)
    escaped = _ENTITY.sub("&amp;", escaped).replace("<", "&lt;")
    return _AT_BEGINNING.sub(lambda found: f"{found[1] or ''}\\{found[2] or found[3]}", escaped)


def code(words: object) -> str:
    """A text in the type of code. What a code span cannot hold in every place (backticks, bars) is written in HTML."""
    plain = _one_line(str(words))
    if not plain.strip():
        return ""
    if not _UNSAFE_IN_CODE.search(plain):
        return f"`{plain}`"
    return "<code>" + "".join(c if c.isalnum() or c in " _." else f"&#{ord(c)};" for c in plain) + "</code>"


def prose(words: str) -> str:
    """A text whose parts in `backticks` are code, as docstrings and sentences of this project are written."""
    parts = _one_line(words).split("`")
    if len(parts) % 2 == 0 or "``" in words:
        return text(words)
    return "".join(code(part) if i % 2 else _inner(part) for i, part in enumerate(parts))


def sentence(words: str) -> str:
    """A text as a sentence: a capital at its beginning, unless a name of the code is there, and a full stop."""
    named = re.match(r"\S*[_(`]", words)
    return prose(words if named else words[:1].upper() + words[1:]).rstrip(".") + "." if words else ""


def link(shown: str, target: str) -> str:
    """A link to a file of the reports. shown: Markdown (not escaped again); target: a relative path, perhaps #part."""
    return f"[{shown}]({quote(target, safe='/#.-_')})"


def commit(id: str, digits: int = 12) -> str:
    """A commit of the kernel, by its hexadecimal ID, with a link; any other text stays one."""
    if not re.fullmatch(r"[0-9a-f]{12,40}", id):
        return text(id)
    return f"[`{id[:digits]}`]({_COMMITS}{id})"


def heading(level: int, shown: str) -> str:
    """A heading. shown: Markdown of one line."""
    return f"{'#' * level} {shown}"


def fenced(block: str, language: str = "") -> str:
    """A block of preformatted text, inside a fence that it cannot close. language: for colours, such as diff."""
    runs = [len(found) for found in re.findall(r"`{3,}", block)]
    fence = "`" * (max(runs, default=2) + 1)
    return "\n".join([fence + language, _visible(block.strip("\n"), keep="\n\t"), fence])


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> str:
    """A table. headings, rows: Markdown, as many cells each; numbers: columns that are aligned to the right.

    Raises ValueError for a row with too few cells or too many.
    """
    right = set(numbers)
    lines = [headings, ["--:" if i in right else "---" for i in range(len(headings))], *rows]
    for line in lines:
        if len(line) != len(headings):
            raise ValueError(f"a row has {len(line)} cells, the table {len(headings)} columns: {line}")
    return "\n".join("| " + " | ".join(" ".join(cell.splitlines()) for cell in line) + " |" for line in lines)


def bullets(items: Iterable[str]) -> str:
    """A list. items: Markdown of one line each."""
    return "\n".join(f"* {item}" for item in items)


def details(summary: str, body: str) -> str:
    """A part that opens on a click. summary: a text; body: Markdown."""
    shown = html.escape(_one_line(summary))
    return f"<details>\n<summary>{shown}</summary>\n\n{body}\n\n</details>"


def join(*blocks: str) -> str:
    """The blocks (paragraphs, tables, headings ...) that are not empty, apart from each other."""
    return "\n\n".join(block for block in blocks if block)


def page(*blocks: str) -> str:
    """A file: its blocks, as `join` puts them."""
    return join(*blocks) + "\n"


def slug(name: str) -> str:
    """A name as part of a file name: letters, digits, dots and dashes; never empty, never hidden."""
    return "".join(c if (c.isascii() and c.isalnum()) or c in "-." else "-" for c in name).strip("-.") or "unnamed"


def anchor(heading: str) -> str:
    """The part of an address that leads to a heading whose text this is: #part."""
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def _one_line(words: str) -> str:
    return _visible(" ".join(words.split()))


def _visible(words: str, keep: str = "") -> str:
    """Characters that would hide something or turn the direction of the text round are replaced."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _hides(c) and c not in keep else c for c in words)


def _hides(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf")
