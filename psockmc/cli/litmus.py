"""`psockmc litmus`: litmus tests under the Linux-kernel memory model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psockmc.cli.status import Status, print_json, user_errors
from psockmc.content import UsageError

if TYPE_CHECKING:
    from psockmc.litmus.batch import Row

MODELS = ("6.1", "newest")  # those of psockmc.litmus.model, which is not loaded for a mere --help


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="FILE|DIR...", type=click.Path(path_type=Path))
@click.option("--model", type=click.Choice(MODELS), help="the memory model  [default: what a test states, else 6.1]")
@click.option("--counts", is_flag=True, help="find all executions: their numbers, and the final states")
@click.option("--weaken", is_flag=True, help="remove or weaken one ordering at a time: which are needed?")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="draw the witness")
@click.option("--check", is_flag=True, help="exit with status 1 when a verdict is not the `Result:` of its file")
@click.option(
    "--null-once", is_flag=True, help="rcu_assign_pointer() of NULL is WRITE_ONCE, as the kernel's macro has it"
)
@click.option("--loop-bound", type=click.IntRange(min=1), metavar="N", help="how often a loop may run  [default: 3]")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", help="give up after S seconds each"
)
@click.option("--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="tests at a time  [default: one per CPU]")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object and nothing else on stdout")
@user_errors({"results": []})
def litmus(
    places: tuple[Path, ...],
    weaken: bool,
    svg: Path | None,
    check: bool,
    jobs: int | None,
    as_json: bool,
    **given: Any,
) -> Status:
    """Decide C litmus tests: does the condition hold Never, Sometimes or Always under the Linux-kernel memory model?

    A directory stands for all *.litmus below it. One file is explained: Sometimes by an execution, Never by the axiom
    that forbids it.

    Exit status: 0 all decided, 1 a verdict is not the one that its file states (with --check), 2 some file is no litmus
    test, 3 some test is undetermined, 70 internal error.
    """
    from psockmc.litmus import batch

    options = _options(**given)
    paths = batch.files(places)
    if not paths:
        raise UsageError(f"there is no *{batch.SUFFIX} file in {', '.join(map(str, places))}")
    if (svg or weaken) and len(paths) != 1:
        raise UsageError(f"--svg and --weaken are for one test, not {len(paths)}: name one file")
    if len(paths) == 1 and not as_json:
        from psockmc.cli.litmus_one import explain_one

        rows = [explain_one(paths[0], options, weaken=weaken, svg=svg)]
    else:
        with _progress(len(paths)) as done:
            rows = batch.decide_files(paths, options, jobs, done)
        _print(rows, options.counts, as_json)
    for row in rows:
        if row.report:
            click.echo(row.report + "\n", err=True)
    return status(rows, check)


def _print(rows: Sequence[Row], counts: bool, as_json: bool) -> None:
    if as_json:
        print_json({"results": [as_object(r) for r in rows]})
        return
    from psockmc.cli.litmus_table import print_table

    print_table(rows, counts=counts)


def _options(model: str | None, counts: bool, null_once: bool, loop_bound: int | None, timeout: float | None) -> Any:
    from psockmc.litmus.answer import Options
    from psockmc.litmus.threads import LOOP_BOUND

    return Options(model, counts, timeout, null_once, loop_bound or LOOP_BOUND)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Row], None]]:
    """A bar on a terminal's stderr; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda row: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        *Progress.get_default_columns()[:3],
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("litmus", total=total, last="")
        yield lambda row: bar.update(task, advance=1, last=row.name)


def status(rows: Sequence[Row], check: bool) -> Status:
    """The exit status: what is certain to be wrong before what is merely not known."""
    from psockmc.litmus.answer import Verdict

    if any(r.internal for r in rows):
        return Status.INTERNAL
    if any(r.verdict is None for r in rows):
        return Status.USAGE
    decided = [r for r in rows if r.verdict is not Verdict.UNDETERMINED]
    if check and not all(r.as_expected for r in decided):
        return Status.UNEXPECTED
    return Status.EXPECTED if len(decided) == len(rows) else Status.UNDETERMINED


def as_object(row: Row) -> dict[str, Any]:
    """An entry of `results` (psockmc/schemas/litmus.schema.json)."""
    entry: dict[str, Any] = {
        "file": row.file,
        "name": row.name,
        "model": row.model or None,
        "verdict": str(row.verdict) if row.verdict is not None else "ERROR",
        "expected": row.expected,
        "states": row.states,
        "positive": row.positive,
        "negative": row.negative,
        "final_states": list(row.final_states),
        "flags": [f.name for f in row.flags],
        "accesses": {f.name: list(f.accesses) for f in row.flags},
        "bounded": row.bounded,
        "vacuous": row.vacuous,
        "seconds": round(row.seconds, 6),
    }
    if row.reason:
        entry["reason"] = row.reason
    if row.error:
        entry["error"] = row.error
    return entry
