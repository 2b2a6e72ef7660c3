"""`psockmc bugs`: put every bug of the corpus back and see that it is found, and that its fix holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from psockmc import content
from psockmc.cli import console, report
from psockmc.cli.options import json_option, run_options, search_options, traces_option
from psockmc.cli.status import Status, print_json, user_errors
from psockmc.corpus import Bug, load_corpus
from psockmc.explore.verdict import EVERYTHING, PropertyVerdict, Verdict
from psockmc.run import Failure, Job, Outcome, run

if TYPE_CHECKING:
    from psockmc.lang.tree import Program


@dataclass(frozen=True)
class Trial:
    """What came of a bug: the runs with the bug put back and with the fix, and the verdicts of its property."""

    bug: Bug
    program: Program
    with_bug: Outcome
    with_fix: Outcome

    @property
    def before(self) -> PropertyVerdict:
        """The verdict without the fix; must be VIOLATED."""
        return _verdict(self.with_bug, self.bug)

    @property
    def after(self) -> PropertyVerdict:
        """The verdict with the fix; must be HOLDS."""
        return _verdict(self.with_fix, self.bug)

    @property
    def reproduced(self) -> bool:
        """Whether the bug is found and the fix holds."""
        return self.before.verdict is Verdict.VIOLATED and self.after.verdict is Verdict.HOLDS


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@search_options
@traces_option
@json_option
@user_errors({"bugs": [], "reproduced": 0, "total": 0})
def bugs(ids: tuple[str, ...], traces: Path | None, as_json: bool, **search: Any) -> Status:
    """Put bugs of the corpus back: VIOLATED with the bug, HOLDS with its fix. For bugs named by ID, show how.

    Exit status: 0 every bug is reproduced, 1 some is not, 2 usage or model error, 3 undetermined, 70 internal error.
    """
    root = content.find_root()
    corpus = {bug.id: bug for bug in load_corpus(root)}
    chosen = [corpus[id] for id in content.pick("bug", ids, corpus)]
    options = run_options(**search)
    fixed = content.load(root)
    broken = {bug.id: content.load(root, [bug.variant]) for bug in chosen}
    for bug in chosen:
        content.pick(f"scenario of the bug {bug.id} named", [bug.scenario], fixed.scenarios)
    jobs = [Job(name, fixed, name) for name in dict.fromkeys(bug.scenario for bug in chosen)]
    jobs += [Job(f"{bug.id} in {bug.scenario}", broken[bug.id], bug.scenario, bug.id) for bug in chosen]
    with console.events(len(jobs), expectations=False) as events:
        outcomes = {o.name: o for o in run(jobs, options, events)}
    trials = [
        Trial(bug, broken[bug.id], outcomes[f"{bug.id} in {bug.scenario}"], outcomes[bug.scenario]) for bug in chosen
    ]
    if traces is not None:
        report.write_traces([t.with_bug for t in trials], traces)
    if as_json:
        print_json(as_object(trials))
    else:
        _print(trials, details=bool(ids))
    report.print_failures(outcomes.values())
    return _status(trials)


def _verdict(outcome: Outcome, bug: Bug) -> PropertyVerdict:
    """The verdict of the bug's property. Raises UsageError when the scenario does not check it."""
    for verdict in outcome.verdicts:
        if verdict.id in (bug.property, EVERYTHING):
            return verdict
    raise content.UsageError(
        f"the bug {bug.id} violates {bug.property}, which its scenario {bug.scenario} does not check: "
        f"add it to the scenario or correct spec/bugs.toml"
    )


def _status(trials: Sequence[Trial]) -> Status:
    failures = {o.failure for t in trials for o in (t.with_bug, t.with_fix)}
    if Failure.INTERNAL in failures:
        return Status.INTERNAL
    if Failure.MODEL in failures:
        return Status.USAGE
    if all(t.reproduced for t in trials):
        return Status.EXPECTED
    wrong = any(t.before.verdict is Verdict.HOLDS or t.after.verdict is Verdict.VIOLATED for t in trials)
    return Status.UNEXPECTED if wrong else Status.UNDETERMINED


def as_object(trials: Sequence[Trial]) -> dict[str, Any]:
    """The object of `bugs --json` (psockmc/schemas/bugs.schema.json)."""
    rows = []
    for trial in trials:
        result = trial.with_bug.result
        rows.append(
            {
                "id": trial.bug.id,
                "fix": trial.bug.fix,
                "class": trial.bug.kind,
                "scenario": trial.bug.scenario,
                "property": trial.bug.property,
                "before": trial.before.verdict,
                "after": trial.after.verdict,
                "steps": trial.before.depth,
                "states": result.states if result else None,
                "seconds": result.seconds if result else None,
                "reproduced": trial.reproduced,
            }
        )
    return {"bugs": rows, "reproduced": sum(t.reproduced for t in trials), "total": len(trials)}


def _print(trials: Sequence[Trial], *, details: bool) -> None:
    out = console.output()
    out.print(_table(trials))
    if details:
        for trial in trials:
            _print_details(trial, out.width)
    click.echo(f"\n{sum(t.reproduced for t in trials)} of {console.number(len(trials), 'bug')} reproduced")


def _table(trials: Sequence[Trial]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("bug", "fix", "class", "property", "before", "after"):
        table.add_column(heading, overflow="fold")
    for heading in ("steps", "states", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("reproduced")
    for trial in trials:
        result = trial.with_bug.result
        table.add_row(
            trial.bug.id,
            trial.bug.fix[:12],
            trial.bug.kind,
            trial.bug.property,
            Text(trial.before.verdict, style="green" if trial.before.verdict is Verdict.VIOLATED else "bold red"),
            Text(trial.after.verdict, style="green" if trial.after.verdict is Verdict.HOLDS else "bold red"),
            str(trial.before.depth or "-"),
            f"{result.states:,}" if result else "-",
            f"{result.seconds:.1f}{' (cached)' if result.cached else ''}" if result else "-",
            Text("yes") if trial.reproduced else Text("no", style="bold red"),
        )
    return table


def _print_details(trial: Trial, width: int) -> None:
    """The bug as a change of the model, and how it strikes."""
    bug = trial.bug
    click.echo(f"\n{bug.id} (fixed by {bug.fix[:12]}){': ' + bug.symptom if bug.symptom else ''}")
    if bug.gist:
        click.echo(fill(bug.gist, report.MESSAGE_WIDTH, initial_indent="  ", subsequent_indent="  "))
    click.echo()
    click.echo(report.variant_diff(trial.program), nl=False)
    for name, verdict in _both(trial).items():
        click.echo(f"{name}: {bug.property} {verdict.verdict}: {verdict.message or verdict.basis}")
    trace = trial.with_bug.traces.get(bug.property)
    if trace is not None:
        click.echo("\n" + report.diagram(trace, width))


def _both(trial: Trial) -> Mapping[str, PropertyVerdict]:
    return {"with the bug": trial.before, "with the fix": trial.after}
