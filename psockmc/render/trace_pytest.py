"""A counterexample as the source of a pytest, which performs the run again on the models of a checkout."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from psockmc.explore.places import where
from psockmc.explore.tracedata import ContextInfo, Step, Trace
from psockmc.render.layout import wrap

WIDTH = 118


class NoTest(Exception):
    """A counterexample that no single run makes; the message is one sentence that says what to do instead."""


def trace_pytest(trace: Trace) -> str:
    """The source. Its test passes as long as the models have this run and it violates the property.

    Raises NoTest for an order of locks: several runs make it, and a trace has only one of them.
    """
    if trace.failure.kind == "order":
        raise NoTest(
            f"{trace.property.id} of {trace.scenario} is shown by several runs, and a trace has only one of them: let "
            f"a test run psockmc check {trace.scenario}"
        )
    name = _identifier(f"{trace.scenario}_violates_{trace.property.id}")
    arguments = [trace.scenario, trace.variant] if trace.variant else [trace.scenario]
    body = [
        f"run = rerun({', '.join(map(literal, arguments))})",
        *_steps(trace),
        "",
        _violates(trace),
    ]
    lines = [
        *_docstring(trace),
        "",
        "from psockmc.rerun import rerun",
        "",
        "",
        f"def test_{name}() -> None:",
        *(f"    {line}" if line else "" for line in body),
    ]
    return "\n".join(lines) + "\n"


def _docstring(trace: Trace) -> Iterator[str]:
    paragraphs = [f"{trace.scenario} violates {trace.property.id}: {trace.property.sentence}.", trace.failure.sentence]
    if trace.variant:
        paragraphs.append(f"With {trace.variant} in the models.")
    paragraphs.append(
        "This performs the run once more, step by step. It fails and says where when the models have changed so that "
        "they do not have the run any more, and says so when they have it and it violates nothing. Run it in the "
        "checkout with the models."
    )
    for number, paragraph in enumerate(paragraphs):
        quotes = '"""' if number == 0 else ""
        yield from ([] if number == 0 else [""])
        yield from wrap(quotes + _in_docstring(paragraph), WIDTH, hanging=0)
    yield '"""'


def _in_docstring(text: str) -> str:
    """Text that neither ends a docstring nor has an escape in it, nor characters that are no text."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("\\", "\\\\").replace('"', "'")


def _identifier(text: str) -> str:
    return re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")


def literal(text: str) -> str:
    """A Python literal of a text, in double quotes where that needs no escapes."""
    shown = ascii(text) if not text.isprintable() else repr(text)
    plain = shown.startswith("'") and '"' not in text and "\\" not in shown
    return f'"{shown[1:-1]}"' if plain else shown


# ---------------------------------------------------------------- statements


def _steps(trace: Trace) -> Iterator[str]:
    """A call for each step; a comment where another context goes on."""
    running = -1
    for step in trace.steps:
        if step.number == trace.loop:
            yield from ("", "# From here on the run goes round for ever.")
            running = -1
        if step.context != running:
            running = step.context
            yield from ("", f"# {_who(trace.contexts[running])}")
        yield from _call("run.step", _arguments(trace, step))


def _who(context: ContextInfo) -> str:
    return _in_docstring(f"{context.label} ({context.kind}: {context.function})")


def _arguments(trace: Trace, step: Step) -> list[str]:
    changes = [f"{change.cell} {change.old} -> {change.new}" for change in step.changes]
    texts = [trace.contexts[step.context].name, where(trace.calls, step.place).statement, *changes]
    chosen = [f"choice={step.choice}"] if step.choice >= 0 else []
    return [*map(literal, texts), *chosen]


def _call(function: str, arguments: Sequence[str]) -> list[str]:
    """The call on one line where it fits, else with a line for each argument."""
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= WIDTH - 4:
        return [line]
    return [f"{function}(", *(f"    {argument}," for argument in arguments), ")"]


def _violates(trace: Trace) -> str:
    """The last statement: how the run fails."""
    failure, arguments = trace.failure, [literal(trace.property.id)]
    if failure.kind == "step":
        arguments.append(literal(failure.message))
    if failure.kind == "race":
        arguments.append(f"against={literal(trace.contexts[failure.race[1].context].name)}")
    if trace.loop:
        arguments.append(f"loop={trace.loop}")
    return "\n    ".join(_call("run.violates", arguments))
