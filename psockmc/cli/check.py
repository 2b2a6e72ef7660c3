"""`psockmc check`: search scenarios and say what is true of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from psockmc import content
from psockmc.cli import console, report
from psockmc.cli.options import json_option, run_options, search_options, traces_option, variants_option
from psockmc.cli.status import Status, of_outcomes, print_json, user_errors
from psockmc.run import Job, Outcome, run
from psockmc.variants import variant_diff

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@variants_option
@search_options
@traces_option
@click.option("--junit", type=FILE, metavar="FILE", help="write the verdicts to FILE as JUnit XML")
@click.option("--sarif", type=FILE, metavar="FILE", help="write the violations to FILE as SARIF")
@click.option("--quick", is_flag=True, help="only the scenarios that are marked as quick; together a minute or two")
@click.option("--all", "every", is_flag=True, help="a row for every property, also for those that hold")
@click.option("--verbose", "-v", is_flag=True, help="bounds, assumptions, omissions and unreached code in full")
@json_option
@user_errors({"results": [], "ok": False})
def check(
    scenarios: tuple[str, ...],
    variants: tuple[Path, ...],
    traces: Path | None,
    junit: Path | None,
    sarif: Path | None,
    quick: bool,
    every: bool,
    verbose: bool,
    as_json: bool,
    **search: Any,
) -> Status:
    """Check SCENARIOs (all when none is named): search every state, print a table of verdicts.

    Exit status: 0 every verdict is the expected one, 1 some is not, 2 usage or model error, 3 undetermined,
    70 internal error.
    """
    report.require_folders(junit, sarif)
    root = content.find_root()
    program = content.load(root, variants)
    names = content.pick("scenario", scenarios, program.scenarios)
    if quick:
        names = [name for name in names if program.scenarios[name].quick]
        if not names:
            raise content.UsageError("none of these scenarios is marked with quick=True")
    options = run_options(**search)
    if variants and not as_json:
        click.echo(variant_diff(program), nl=False)
    variant = ", ".join(map(str, variants))
    with console.events(len(names)) as events:
        outcomes = run([Job(name, program, name, variant) for name in names], options, events)
    status = of_outcomes(outcomes)
    if traces is not None:
        report.write_traces(outcomes, traces)
    why = {name: program.scenarios[name].why for name in names}
    if junit is not None:
        report.write_junit(outcomes, why, junit)
    if sarif is not None:
        report.write_sarif(outcomes, why, program, sarif)
    if as_json:
        print_json(as_object(outcomes, status))
    else:
        report.print_check(outcomes, why, every=every, verbose=verbose)
    report.print_failures(outcomes)
    return status


def as_object(outcomes: Sequence[Outcome], status: Status) -> dict[str, Any]:
    """The object of `check --json` (psockmc/schemas/check.schema.json)."""
    results = []
    for outcome in outcomes:
        result = outcome.result
        for verdict in outcome.verdicts:
            results.append(
                {
                    "scenario": outcome.scenario,
                    "property": verdict.id,
                    "verdict": verdict.verdict,
                    "basis": verdict.basis,
                    "expected": verdict.expected,
                    "message": verdict.message,
                    "steps": verdict.depth,
                    "states": result.states if result else None,
                    "transitions": result.transitions if result else None,
                    "depth": result.depth if result else None,
                    "seconds": result.seconds if result else None,
                    "engine": result.engine if result else None,
                    "cached": result.cached if result else False,
                }
            )
    return {"results": results, "ok": status is Status.EXPECTED}
