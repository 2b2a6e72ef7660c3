"""Part `bugs`: real bugs of the kernel put back one by one: a table of them all, and a page for each.

A page has the fix as a diff of the models, how the bug strikes without it, and on what the verdict with it rests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from psockmc.corpus import LeftOut
from psockmc.reports import markdown as md
from psockmc.reports.material import Material
from psockmc.ring_trials import RingTrial
from psockmc.trials import Trial, Tried

FOLDER = "bugs"
WIDTH = 75
INTRODUCTION = (
    "Bugs that the kernel has had in its sockmap code. A variant of the models puts each back, by undoing what its fix "
    "has changed. The property must be violated with the bug, and hold with the fix, within the bounds that the page "
    "states. `psockmc bugs` tries them all, `psockmc bugs ID` shows one."
)
WITHOUT_A_MODEL = (
    "Bugs of the same code that are not put back: the models cannot show the difference, or the code that "
    "had them is gone."
)


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """The table and every bug, by path below the reports. Raises NotSettled unless each is reproduced."""
    yield f"{FOLDER}/README.md", _table(material)
    for trial in material.trials:
        yield f"{FOLDER}/{_file(trial)}", _page(trial)


def _file(trial: Tried) -> str:
    return f"{md.slug(trial.bug.id)}.md"


# ---------------------------------------------------------------- the table


def _table(material: Material) -> str:
    newest_first = sorted(material.trials, key=lambda trial: (-trial.bug.year, trial.bug.id))
    return md.page(
        md.heading(1, "Bugs put back"),
        INTRODUCTION,
        _numbers(newest_first),
        _classes(newest_first, material.left_out),
        md.heading(2, "All of them, the newest first"),
        md.table(
            ("bug", "fixed by", "CVE", "class", "year", "property", "steps", "with the bug", "with the fix"),
            [_row(trial) for trial in newest_first],
            numbers=[4, 6],
        ),
        _without_a_model(material.left_out),
    )


def _numbers(trials: Sequence[Tried]) -> str:
    cves = sum(bool(trial.bug.cve) for trial in trials)
    searched = sum(isinstance(trial, Trial) for trial in trials)
    return (
        f"Bugs: {len(trials)}, of which {cves} have a CVE. Shown by a search of all interleavings: {searched}; by a "
        f"proof about the ring of a message: {len(trials) - searched}."
    )


def _classes(trials: Sequence[Tried], left_out: Sequence[LeftOut]) -> str:
    shown, missing = Counter(trial.bug.kind for trial in trials), Counter(bug.kind for bug in left_out)
    rows = [(md.text(kind), str(shown[kind]), str(missing[kind])) for kind in sorted(shown | missing)]
    return md.table(("class", "put back", "without a model"), rows, numbers=[1, 2])


def _row(trial: Tried) -> tuple[str, ...]:
    bug = trial.bug
    return (
        md.link(md.text(bug.id), _file(trial)),
        md.commit(bug.fix),
        md.text(bug.cve),
        md.text(bug.kind),
        str(bug.year or ""),
        md.text(bug.property),
        str(trial.steps or ""),
        trial.before.verdict,
        trial.after.verdict,
    )


def _without_a_model(left_out: Sequence[LeftOut]) -> str:
    if not left_out:
        return ""
    rows = [(md.text(bug.id), md.commit(bug.fix), md.text(bug.kind), md.prose(bug.reason)) for bug in left_out]
    table = md.table(("bug", "fixed by", "class", "reason"), rows)
    return md.join(md.heading(2, f"Without a model: {len(left_out)}"), WITHOUT_A_MODEL, table)


# ---------------------------------------------------------------- a page


def _page(trial: Tried) -> str:
    return md.page(
        md.heading(1, md.text(trial.bug.id)),
        _story(trial),
        md.heading(2, "The fix, in the models"),
        md.fenced(trial.fix, "diff"),
        md.heading(2, f"Without the fix: {md.text(trial.bug.property)} is {trial.before.verdict}"),
        md.sentence(trial.before.message),
        md.fenced(trial.picture(WIDTH)) if trial.picture(WIDTH) else "",
        md.bullets(md.text(reason) for reason in _reasons(trial)),
        md.heading(2, f"With the fix: {md.text(trial.bug.property)} {trial.after.verdict}"),
        _with_the_fix(trial),
        f"Again: {md.code(f'psockmc bugs {trial.bug.id}')}",
    )


def _reasons(trial: Tried) -> Sequence[str]:
    """Why the run fails, as far as it says."""
    return trial.with_bug.reasons.get(trial.bug.property, ()) if isinstance(trial, Trial) else ()


def _story(trial: Tried) -> str:
    bug = trial.bug
    facts = [md.text(bug.kind), md.text(bug.cve), f"fixed by {md.commit(bug.fix)}"]
    facts.append(f"in {md.text(bug.fixed_in)} ({bug.year})" if bug.fixed_in and bug.year else md.text(bug.fixed_in))
    told = [
        ("What users saw", bug.symptom),
        ("What happens", bug.gist),
    ]
    lines = [f"**{head}**: {md.prose(said.rstrip('.'))}." for head, said in told if said]
    return md.join("  \n".join(lines), ", ".join(filter(None, facts)) + ".")


def _with_the_fix(trial: Tried) -> str:
    if isinstance(trial, Trial):
        return _searched(trial)
    place = f"The claim {md.code(trial.bug.property)} about {md.code(trial.bug.operation)}"
    said = f": {md.text(trial.proved.sentence)}" if isinstance(trial, RingTrial) else ""
    return f"{place}{said}. Basis: {md.text(trial.after.basis)}."


def _searched(trial: Trial) -> str:
    """Scenario, basis, size and bounds of the search without the bug."""
    result, facts = trial.with_fix.result, trial.with_fix.facts
    assert result is not None  # the trial is settled
    assert facts is not None
    said = (
        f"{md.code(trial.bug.property)}: {md.text(trial.after.sentence)}. Scenario "
        f"{md.code(trial.bug.scenario)}; basis: {md.text(trial.after.basis)}, {result.states:,} states, "
        f"{result.transitions:,} transitions, depth {result.depth:,}."
    )
    return md.join(said, md.details("Bounds", md.bullets(md.text(bound) for bound in facts.bounds)))
