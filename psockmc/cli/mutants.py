"""`psockmc mutants`: change single steps of the models and see which properties notice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from psockmc import content
from psockmc.cache import cache_folder
from psockmc.cli import console
from psockmc.cli.options import json_option, results_cache, run_options, search_options
from psockmc.cli.report import require_folders
from psockmc.cli.status import Status, print_json, user_errors
from psockmc.explore.limits import Limits
from psockmc.ir.reach import used
from psockmc.lang.tree import Function, Program
from psockmc.mutants.baseline import baselines
from psockmc.mutants.choice import Choice
from psockmc.mutants.chosen import chosen, made
from psockmc.mutants.kinds import Kind, Mutant
from psockmc.mutants.ledger import Ledger, load_ledger
from psockmc.mutants.memory import Kept
from psockmc.mutants.summary import NOT_NOTICED, Summary, who
from psockmc.mutants.survivors import Key, load_reasons
from psockmc.mutants.trial import Fate, InternalError, Interrupted, Memory, Tried, attempt
from psockmc.run import Job, Options, Outcome

STATES = 500_000
SECONDS = 60.0
NAMED = 3
"""So many scenarios are named in a sentence."""
STYLES = {Fate.NOTICED: "green", Fate.WEAKLY: "yellow", Fate.SURVIVED: "bold red", Fate.UNREACHED: "bold red"}


@click.command(name="mutants")
@click.argument("functions", nargs=-1, metavar="[FUNCTION|FILE]...")
@search_options
@click.option("--quick", is_flag=True, help="only the scenarios that are marked as quick")
@click.option("--in", "within", multiple=True, metavar="SCENARIO", help="only this scenario")
@click.option("--kind", "kinds", multiple=True, type=click.Choice([k.value for k in Kind]), help="only this kind")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="try the first N mutants only")
@click.option("--again", is_flag=True, help="try also what the record says was noticed in other scenarios")
@click.option("--searches", type=click.IntRange(min=1), metavar="N", help="search at most N scenarios for each mutant")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="write what was tried, for psockmc report mutants, which reads reports/mutants.json",
)
@json_option
@user_errors({"mutants": [], "properties": [], "ok": False})
def mutants_(
    functions: tuple[str, ...],
    quick: bool,
    within: tuple[str, ...],
    kinds: tuple[str, ...],
    limit: int | None,
    again: bool,
    searches: int | None,
    record: Path | None,
    as_json: bool,
    **search: Any,
) -> Status:
    """Change single steps of the models' kernel functions (those named, or of the files named) and see who notices.

    Every search gives up after 500,000 states or 60 seconds unless --max-states or --timeout say otherwise. What was
    tried before is not tried again, so a run that was interrupted goes on where it was. What the FILE of --record says
    counts, too, whatever the limits were: with a small --max-states first, which is quick, and a larger one then, only
    what nothing has noticed is searched again. With --again all are, which tells what else notices them.

    Exit status: 0 what nothing notices has a reason in spec/mutants.toml, 1 something has none, 2 usage or model
    error, 3 something was not decided, 70 internal error.
    """
    root = content.find_root()
    program = content.load(root)
    reasons = load_reasons(root)
    options = with_budget(run_options(**search))
    require_folders(record)
    memory: Memory = Memory() if options.cache is None else Kept(cache_folder() / "mutants", program, options)
    ledger = None
    if record is not None:
        memory = ledger = load_ledger(record, program, results_cache(options), memory)
    named = chosen(program, functions)
    every = made(program, named)
    _complain_of(reasons, program, named, every)
    scenarios = _scenarios(program, within, quick=quick)
    wanted = [m for m in every if not kinds or m.kind in kinds][:limit]
    progress = Progress(len(wanted))
    tried: list[Tried] = []
    known = {}
    complete = True
    try:
        names = _reaching(program, scenarios, {m.function.name for m in wanted})
        click.echo(f"the unchanged models first: {console.number(len(names), 'scenario')}", err=True)
        known = baselines(program, names, options, progress)
        choice = Choice(known, options.limits.max_states or STATES)
        noticed = None if again else ledger
        tried = [_begun(m, noticed) or Tried(m, _known_first(memory, m, choice.ordered(m))) for m in wanted]
        attempt(program, tried, options, progress, memory=memory, searches=searches, done=progress.tried)
    except Interrupted:
        complete = False
        click.echo("psockmc: interrupted; the same command goes on from here", err=True)
    except InternalError as error:
        click.echo(f"psockmc: internal error: {error}", err=True)
        return Status.INTERNAL
    summary = Summary(tried, reasons, known, _budget_text(options, searches, within, quick=quick))
    for sentence in summary.stale():
        console.warn(f"spec/mutants.toml explains what needs no reason: {sentence}")
    if as_json:
        print_json(as_object(summary))
    else:
        _print(summary)
    if record is not None and ledger is not None:
        _record(record, ledger, summary, functions, every=not within and not quick)
    return _status(summary, complete=complete)


def _record(file: Path, ledger: Ledger, summary: Summary, functions: Sequence[str], *, every: bool) -> None:
    """Add this run to a file, or begin it. every: all scenarios were allowed, so what none of them reaches is known."""
    before = ledger.notes.get("of", []) if functions else []
    known = {function.name for function in chosen(ledger.program, before)} if before else set[str]()
    ledger.notes = {
        "of": sorted({*before, *(name for name in functions if name not in known)}),
        "budget": list(dict.fromkeys([*ledger.notes.get("budget", []), summary.budget])),
        "left_out": summary.left_out if every else ledger.notes.get("left_out", []),
        "asked": sorted({*ledger.notes.get("asked", []), *summary.first}),
    }
    for scenario in {trial.scenario for tried in summary.tried for trial in tried.trials} & summary.known.keys():
        ledger.searched(scenario, summary.known[scenario].states)
    for tried in summary.tried:
        if tried.fate is not Fate.UNTRIED and (tried.trials or every):
            ledger.note(tried, diagrams=False)
    ledger.prune(made(ledger.program, chosen(ledger.program, ledger.notes["of"])))
    ledger.save(file)


def with_budget(options: Options) -> Options:
    """The options with limits for each search, where none are given."""
    limits = options.limits
    return replace(options, limits=Limits(limits.max_states or STATES, limits.max_depth, limits.timeout or SECONDS))


def _budget_text(options: Options, searches: int | None, within: Sequence[str], *, quick: bool) -> str:
    limits = options.limits
    each = f"each search {limits.max_states:,} states and {limits.timeout:g} seconds"
    some = f"{len(within)} scenarios that were named" if len(within) > NAMED else ", ".join(within)
    scenarios = ("the quick ones of " if quick else "") + (some or "all scenarios")
    return f"{each}; {scenarios}" + (f", at most {searches} for each mutant, unlike ones first" if searches else "")


def _scenarios(program: Program, within: Sequence[str], *, quick: bool) -> list[str]:
    """The scenarios that may be used."""
    wanted = content.pick("scenario", within, program.scenarios)
    return [name for name in wanted if program.scenarios[name].quick or not quick]


def _begun(mutant: Mutant, ledger: Ledger | None) -> Tried | None:
    """What an earlier run has noticed, in whatever scenarios, is noticed."""
    said = ledger.tried(mutant) if ledger is not None else None
    return said if said is not None and said.fate is Fate.NOTICED else None


def _known_first(memory: Memory, mutant: Mutant, names: Sequence[str]) -> list[str]:
    """What is known to notice a mutant need not be looked for again; nor need what is known not to."""

    def rank(name: str) -> int:
        trial = memory.trial(mutant, name)
        return 2 if trial is None else int(trial.fate is not Fate.NOTICED)

    return sorted(names, key=rank)


def _reaching(program: Program, scenarios: Sequence[str], functions: set[str]) -> list[str]:
    """Those whose contexts may reach one of the functions."""
    return [name for name in scenarios if functions & set(used(program, program.scenarios[name]).functions)]


class Progress:
    """One line on stderr for each mutant that is done. (Its searches are too short to be watched.)"""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0

    def started(self, job: Job) -> None:
        """Not said."""

    def progress(
        self, job: Job, states: int, transitions: int, depth: int, frontier: int, rate: float, bytes: int
    ) -> None:
        """Not said."""

    def finished(self, job: Job, outcome: Outcome) -> None:
        """An unchanged scenario is worth a line when it cannot be used; a mutant has its own line."""
        if not job.edited and any(not v.as_expected for v in outcome.verdicts):
            click.echo(f"  not used: {job.name}: {console.summary(outcome, True)}", err=True)

    def warning(self, sentence: str) -> None:
        """On stderr."""
        console.warn(sentence)

    def tried(self, tried: Tried) -> None:
        """A mutant is done."""
        self._done += 1
        mutant = tried.mutant
        line = f"[{self._done}/{self._total}] {mutant.place} {mutant.kind}: {mutant.shown}: {tried.fate} {who(tried)}"
        click.echo(line.rstrip(), err=True)


def _complain_of(reasons: Iterable[Key], program: Program, chosen: Sequence[Function], made: Sequence[Mutant]) -> None:
    """Warn of reasons for mutants that do not exist (any more), as far as it can be seen in this run: `psockmc orders`
    makes the moves.
    """
    seen = {f.name for f in chosen}
    known = {m.key for m in made}
    for key in reasons:
        if key[0] not in program.functions or (key[0] in seen and key not in known and key[1] != Kind.MOVE):
            console.warn(f"spec/mutants.toml explains a mutant that does not exist: {': '.join(key)}")


def _print(summary: Summary) -> None:
    out = console.output()
    shown = [t for t in summary.tried if t.fate is not Fate.UNTRIED]
    out.print(_table(summary, shown))
    click.echo("\nfirst to notice, by property:")
    for id, n in summary.first.items():
        click.echo(f"{n:6}  {id}")
    for title, rows in (("without a reason", summary.unexplained), ("with a reason", summary.explained)):
        if rows:
            click.echo(f"\nnot noticed, {title}:")
        for t in rows:
            click.echo(f"  {t.mutant.place} {t.mutant.name}: {t.fate}")
            if reason := summary.reason(t):
                click.echo(f"      {reason}")
    counts = ", ".join(f"{n} {fate}" for fate, n in sorted(summary.counts.items()))
    click.echo(f"\n{console.number(len(summary.tried), 'mutant')}: {counts}")
    click.echo(f"budget: {summary.budget}")


def _table(summary: Summary, rows: Sequence[Tried]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("place", "kind", "change", "fate", "first noticed by"):
        table.add_column(heading, overflow="fold")
    for t in rows:
        fate = Text(t.fate, style=STYLES.get(t.fate, ""))
        by = "see below" if t.fate in NOT_NOTICED and summary.reason(t) else who(t)
        table.add_row(t.mutant.place, t.mutant.kind, Text(t.mutant.shown), fate, Text(by))
    return table


def _status(summary: Summary, *, complete: bool) -> Status:
    fates = {t.fate for t in summary.unexplained}
    if fates & {Fate.SURVIVED, Fate.UNREACHED}:
        return Status.UNEXPECTED
    return Status.UNDETERMINED if fates or not complete else Status.EXPECTED


def as_object(summary: Summary) -> dict[str, Any]:
    """The object of `mutants --json` (psockmc/schemas/mutants.schema.json)."""
    rows = []
    for t in summary.tried:
        first = t.first
        rows.append(
            {
                "file": t.mutant.function.span.file,
                "line": t.mutant.lines[0],
                "function": t.mutant.function.name,
                "kind": t.mutant.kind,
                "change": t.mutant.change,
                "shown": t.mutant.shown,
                "fate": t.fate,
                "property": first.property if first else None,
                "scenario": first.scenario if first else None,
                "steps": first.steps if first else None,
                "searched": len(t.trials),
                "candidates": len(t.candidates),
                "reason": summary.reason(t) or None,
            }
        )
    properties = [{"id": id, "first": n} for id, n in summary.first.items()]
    ok = not summary.unexplained and Fate.UNTRIED not in summary.counts
    return {"mutants": rows, "properties": properties, "ok": ok}
