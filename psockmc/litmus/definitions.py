"""The primitives of the kernel, read from `primitives.def`: what events each is made of.

The file explains its format. An entry is parsed when a test first uses it, so that a run pays for what it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from psockmc.litmus import lexer
from psockmc.litmus.code import CodeParser, Refused
from psockmc.litmus.lexer import END, Token
from psockmc.litmus.problems import Problem, Source
from psockmc.litmus.syntax import Expr

FILE = Path(__file__).with_name("primitives.def")

STEPS = {
    "load": 1,
    "store": 1,
    "rmw": 2,
    "failed": 1,
    "fence": 1,
    "acquired": 0,
    "blocked": 0,
    "lock": 0,
    "unlock": 0,
    "trylock": 0,
    "is_locked": 0,
    "srcu": 1,
    "start": 0,
}
"""The kinds of steps with the number of tags each has."""

_ENTRY = re.compile(r"(?P<name>\w+)\((?P<parameters>[^)]*)\)\s*(->(?P<value>[^:]*))?:(?P<steps>.*)")


class DefinitionError(Exception):
    """A line of a definition file is wrong; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a primitive: its kind (a key of STEPS), its tags, and the value that it writes or tests."""

    kind: str
    tags: tuple[str, ...]
    value: Expr | None


@dataclass(frozen=True, slots=True)
class Primitive:
    """What a primitive does. parameters: names in order; lvalues: those written `*p`; result: its value, if it has one.

    guard: when it holds the steps are `steps`, otherwise `otherwise`; without a guard always `steps`.
    """

    name: str
    parameters: tuple[str, ...]
    lvalues: frozenset[str]
    result: Expr | None
    guard: Expr | None
    steps: tuple[Step, ...]
    otherwise: tuple[Step, ...]

    @property
    def is_start(self) -> bool:
        """Whether it starts a callback: its last argument names a thread, and the others mean nothing."""
        return self.steps[0].kind == "start"


class Definitions:
    """The primitives of one model, by name."""

    def __init__(self, text: str, model: str) -> None:
        """Raises DefinitionError when a line is not an entry; entries themselves are checked when they are used."""
        self._lines: dict[str, tuple[int, str]] = {}
        self._parsed: dict[str, Primitive] = {}
        for number, line in enumerate(text.splitlines(), 1):
            entry = line.partition("#")[0].strip()
            if not entry:
                continue
            if entry.startswith("["):
                models, _, entry = entry[1:].partition("]")
                if model not in models.split():
                    continue
                entry = entry.strip()
            self._lines[entry.partition("(")[0]] = (number, entry)

    def __contains__(self, name: str) -> bool:
        return name in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def get(self, name: str) -> Primitive | None:
        """The primitive of this name, None when there is none. Raises DefinitionError when its entry is wrong."""
        if name not in self._parsed:
            if name not in self._lines:
                return None
            self._parsed[name] = _entry(*self._lines[name])
        return self._parsed[name]


@cache
def definitions(model: str) -> Definitions:
    """Psockmc's own primitives, as the model of this name has them."""
    return Definitions(FILE.read_text(encoding="utf-8"), model)


def _entry(number: int, line: str) -> Primitive:
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise DefinitionError(f"primitives.def:{number}: expected `NAME(parameters) [-> value] : steps`")
    written = [p.strip() for p in match["parameters"].split(",") if p.strip()]
    parameters = tuple(p.lstrip("*") for p in written)
    main, _, rest = _split_alternative(match["steps"])
    steps = [s.strip() for s in main.split(";") if s.strip()]
    guard = _expression(number, steps.pop(0)[5:]) if steps and steps[0].startswith("when ") else None
    return Primitive(
        name=match["name"],
        parameters=parameters,
        lvalues=frozenset(p[1:] for p in written if p.startswith("*")),
        result=_expression(number, match["value"]) if match["value"] else None,
        guard=guard,
        steps=tuple(_step(number, s) for s in steps),
        otherwise=tuple(_step(number, s.strip()) for s in rest.split(";") if s.strip()),
    )


def _split_alternative(steps: str) -> tuple[str, str, str]:
    """The steps before and behind the `|` that separates alternatives: the one before the name of a step."""
    match = re.search(rf"\|\s*(?=({'|'.join(STEPS)})\b)", steps)
    return (steps[: match.start()], "|", steps[match.end() :]) if match else (steps, "", "")


def _step(number: int, text: str) -> Step:
    kind, _, rest = text.partition(" ")
    if kind not in STEPS:
        raise DefinitionError(f"primitives.def:{number}: there is no step `{kind}`: use one of {', '.join(STEPS)}")
    words = rest.split()
    tags, value = words[: STEPS[kind]], " ".join(words[STEPS[kind] :])
    if len(tags) < STEPS[kind]:
        raise DefinitionError(f"primitives.def:{number}: the step `{kind}` needs {STEPS[kind]} tags")
    return Step(kind, tuple(tags), _expression(number, value) if value else None)


def _expression(number: int, text: str) -> Expr:
    """An expression over the parameters, old and new."""
    source = Source("primitives.def", f"{text.strip()} }}")
    tokens, _ = lexer.code(source, 0)
    tokens[-3:] = [Token(END, "", len(text), len(text) + 1)] * 2
    problems: list[Problem] = []
    try:
        return CodeParser(tokens, problems).expression()
    except Refused as error:
        raise DefinitionError(f"primitives.def:{number}: {error}") from error
