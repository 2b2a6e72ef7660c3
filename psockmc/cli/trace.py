"""`psockmc trace`: show how a property is violated, in one of many forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from psockmc.cli.options import variants_option
from psockmc.cli.report import MESSAGE_WIDTH
from psockmc.cli.status import Status, user_errors
from psockmc.content import UsageError

# Those of psockmc.render, which is not loaded for a mere --help.
FORMATS = ("diagram", "steps", "splat", "json", "itf", "html", "svg")

# These ask the models, and so are no mere renderings.
WHY = "why"
PYTEST = "pytest"

if TYPE_CHECKING:
    from psockmc.explore.tracedata import Trace


@click.command()
@click.argument("source", metavar="FILE|SCENARIO")
@click.argument("property", required=False)
@variants_option
@click.option("--format", "form", type=click.Choice((*FORMATS, WHY, PYTEST)), default="diagram", show_default=True)
@click.option("--all-steps", is_flag=True, help="also the steps that decide nothing")
@click.option(
    "--width",
    type=click.IntRange(min=40),
    default=MESSAGE_WIDTH,
    show_default=True,
    metavar="N",
    help="columns of diagram, splat and why",
)
@click.option("--eval", "expression", metavar="EXPR", help="instead: what EXPR is, and each step that changes it")
@user_errors({})
def trace(
    source: str,
    property: str | None,
    variants: tuple[Path, ...],
    form: str,
    all_steps: bool,
    width: int,
    expression: str | None,
) -> Status:
    """Show the trace in FILE, which `psockmc check --traces` wrote, or how SCENARIO violates PROPERTY.

    Exit status: 0 when there is a trace to show, 2 usage or model error, 3 when it is not known, 70 internal error.
    """
    if property is not None:
        from psockmc.cli.searched import searched

        found = searched(source, property, variants)
        if isinstance(found, Status):
            return found
    else:
        found = _loaded(Path(source), variants)
    if expression is not None:
        _evaluate(found, expression)
    else:
        click.echo(_in_form(found, form, width, all_steps).rstrip("\n"))
    return Status.EXPECTED


def _loaded(file: Path, variants: tuple[Path, ...]) -> Trace:
    """The trace in a file. Raises UsageError."""
    from psockmc.explore.trace import TraceFormatError, load_trace

    if variants:
        raise UsageError(f"--with is for searches, and {file} is a trace with variants of its own: leave it out")
    try:
        return load_trace(file)
    except OSError as error:
        hint = "" if file.suffix else f"; to search a scenario, name a property, too: psockmc trace {file} PROPERTY"
        raise UsageError(f"cannot read the trace {file}: {error.strerror}{hint}") from error
    except TraceFormatError as error:
        raise UsageError(str(error)) from error


def _in_form(found: Trace, form: str, width: int, all_steps: bool) -> str:
    """The trace as text. Raises UsageError where the models are asked and have no such run."""
    if form == WHY:
        from psockmc.cli.why import explanation

        return explanation(found, width)
    if form == "html":
        from psockmc.cli.why import reasons_if_known
        from psockmc.render.html import html

        return html(found, reasons_if_known(found))
    if form == PYTEST:
        from psockmc.cli.trace_pytest import tried_pytest

        return tried_pytest(found)
    from psockmc.render import render

    return render(found, form, width=width, all_steps=all_steps)


def _evaluate(trace: Trace, expression: str) -> None:
    """The value of an expression at the beginning, then after each step that changes it. UsageError: it has none."""
    from psockmc.explore.evaluate import BadExpression, along
    from psockmc.explore.places import where

    try:
        points = list(along(trace, expression))
    except BadExpression as error:
        raise UsageError(str(error)) from error
    for point in points:
        if point.step is None:
            click.echo(f"at first: {point.value}")
        else:
            step, at = point.step, where(trace.calls, point.step.place)
            who = trace.contexts[step.context].label
            click.echo(f"step {step.number}: {point.value}  // {who}, {at.statement} in {at.function}()")
