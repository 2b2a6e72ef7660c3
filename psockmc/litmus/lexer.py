"""From text to tokens: one lexer for the C of the threads, one for the rest of the file.

The two differ in comments: outside of the threads `(* *)` is one, and nests; inside, `(*x)` is C.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from psockmc.litmus.problems import LitmusError, Problem, Source

WORD, NUMBER, SIGN, END = "word", "number", "sign", "end of the file"


class Token(NamedTuple):
    """A token: its kind (WORD, NUMBER, SIGN or END), its text, and where it stands."""

    kind: str
    text: str
    start: int
    end: int


_SPACE = r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/)"
_WORDS = r"(?P<word>[A-Za-z_]\w*)|(?P<number>0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)"
_CODE = re.compile(
    rf"{_SPACE}|{_WORDS}|(?P<sign>==|!=|<=|>=|<<|>>|&&|\|\||->|\+\+|--|[-+*/%&|^!<>=(){{}};,:\[\].~?])", re.S
)
_FACTS = re.compile(rf"{_SPACE}|{_WORDS}|(?P<sign>/\\|\\/|&&|\|\||==|!=|[-~(){{}};,:\[\].=&*!])", re.S)
_COMMENT = re.compile(r"\(\*|\*\)")


def code(source: Source, start: int) -> tuple[list[Token], int]:
    """The tokens of one thread, from `P0` to the brace that closes its body, and where it ends.

    When the brace is missing the tokens go to the end of the file. Raises LitmusError for a character outside of C.
    """
    tokens: list[Token] = []
    depth, position, text = 0, start, source.text
    scan = _CODE.match
    while match := scan(text, position):
        kind, begin, position = match.lastgroup, position, match.end()
        if kind == "skip":
            continue
        token = Token(kind or SIGN, match.group(), begin, position)
        tokens.append(token)
        if token.text == "{":
            depth += 1
        elif token.text == "}":
            depth -= 1
            if depth <= 0:
                tokens.append(Token(END, "", position, position + 1))
                return tokens, position
    if position < len(text):
        raise _unknown(source, position)
    tokens.append(Token(END, "", position, position + 1))
    return tokens, position


def facts(source: Source, start: int, end: int) -> list[Token]:
    """The tokens of initial values or of the condition in text[start:end]. Raises LitmusError for unknown characters."""
    tokens: list[Token] = []
    position, text = start, source.text
    while position < end:
        if text.startswith("(*", position):
            position = after_comment(source, position)
            continue
        match = _FACTS.match(text, position, end)
        if match is None:
            raise _unknown(source, position)
        begin, position = position, match.end()
        if match.lastgroup != "skip":
            tokens.append(Token(match.lastgroup or SIGN, match.group(), begin, position))
    tokens.append(Token(END, "", position, position + 1))
    return tokens


def after_comment(source: Source, start: int) -> int:
    """The position behind the `(* *)` comment that begins at start. Raises LitmusError when it does not end."""
    depth = 0
    for match in _COMMENT.finditer(source.text, start):
        depth += 1 if match.group() == "(*" else -1
        if depth == 0:
            return match.end()
    raise LitmusError(
        source, [Problem("L0002", "this comment does not end", start, start + 2, help="close it with `*)`")]
    )


def skip_space(source: Source, position: int) -> int:
    """The first position from here that is neither white space nor in a comment."""
    text = source.text
    while position < len(text):
        if text.startswith("(*", position):
            position = after_comment(source, position)
        elif (match := _CODE.match(text, position)) and match.lastgroup == "skip":
            position = match.end()
        else:
            break
    return position


def _unknown(source: Source, position: int) -> LitmusError:
    character = source.text[position]
    message = f"the character {character!r} cannot stand here"
    if source.text.startswith("/*", position):
        message = "this comment does not end"
    return LitmusError(source, [Problem("L0002", message, position, position + 1)])
