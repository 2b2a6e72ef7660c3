"""What a run prints: tables of verdicts, diagrams of violations, and what the verdicts rest on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from psockmc.cli.console import counts, number, output
from psockmc.content import UsageError
from psockmc.explore.verdict import JUDGED, PropertyVerdict, Verdict
from psockmc.ir.system import Statement
from psockmc.run import Facts, Failure, Outcome

if TYPE_CHECKING:
    from psockmc.lang.tree import Program

T = TypeVar("T")
Why = Mapping[str, Mapping[str, str]]  # by scenario and property: the reason of an expectation

MESSAGE_WIDTH = 75  # of the text of a commit message
WIDE = 110  # from this width on the table has all its columns
STYLES = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNDETERMINED: "yellow", Verdict.ERROR: "red"}


def print_check(outcomes: Sequence[Outcome], why: Why, *, every: bool, verbose: bool) -> None:
    """The result of `psockmc check` on stdout. why: reasons of expectations, by scenario and property."""
    console = output()
    console.print(verdict_table(outcomes, every=every, wide=console.width >= WIDE))
    _print_reasons(console, outcomes, why)
    for outcome in outcomes:
        _print_violations(console, outcome, verbose=verbose)
    _print_basis(console, outcomes, verbose=verbose)
    _say(console, count_line(outcomes))


def verdict_table(outcomes: Iterable[Outcome], *, every: bool, wide: bool) -> Table:
    """Rows for each scenario: one for what holds, one for each reason of being undecided, one for each violation.

    every: one for each property instead. wide: there is room for depth and seconds.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("scenario", no_wrap=wide, overflow="fold")
    for heading in ("property", "verdict"):
        table.add_column(heading, no_wrap=True)
    table.add_column("basis", overflow="fold", min_width=12)
    table.add_column("expected")
    numbered = ("states", "depth", "seconds") if wide else ("states",)
    for heading in numbered:
        table.add_column(heading, justify="right", no_wrap=True, min_width=10 if heading == "states" else None)
    for outcome in outcomes:
        name, numbers = outcome.name, _numbers(outcome)[: len(numbered)]
        for group in _rows(outcome.verdicts, every=every):
            first = group[0]
            properties = first.id if len(group) == 1 else f"{len(group)} properties"
            expected = "yes" if first.as_expected else f"no: {first.expected}"
            table.add_row(name, properties, _word(first), _basis(group), expected, *numbers)
            name, numbers = "", [""] * len(numbered)
    return table


def _rows(verdicts: Sequence[PropertyVerdict], *, every: bool) -> list[list[PropertyVerdict]]:
    """The verdicts of a scenario, grouped to rows."""
    rows: dict[object, list[PropertyVerdict]] = {}
    for verdict in verdicts:
        if every or verdict.verdict is Verdict.VIOLATED:
            key: object = verdict.id
        elif verdict.verdict is Verdict.HOLDS:
            key = (verdict.verdict, verdict.expected)
        else:
            key = (verdict.verdict, verdict.expected, verdict.basis)
        rows.setdefault(key, []).append(verdict)
    return list(rows.values())


def _basis(group: Sequence[PropertyVerdict]) -> Text:
    """The basis of a row; for several that hold, the one that says most against them, without details of its own."""
    if len(group) == 1:
        return Text(": ".join(filter(None, [group[0].basis, group[0].message])))
    common = [v.basis for v in group if v.id not in JUDGED] or [v.basis for v in group]
    return Text(max(common, key=len))


def _word(verdict: PropertyVerdict) -> Text:
    expected_violation = verdict.as_expected and verdict.verdict is not Verdict.HOLDS
    return Text(verdict.verdict, style="" if expected_violation else STYLES[verdict.verdict])


def _numbers(outcome: Outcome) -> list[str]:
    result = outcome.result
    if result is None:
        return ["-", "-", "-"]
    cached = " (cached)" if result.cached else ""
    return [f"{result.states:,}", str(result.depth), f"{result.seconds:.1f}{cached}"]


def _print_reasons(console: Console, outcomes: Iterable[Outcome], why: Why) -> None:
    """Why some verdicts are expected not to hold."""
    for outcome in outcomes:
        for verdict in outcome.verdicts:
            reason = why.get(outcome.scenario, {}).get(verdict.id)
            if reason and verdict.expected is not Verdict.HOLDS:
                _say(console, f"\n{outcome.scenario}, {verdict.id} is expected to be {verdict.expected}: {reason}")


# ---------------------------------------------------------------- violations


def _print_violations(console: Console, outcome: Outcome, *, verbose: bool) -> None:
    """The diagram of each violation that nobody expected (verbose: of every violation)."""
    from psockmc.render import for_message

    for verdict in outcome.verdicts:
        if verdict.verdict is not Verdict.VIOLATED or (verdict.as_expected and not verbose):
            continue
        _say(console, f"\n{outcome.name}: {verdict.id} is VIOLATED: {verdict.message or verdict.sentence}\n")
        if verdict.id in outcome.traces:
            _say(console, for_message(outcome.traces[verdict.id], console.width))


