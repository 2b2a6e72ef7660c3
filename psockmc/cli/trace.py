"""`psockmc trace`: show a trace that was written to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

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
@click.argument("file", type=click.Path(path_type=Path))
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
def trace(file: Path, form: str, all_steps: bool, width: int, expression: str | None) -> Status:
    """Show the trace in FILE, which `psockmc check --traces` wrote."""
    from psockmc.explore.trace import TraceFormatError, load_trace
    from psockmc.render import render

    try:
        shown = load_trace(file)
    except OSError as error:
        raise UsageError(f"cannot read the trace {file}: {error.strerror}") from error
    except TraceFormatError as error:
        raise UsageError(str(error)) from error
    if expression is not None:
        _evaluate(shown, expression)
        return Status.EXPECTED
    if form == WHY:
        from psockmc.cli.why import explanation

        click.echo(explanation(shown, width))
        return Status.EXPECTED
    if form == "html":
        from psockmc.cli.why import reasons_if_known
        from psockmc.render.html import html

        click.echo(html(shown, reasons_if_known(shown)), nl=False)
        return Status.EXPECTED
    if form == PYTEST:
        from psockmc.cli.trace_pytest import tried_pytest

        click.echo(tried_pytest(shown), nl=False)
        return Status.EXPECTED
    click.echo(render(shown, form, width=width, all_steps=all_steps).rstrip("\n"))
    return Status.EXPECTED


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
