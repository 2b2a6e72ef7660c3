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


_SKIP = r"//[^\n]*|/\*.*?\*/|\Z"
_WORDS = r"(?P<word>[A-Za-z_]\w*)|(?P<number>(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)[uUlL]*)"
_CODE_SIGNS = r"==|!=|<=|>=|<<|>>|&&|\|\||->|\+\+|--|[-+*/%&|^!<>=(){};,:\[\].~?]"
_FACT_SIGNS = r"/\\|\\/|&&|\|\||==|!=|[-~(){};,:\[\].=&*!]"
# Every match takes the white space before it along. What is no sign either is left to the parsers to refuse.
_CODE = re.compile(rf"\s*(?:{_WORDS}|(?P<skip>{_SKIP})|(?P<sign>{_CODE_SIGNS}|.))", re.S)
_FACTS = re.compile(rf"\s*(?:{_WORDS}|(?P<skip>{_SKIP})|(?P<sign>{_FACT_SIGNS}|.))", re.S)
_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.S)
_COMMENT = re.compile(r"\(\*|\*\)")


def number(text: str) -> int:
    """The value of a token of the kind NUMBER: as in C, a leading 0 is octal."""
    digits = text.rstrip("uUlL")
    return int(digits, 8 if digits.isdigit() and digits[0] == "0" else 0)


def code(source: Source, start: int) -> tuple[list[Token], int]:
    """The tokens of one thread, from `P0` to the brace that closes its body, and where it ends.

    When the brace is missing the tokens go to the end of the file. Raises LitmusError for a comment that does not end.
    """
    tokens: list[Token] = []
    depth, position, text = 0, start, source.text
    while match := _CODE.match(text, position):
        kind = match.lastgroup
        assert kind is not None
        position = match.end()
        begin = match.start(kind)
        word = text[begin:position]
        if kind == "skip":
            if not word:
                break  # the end of the file
            continue
        tokens.append(Token(kind, word, begin, position))
        if word == "{":
            depth += 1
        elif word == "}":
            depth -= 1
            if depth <= 0:
                break
        elif word == "/" and text.startswith("/*", begin):
            raise _endless(source, begin, "*/")
    tokens += [Token(END, "", position, position + 1)] * 2  # so that a parser may look one token ahead
    return tokens, position


def facts(source: Source, start: int, end: int) -> list[Token]:
    """The tokens of initial values or of the condition in text[start:end].

    Raises LitmusError for a comment that does not end.
    """
    tokens: list[Token] = []
    position, text = start, source.text
    while position < end:
        space = _SPACE.match(text, position, end)
        if space:
            position = space.end()
        if text.startswith("(*", position):
            position = after_comment(source, position)
            continue
        match = _FACTS.match(text, position, end)
        assert match is not None, "every character is a sign at least"
        kind = match.lastgroup
        position = match.end()
        if kind is not None and kind != "skip":
            begin = match.start(kind)
            tokens.append(Token(kind, text[begin:position], begin, position))
    tokens += [Token(END, "", position, position + 1)] * 2  # so that a parser may look one token ahead
    return tokens


def after_comment(source: Source, start: int) -> int:
    """The position behind the `(* *)` comment that begins at start. Raises LitmusError when it does not end."""
    depth = 0
    for match in _COMMENT.finditer(source.text, start):
        depth += 1 if match.group() == "(*" else -1
        if depth == 0:
            return match.end()
    raise _endless(source, start, "*)")


def skip_space(source: Source, position: int) -> int:
    """The first position from here that is neither white space nor in a comment."""
    text = source.text
    while position < len(text):
        if text.startswith("(*", position):
            position = after_comment(source, position)
        elif match := _SPACE.match(text, position):
            position = match.end()
        else:
            break
    return position


def _endless(source: Source, start: int, end: str) -> LitmusError:
    problem = Problem("L0002", "this comment does not end", start, start + 2, help=f"close it with `{end}`")
    return LitmusError(source, [problem])
