"""Many litmus tests for people: a table, and what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click
from rich.table import Table
from rich.text import Text

from psockmc.cli import console
from psockmc.litmus.answer import Verdict
from psockmc.litmus.batch import Row

_STYLES = {Verdict.NEVER: "green", Verdict.SOMETIMES: "yellow", Verdict.ALWAYS: "yellow", Verdict.UNDETERMINED: "bold"}


def print_table(rows: Sequence[Row], *, counts: bool) -> None:
    """One line per test, and the sums below."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("test", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    for heading in ("positive", "negative", "states") if counts else ():
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("flags and remarks", overflow="fold")
    table.add_column("ms", justify="right", no_wrap=True)
    for row in rows:
        numbers = [_number(n) for n in (row.positive, row.negative, row.states)] if counts else []
        table.add_row(row.name, verdict(row), *numbers, remarks(row), f"{row.seconds * 1000:.1f}")
    console.output().print(table)
    click.echo(f"\n{summary(rows)}")


def _number(n: int | None) -> str:
    return "-" if n is None else f"{n:,}"


def verdict(row: Row) -> Text:
    """The verdict, coloured; an error is red."""
    if row.verdict is None:
        return Text("ERROR", style="bold red")
    return Text(str(row.verdict), style=_STYLES[row.verdict])


def remarks(row: Row) -> str:
    """Flags, what went wrong, what the file expected, and bounds."""
    said = [f.name for f in row.flags]
    if row.error:
        said.append(row.error)
    if row.reason:
        said.append(row.reason)
    if not row.as_expected and row.verdict is not Verdict.UNDETERMINED:
        said.append(f"the file says {row.expected}")
    if row.vacuous:
        said.append("no execution at all")
    if row.bounded:
        said.append("up to the loop bound")
    return ", ".join(said)


def summary(rows: Sequence[Row]) -> str:
    """How many tests there are of each verdict, how many are flagged, and how long it took."""
    counted = Counter("ERROR" if r.verdict is None else str(r.verdict) for r in rows)
    parts = [f"{n:,} {name}" for name, n in counted.most_common()]
    races = sum(any(f.name == "data-race" for f in r.flags) for r in rows)
    if races:
        parts.append(f"{races:,} with a data race")
    unexpected = sum(not r.as_expected and r.verdict is not Verdict.UNDETERMINED for r in rows)
    if unexpected:
        parts.append(f"{unexpected:,} not as the file says")
    seconds = sum(r.seconds for r in rows)
    return f"{console.number(len(rows), 'test')}: {', '.join(parts)} ({seconds:.1f} s of search)"
