"""`psockmc size`: what makes a scenario as large as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from psockmc import content
from psockmc.cli import console
from psockmc.cli.options import variants_option
from psockmc.cli.status import Status, user_errors

if TYPE_CHECKING:
    from psockmc.explore.size import Size

MOST = 20_000
SHOWN = 12
BAR = 40


@click.command()
@click.argument("scenario")
@variants_option
@click.option(
    "--max-states", type=click.IntRange(min=1), default=MOST, show_default=True, metavar="N", help="look at N states"
)
@user_errors({})
def size(scenario: str, variants: tuple[Path, ...], max_states: int) -> Status:
    """Show what makes SCENARIO large: the states at each depth, and the fields that carry the most values.

    The states are those of the reference interpreter, from the initial one on; the last line says whether they are all.
    """
    root = content.find_root()
    program = content.load(root, variants)
    (name,) = content.pick("scenario", [scenario], program.scenarios)
    from psockmc.explore.size import survey
    from psockmc.ir.lower import compile_scenario

    found = survey(compile_scenario(program, name), max_states, SHOWN)
    console.output().print(_parts(found))
    click.echo("")
    _print_levels(found)
    click.echo("")
    whole = "all of them" if found.complete else f"the first; --max-states {max_states * 10} looks further"
    click.echo(f"{name}: {console.number(found.states, 'state')}, {whole}")
    return Status.EXPECTED


def _parts(found: Size) -> Table:
    """The parts of the state with most values."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("part of the state", overflow="fold")
    table.add_column("what")
    for heading in ("values", "states without it"):
        table.add_column(heading, justify="right", no_wrap=True)
    for part in found.parts[:SHOWN]:
        if part.values > 1:
            table.add_row(part.name, part.kind, f"{part.values:,}", f"{part.without:,}")
    return table


def _print_levels(found: Size) -> None:
    """The number of states at each depth, with a bar."""
    click.echo("depth  states")
    most = max(found.levels)
    for depth, states in enumerate(found.levels):
        bar = "#" * max(1, round(states * BAR / most))
        click.echo(f"{depth:5}  {states:6,}  {bar}")
