"""`psockmc bugs`: put every bug of the corpus back and see that it is found, and that its fix holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from psockmc import content
from psockmc.cli import console, report
from psockmc.cli.options import json_option, results_cache, run_options, search_options, traces_option
from psockmc.cli.status import Status, print_json, user_errors
from psockmc.corpus import Bug, LeftOut, load_corpus, load_left_out
from psockmc.explore.verdict import Verdict
from psockmc.ring_trials import RingTrial, try_rings
from psockmc.run import Failure, Job, Options, Outcome, run
from psockmc.trials import Trial, Tried, Verdictlike, reproduced
from psockmc.variants import fix_diff, variant_diff


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@search_options
@traces_option
@json_option
@click.option("--left-out", is_flag=True, help="instead: the real bugs that no model shows, with the reasons")
@user_errors({"bugs": [], "reproduced": 0, "total": 0})
def bugs(ids: tuple[str, ...], traces: Path | None, as_json: bool, left_out: bool, **search: Any) -> Status:
    """Put bugs of the corpus back: VIOLATED with the bug, HOLDS with its fix. For bugs named by ID, show how.

    Exit status: 0 every bug is reproduced, 1 some is not, 2 usage or model error, 3 undetermined, 70 internal error.
    """
    root = content.find_root()
    missing = load_left_out(root)
    if left_out:
        return _print_left_out(missing, ids, as_json)
    corpus = {bug.id: bug for bug in load_corpus(root)}
    chosen = [corpus[id] for id in content.pick("bug", ids, corpus)]
    options = run_options(**search)
    searched, failures = _search(root, [bug for bug in chosen if bug.scenario], options)
    if traces is not None:
        report.write_traces([t.with_bug for t in searched], traces)
    proved = try_rings(
        root, [bug for bug in chosen if bug.operation], options.processes, results_cache(options), console.progress
    )
    found: dict[str, Trial | RingTrial] = {t.bug.id: t for t in searched}
    found |= {t.bug.id: t for t in proved}
    trials = [found[bug.id] for bug in chosen]
    if as_json:
        print_json(as_object(trials))
    else:
        _print(trials, details=bool(ids))
        if missing and not ids:
            bugs_ = console.number(len(missing), "real bug")
            click.echo(f"{bugs_} without a model: psockmc bugs --left-out says why")
    report.print_failures(failures)
    return _status(trials, failures)


def _print_left_out(missing: Sequence[LeftOut], ids: Sequence[str], as_json: bool) -> Status:
    """The bugs that no model shows."""
    if ids or as_json:
        raise content.UsageError("--left-out prints all bugs without a model as text: give it no ID and no --json")
    for bug in missing:
        click.echo(f"{bug.id} (fixed by {bug.fix[:12]}, {bug.kind})")
        click.echo(fill(bug.reason, report.MESSAGE_WIDTH, initial_indent="  ", subsequent_indent="  "))
    click.echo(f"\n{console.number(len(missing), 'real bug')} without a model")
    return Status.EXPECTED


def _search(root: Path, chosen: Sequence[Bug], options: Options) -> tuple[list[Trial], list[Outcome]]:
    """The trials of bugs that a scenario shows, and all outcomes."""
    if not chosen:
        return [], []
    fixed = content.load(root)
    broken = {bug.id: content.load(root, [bug.variant]) for bug in chosen}
    for bug in chosen:
        content.pick(f"scenario of the bug {bug.id} named", [bug.scenario], fixed.scenarios)
    jobs = [Job(name, fixed, name) for name in dict.fromkeys(bug.scenario for bug in chosen)]
    jobs += [Job(f"{bug.id} in {bug.scenario}", broken[bug.id], bug.scenario, bug.id) for bug in chosen]
    with console.events(len(jobs), expectations=False) as events:
        outcomes = {o.name: o for o in run(jobs, options, events)}
    trials = [
        Trial(
            bug,
            variant_diff(broken[bug.id]),
            fix_diff(broken[bug.id]),
            outcomes[f"{bug.id} in {bug.scenario}"],
            outcomes[bug.scenario],
        )
        for bug in chosen
    ]
    return trials, list(outcomes.values())


def _status(trials: Sequence[Tried], outcomes: Sequence[Outcome]) -> Status:
    failures = {o.failure for o in outcomes}
    if Failure.INTERNAL in failures:
        return Status.INTERNAL
    if Failure.MODEL in failures:
        return Status.USAGE
    if all(map(reproduced, trials)):
        return Status.EXPECTED
    wrong = any(t.before.verdict is Verdict.HOLDS or t.after.verdict is Verdict.VIOLATED for t in trials)
    return Status.UNEXPECTED if wrong else Status.UNDETERMINED


def as_object(trials: Sequence[Tried]) -> dict[str, Any]:
    """The object of `bugs --json` (psockmc/schemas/bugs.schema.json)."""
    rows = [
        {
            "id": trial.bug.id,
            "fix": trial.bug.fix,
            "class": trial.bug.kind,
            "scenario": trial.bug.scenario or trial.bug.operation,
            "property": trial.bug.property,
            "before": trial.before.verdict,
            "after": trial.after.verdict,
            "steps": trial.steps,
            "states": trial.states,
            "seconds": trial.seconds,
            "reproduced": reproduced(trial),
        }
        for trial in trials
    ]
    return {"bugs": rows, "reproduced": sum(map(reproduced, trials)), "total": len(trials)}


def _print(trials: Sequence[Tried], *, details: bool) -> None:
    out = console.output()
    out.print(_table(trials))
    if details:
        for trial in trials:
            _print_details(trial, out.width)
    click.echo(f"\n{sum(map(reproduced, trials))} of {console.number(len(trials), 'bug')} reproduced")


def _table(trials: Sequence[Tried]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("bug", "fix", "class", "property", "before", "after"):
        table.add_column(heading, overflow="fold")
    for heading in ("steps", "states", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("reproduced")
    for trial in trials:
        table.add_row(
            trial.bug.id,
            trial.bug.fix[:12],
            trial.bug.kind,
            trial.bug.property,
            Text(trial.before.verdict, style="green" if trial.before.verdict is Verdict.VIOLATED else "bold red"),
            Text(trial.after.verdict, style="green" if trial.after.verdict is Verdict.HOLDS else "bold red"),
            str(trial.steps or "-"),
            f"{trial.states:,}" if trial.states else "-",
            f"{trial.seconds:.1f}{trial.note}" if trial.seconds is not None else "-",
            Text("yes") if reproduced(trial) else Text("no", style="bold red"),
        )
    return table


def _print_details(trial: Tried, width: int) -> None:
    """The bug as a change of the model, and how it strikes."""
    bug = trial.bug
    click.echo(f"\n{bug.id} (fixed by {bug.fix[:12]}){': ' + bug.symptom if bug.symptom else ''}")
    if bug.gist:
        click.echo(fill(bug.gist, report.MESSAGE_WIDTH, initial_indent="  ", subsequent_indent="  "))
    click.echo()
    click.echo(trial.change, nl=False)
    for name, verdict in _both(trial).items():
        click.echo(f"{name}: {bug.property} {verdict.verdict}: {verdict.message or verdict.basis}")
    if picture := trial.picture(width):
        click.echo("\n" + picture)


def _both(trial: Tried) -> Mapping[str, Verdictlike]:
    return {"with the bug": trial.before, "with the fix": trial.after}
