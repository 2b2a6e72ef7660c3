"""The part `mutants`: which changes of single steps are noticed, and by what.

Made from reports/mutants.json, which `psockmc mutants --record` writes, and what reports/ordering.json has of the same
mutants: nothing is searched here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from psockmc.content import UsageError
from psockmc.mutants.chosen import chosen, made
from psockmc.mutants.ledger import Ledger, load_ledger
from psockmc.mutants.summary import Summary, who
from psockmc.mutants.survivors import load_property_reasons, load_reasons
from psockmc.mutants.trial import Fate, Tried
from psockmc.reports.markdown import bullets, code, heading, page, table, text
from psockmc.reports.material import Material

LEDGER = Path("reports") / "mutants.json"
ORDERING = Path("reports") / "ordering.json"

MEANINGS = {
    Fate.NOTICED: "a property is violated that must hold",
    Fate.WEAKLY: "a setup fails, a bound is left, an expected violation or something to be covered is gone",
    Fate.SURVIVED: "nothing noticed in the scenarios searched, each to its end",
    Fate.UNDECIDED: "some search ran out of its budget",
    Fate.UNREACHED: "no scenario of those within the budget runs it",
    Fate.REFUSED: "no program",
    Fate.UNTRIED: "not tried yet",
}


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """The one page. Raises UsageError when nothing was tried yet."""
    program = material.program
    if not (material.root / LEDGER).exists():
        raise UsageError(
            f"there is no {LEDGER}, which the part mutants is made from: run psockmc mutants --record {LEDGER} first"
        )
    ledger = load_ledger(material.root / LEDGER, program, material.cache)
    tried = [min(said, key=_telling) for said in recorded(material, ledger)]
    summary = Summary(tried, load_reasons(material.root), {}, "")
    yield "mutants.md", _page(summary, ledger, load_property_reasons(material.root))


def recorded(material: Material, ledger: Ledger) -> Iterator[tuple[Tried, Tried]]:
    """Each mutant of the functions that `ledger` is about: what it says, and what reports/ordering.json says."""
    program = material.program
    ordering = load_ledger(material.root / ORDERING, program, material.cache)
    for mutant in made(program, chosen(program, ledger.notes.get("of", []))):
        yield ledger.tried(mutant), ordering.tried(mutant)


def _telling(tried: Tried) -> int:
    """A violation tells the most, what was not tried nothing."""
    return {Fate.NOTICED: 0, Fate.REFUSED: 1, Fate.UNTRIED: 3}.get(tried.fate, 2)


def _page(summary: Summary, ledger: Ledger, quiet: dict[str, str]) -> str:
    done = [t for t in summary.tried if t.fate is not Fate.UNTRIED]
    names = ", ".join(code(name) for name in ledger.notes.get("of", [])) or "all models"
    left_out = ", ".join(code(name) for name in ledger.notes.get("left_out", [])) or "none"
    return page(
        heading(1, "Mutants"),
        f"Single steps of the models changed, and what noticed. Of {len(summary.tried):,} mutants of {names} "
        f"{len(done):,} were tried.",
        table(
            ["fate", "mutants", "meaning"],
            [[str(fate), f"{n:,}", text(MEANINGS[fate])] for fate, n in sorted(summary.counts.items())],
            [1],
        ),
        "The end of the page says how far the runs searched that made this record. A limit is no verdict: what is "
        f"undecided or untried may well be noticed. Scenarios that did not fit into a limit as they are: {left_out}.",
        heading(2, "What noticed"),
        *_noticed(done, ledger.notes.get("asked", []), quiet),
        heading(2, "Not noticed, and not explained"),
        _rows(summary, summary.unexplained),
        heading(2, "Not noticed, with a reason"),
        _rows(summary, summary.explained),
        heading(2, "All that were tried"),
        _rows(summary, done),
        heading(2, "How far the runs searched"),
        bullets(text(budget) for budget in ledger.notes.get("budget", [])),
    )


def _noticed(done: Sequence[Tried], asked: Sequence[str], quiet: dict[str, str]) -> Iterator[str]:
    """The properties that noticed something, then those that did not. asked: those of the scenarios searched."""
    first = Counter(trial.property for t in done for trial in t.notices[:1])
    every = Counter(id for t in done for id in {id for trial in t.notices for id in (trial.property, *trial.also)})
    by_count = sorted(every, key=lambda id: (-first[id], -every[id], id))
    yield table(
        ["property", "first", "in all"], [[text(id), f"{first[id]:,}", f"{every[id]:,}"] for id in by_count], [1, 2]
    )
    silent = [id for id in asked if not every[id]]
    yield (
        "First: its violation is the shortest in the first scenario that notices the mutant. In all: it is violated "
        f"there, or in another one that notices it. {len(silent):,} more were checked and noticed none in these "
        "scenarios."
    )
    yield bullets(f"{text(id)}: {text(quiet[id])}" for id in silent if id in quiet)
    unsaid = ", ".join(text(id) for id in silent if id not in quiet)
    yield f"Without a reason: {unsaid}." if unsaid else ""


def _rows(summary: Summary, rows: Sequence[Tried]) -> str:
    if not rows:
        return "None."
    return table(["function", "kind", "change", "fate", "by"], [_row(summary, tried) for tried in rows])


def _row(summary: Summary, tried: Tried) -> list[str]:
    mutant = tried.mutant
    explained = tried in summary.explained
    by = summary.reason(tried) if explained else who(tried)
    return [code(mutant.function.name), str(mutant.kind), code(mutant.shown), str(tried.fate), text(by)]
