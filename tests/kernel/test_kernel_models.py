"""Every primitive of psockmc.kernel in tiny models, one per behaviour, under models/.

The first comments of a model say what must come out:

    # holds                             or `# violated: PROPERTY ...` or `# undetermined`
    # says: FRAGMENT                    the message of one of the violations contains this (optional)
    # open: REASON                      the checker does not get there yet (optional): a strict expected failure
    # states: 12, transitions: 14, depth: 5

`pytest --update-goldens` writes the last line anew; the others are a person's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import psockmc
from psockmc.explore.breadth_first import search_reference
from psockmc.explore.limits import Limits
from psockmc.explore.native import available, search_native
from psockmc.explore.result import SearchResult
from psockmc.explore.verdict import PropertyVerdict, Verdict, judge
from psockmc.ir.lower import compile_scenario
from psockmc.ir.system import TransitionSystem
from psockmc.lang import load_program

MODELS = Path(__file__).parent / "models"
KERNEL = Path(psockmc.__file__).parent / "kernel"
COUNTS = re.compile(r"^# states: .*\n", re.MULTILINE)


@dataclass(frozen=True)
class Expected:
    """The head of a model. outcome: holds, violated or undetermined; violated: ids of properties."""

    outcome: str
    violated: frozenset[str]
    says: str
    open: str
    counts: str


def read_expected(path: Path) -> Expected:
    """What the first comments of a model say."""
    lines: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            break
        key, _, rest = line.removeprefix("# ").partition(":")
        lines[key] = rest.strip()
    (outcome,) = lines.keys() & {"holds", "violated", "undetermined"}
    return Expected(
        outcome,
        frozenset(lines[outcome].split()),
        lines.get("says", ""),
        lines.get("open", ""),
        lines.get("states", ""),
    )


def cases(*, saying: bool = False) -> list[object]:
    """The models as parameters of a test of what must come out; only those whose head quotes a message if `saying`."""
    heads = {model: read_expected(MODELS / f"{model}.py") for model in models()}
    return [
        pytest.param(model, marks=[pytest.mark.xfail(reason=head.open)] if head.open else [])
        for model, head in heads.items()
        if head.says or not saying
    ]


def models() -> list[str]:
    """The models' names: folder/file."""
    return [path.relative_to(MODELS).with_suffix("").as_posix() for path in sorted(MODELS.rglob("*.py"))]


@cache
def compiled(model: str) -> TransitionSystem:
    """The transition system of a model's only scenario."""
    program = load_program(MODELS, [MODELS / f"{model}.py"], [])
    (name,) = program.scenarios
    return compile_scenario(program, name)


@cache
def searched(model: str) -> SearchResult:
    """What the reference finds in it."""
    return search_reference(compiled(model), Limits(max_states=100_000), None)


@cache
def verdicts(model: str) -> tuple[PropertyVerdict, ...]:
    """What is true of it."""
    return judge(compiled(model), searched(model), {})


def counts(result: SearchResult) -> str:
    """The numbers that are pinned."""
    return f"{result.states}, transitions: {result.transitions}, depth: {result.depth}"


@pytest.mark.parametrize("model", cases())
def test_verdicts_are_those_of_the_head(model: str) -> None:
    expected = read_expected(MODELS / f"{model}.py")
    found = {v.id for v in verdicts(model) if v.verdict is Verdict.VIOLATED}
    open_ = {v.id: v.basis for v in verdicts(model) if v.verdict is Verdict.UNDETERMINED}
    assert found == expected.violated, {v.id: v.message for v in verdicts(model) if v.id in found}
    if expected.outcome == "undetermined":
        assert searched(model).cuts
    elif expected.outcome == "holds":
        assert not open_
    else:
        assert not searched(model).cuts


@pytest.mark.parametrize("model", cases(saying=True))
def test_message_says_what_is_wrong(model: str) -> None:
    says = read_expected(MODELS / f"{model}.py").says
    messages = [v.message for v in verdicts(model) if v.verdict is Verdict.VIOLATED]
    assert any(says in message for message in messages), messages


@pytest.mark.parametrize("model", models())
def test_counts_are_pinned(model: str, request: pytest.FixtureRequest) -> None:
    path = MODELS / f"{model}.py"
    found = counts(searched(model))
    if request.config.getoption("--update-goldens"):
        text = COUNTS.sub("", path.read_text(encoding="utf-8"), count=1)
        head, quotes, rest = text.partition('"""')
        path.write_text(f"{head}# states: {found}\n{quotes}{rest}", encoding="utf-8")
        return
    assert found == read_expected(path).counts


@pytest.mark.slow
@pytest.mark.skipif(available() is not None, reason=available() or "")
@pytest.mark.parametrize("model", models())
def test_native_engine_agrees(model: str) -> None:
    result = search_native(compiled(model), Limits(), None)
    assert counts(result) == counts(searched(model))
    ours = {v.id: (v.verdict, v.depth) for v in verdicts(model)}
    assert {v.id: (v.verdict, v.depth) for v in judge(compiled(model), result, {})} == ours


def statements(path: Path) -> dict[int, str]:
    """The statements of the functions in a file of primitives, by line; what only frames or explains them left out."""
    found: dict[int, str] = {}
    source = path.read_text(encoding="utf-8")
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.stmt) and node is not function and not is_frame(node):
                    found[node.lineno] = source.splitlines()[node.lineno - 1].strip()
    return found


def is_frame(node: ast.stmt) -> bool:
    """Atomic blocks, docstrings and `omits(...)` are no nodes."""
    match node:
        case ast.With() | ast.Expr(value=ast.Constant()) | ast.Expr(value=ast.Call(func=ast.Name(id="omits"))):
            return True
    return False


def lines_run(model: str) -> Iterator[tuple[str, int]]:
    """File and line of every statement that ran, and of every call on the way to it."""
    ts, ran = compiled(model), searched(model).statements
    yield from ((ts.statements[i].file, ts.statements[i].line) for i in ran)
    for context in ts.contexts:
        for path in {node.path for node in context.nodes if node.statement in ran}:
            yield from ((frame.call_file, frame.call_line) for frame in context.paths[path])


@pytest.mark.parametrize("file", sorted(p.name for p in KERNEL.glob("[!_]*.py")))
def test_every_statement_runs_in_some_model(file: str) -> None:
    ran = {line for model in models() for name, line in lines_run(model) if name == f"psockmc/kernel/{file}"}
    assert {line: text for line, text in statements(KERNEL / file).items() if line not in ran} == {}