def write_traces(outcomes: Iterable[Outcome], folder: Path) -> None:
    """One JSON file for each violation. Raises UsageError when the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for outcome in outcomes:
            for id, trace in outcome.traces.items():
                name = re.sub(r"[^\w.-]+", "_", f"{outcome.name}.{id}.json")
                (folder / name).write_text(json.dumps(trace.to_json(), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write traces to {folder}: {error.strerror}; name another folder") from error


def require_folders(*files: Path | None) -> None:
    """Raises UsageError, before anything is searched, for a file whose folder does not exist."""
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise UsageError(f"cannot write {file}: the folder {file.parent} does not exist; make it, or name another")


def write_junit(outcomes: Sequence[Outcome], why: Why, file: Path) -> None:
    """The verdicts as JUnit XML. Raises UsageError when the file cannot be written."""
    from psockmc.render.junit import junit

    _write(file, junit(outcomes, why))


def write_sarif(outcomes: Sequence[Outcome], why: Why, program: Program, file: Path) -> None:
    """The violations as SARIF. Raises UsageError when the file cannot be written."""
    from psockmc import __version__
    from psockmc.render.sarif import sarif

    written = {name: (s.span.file, s.span.line) for name, s in program.scenarios.items()}
    _write(file, sarif(outcomes, why, written, __version__))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}; name another file") from error


# ---------------------------------------------------------------- what verdicts rest on


def _print_basis(console: Console, outcomes: Sequence[Outcome], *, verbose: bool) -> None:
    """Bounds, assumptions, omissions and unreached code: in full, or how many and where to see them."""
    facts = {o.name: o.facts for o in outcomes if o.facts is not None}
    kinds = {
        "bound": _scenarios_by_sentence({name: f.bounds for name, f in facts.items()}),
        "assumption": _scenarios_by_sentence({name: f.assumptions for name, f in facts.items()}),
        "omission": _scenarios_by_sentence({name: f.omissions for name, f in facts.items()}),
    }
    _say(console, "")
    if not verbose:
        numbers = ", ".join(number(len(sentences), kind) for kind, sentences in kinds.items())
        _say(console, f"The verdicts rest on {numbers}; psockmc check --verbose prints them.")
    for kind, sentences in kinds.items() if verbose else ():
        _say(console, f"{number(len(sentences), kind)}{':' if sentences else ''}")
        for sentence, names in sentences.items():
            _say(console, f"  {sentence} [{'all' if len(names) == len(facts) else ', '.join(names)}]")
    _print_coverage(console, list(facts.values()), verbose=verbose)


def _scenarios_by_sentence(sentences: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = {}
    for scenario, said in sentences.items():
        for sentence in said:
            turned.setdefault(sentence, []).append(scenario)
    return turned


def _print_coverage(console: Console, facts: Sequence[Facts], *, verbose: bool) -> None:
    """What happened in none of these scenarios: cover sentences and statements of the models."""
    for sentence in sorted(_nowhere([f.reached for f in facts], [f.missed for f in facts])):
        _say(console, f"happened in none of these scenarios: {sentence}")
    never = sorted(_nowhere([f.ran for f in facts], [f.never_ran for f in facts]), key=lambda s: (s.file, s.line))
    if not never:
        return
    ran = len(frozenset[Statement]().union(*(f.ran for f in facts)))
    text = f"{len(never)} of {number(len(never) + ran, 'statement')} ran in none of these scenarios"
    _say(console, f"{text}:" if verbose else f"{text}; psockmc check --verbose lists them.")
    for statement in never if verbose else ():
        _say(console, f"  {statement.file}:{statement.line} {statement.function}: {statement.text}")


def _nowhere(happened: Sequence[frozenset[T]], missed: Sequence[frozenset[T]]) -> frozenset[T]:
    """What was missed wherever it could have happened."""
    return frozenset[T]().union(*missed) - frozenset[T]().union(*happened)


def count_line(outcomes: Sequence[Outcome]) -> str:
    """The last line: how many verdicts, and how many are not what they must be."""
    verdicts = [v for o in outcomes for v in o.verdicts]
    wrong = sum(not v.as_expected for v in verdicts)
    outcome = f"{wrong:,} not as expected" if wrong else "all as expected"
    return f"{number(len(outcomes), 'scenario')}, {number(len(verdicts), 'verdict')} ({counts(verdicts)}): {outcome}"


def print_failures(outcomes: Iterable[Outcome]) -> None:
    """What went wrong without a verdict, on stderr, each thing once."""
    for text in dict.fromkeys(_failures(outcomes)):
        click.echo(text, err=True)


def _failures(outcomes: Iterable[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        match outcome.failure:
            case Failure.MODEL:
                yield outcome.detail
            case Failure.LOST:
                yield f"psockmc: {outcome.name} is undetermined: {outcome.detail}"
            case Failure.INTERNAL:
                yield f"psockmc: {outcome.name}: internal error, which is no verdict\n{outcome.detail}"
    for outcome in outcomes:
        if outcome.result is not None and not outcome.result.complete:
            yield f"psockmc: {outcome.name} was not searched to the end: {outcome.result.reason}"


def _say(console: Console, text: str) -> None:
    """Text as it is: no markup, no wrapping by the console."""
    console.print(text, markup=False, soft_wrap=True)
