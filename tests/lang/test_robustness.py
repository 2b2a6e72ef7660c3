"""Whatever the source says, the front end accepts it or raises ModelErrors: never anything else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.lang import ModelErrors, load_source

FOLDER = Path(__file__).parent / "diagnostics"
SAMPLE = (FOLDER / "everything.py").read_text(encoding="utf-8")
SEEDS = [SAMPLE, *(p.read_text(encoding="utf-8") for p in sorted(FOLDER.glob("E0[3-7]*.py")))]
TOKENS = re.compile(r"\w+|\n[ \t]*|[^\w\s]|[ \t]+")
WORDS = sorted({token for seed in SEEDS for token in TOKENS.findall(seed) if token.strip()})
EXTRA = [
    *WORDS,
    "lambda x: x",
    "(x for x in sock)",
    "[1]",
    "{1: 2}",
    "1.5",
    "None",
    "...",
    "**",
    "await x",
    "*x",
    "(yield)",
]

CALM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def survives(text: str) -> None:
    """Loads a text; a refusal must be complete enough to be shown."""
    try:
        load_source(text)
    except ModelErrors as errors:
        refused = errors
    else:
        return
    assert refused.diagnostics
    assert refused.render(color=True)


@st.composite
def with_other_tokens(draw: st.DrawFn) -> str:
    """A source in which a few tokens were deleted, doubled, swapped or replaced."""
    tokens = TOKENS.findall(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(tokens) - 2))
        match draw(st.sampled_from(["delete", "double", "swap", "replace"])):
            case "delete":
                tokens[at] = ""
            case "double":
                tokens[at] += tokens[at]
            case "swap":
                tokens[at], tokens[at + 1] = tokens[at + 1], tokens[at]
            case _:
                tokens[at] = draw(st.sampled_from(EXTRA))
    return "".join(tokens)


class _Transplant(ast.NodeTransformer):
    """Puts other expressions in the place of the expressions with these numbers."""

    def __init__(self, others: dict[int, ast.expr]) -> None:
        self.others = others
        self.count = -1

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node  # what stands inside cannot be written as just any expression

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            self.count += 1
            if self.count in self.others:
                return self.others[self.count]
        return super().generic_visit(node)


PARTS = [node for seed in SEEDS for node in ast.walk(ast.parse(seed)) if isinstance(node, ast.expr)]
LOADED = [part for part in PARTS if isinstance(getattr(part, "ctx", ast.Load()), ast.Load)]


@st.composite
def with_other_expressions(draw: st.DrawFn) -> str:
    """A source that still parses, in which expressions were replaced by expressions from elsewhere."""
    tree = ast.parse(draw(st.sampled_from(SEEDS)))
    size = sum(isinstance(node, ast.expr) for node in ast.walk(tree))
    places = draw(st.lists(st.integers(0, size), min_size=1, max_size=4))
    transplant = _Transplant({place: draw(st.sampled_from(LOADED)) for place in places})
    return ast.unparse(transplant.visit(tree))


@st.composite
def with_other_statements(draw: st.DrawFn) -> str:
    """A source in which lines changed their places."""
    lines = draw(st.sampled_from(SEEDS)).splitlines()
    for _ in range(draw(st.integers(1, 3))):
        source, target = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        lines.insert(target, lines[source])
    return "\n".join(lines)


@CALM
@given(with_other_tokens())
def test_mutated_tokens(text: str) -> None:
    survives(text)


@CALM
@given(with_other_expressions())
def test_transplanted_expressions(text: str) -> None:
    survives(text)


@CALM
@given(with_other_statements())
def test_lines_in_other_places(text: str) -> None:
    survives(text)


@CALM
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    survives(text)


@pytest.mark.parametrize(
    "text", ["\ud800", "x = 1 << 99999999999", "x = " + "9" * 5000, "(" * 3000, "x = " + "-" * 5000 + "1"]
)
def test_extremes(text: str) -> None:
    with pytest.raises(ModelErrors):
        load_source(text)
