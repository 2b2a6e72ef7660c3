"""Part `overview`: the first page of the reports: what is verified, how far, what was found, where to look next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec

from psockmc.explore.verdict import Verdict
from psockmc.ir.lower import BUILTIN
from psockmc.render.ring_report import counted
from psockmc.reports import markdown as md
from psockmc.reports.causes import Cause
from psockmc.reports.findings import FOLDER, Finding, findings
from psockmc.reports.invariants import BY_PSOCKMC, ROLES
from psockmc.reports.material import Material
from psockmc.reports.parts import PARTS
from psockmc.reports.unrun import FILE as UNRUN
from psockmc.reports.unrun import coverage
from psockmc.ring_trials import RingTrial

INTRODUCTION = (
    "`sk_psock` is the object that the Linux kernel hangs on a socket in a BPF sockmap. Here its code is modelled "
    "function by function, every load and store of shared memory a step of its own, and all interleavings of small "
    "scenarios are searched. HOLDS says that nothing goes wrong in them, within the bounds that stand with it. "
    "VIOLATED comes with the shortest way there, which was replayed."
)
LIMITS = (
    "A scenario says nothing of more threads, sockets or packets than it has. [Each one's bounds](scenarios.md).",
    "The searches take memory to be sequentially consistent. What weaker memory does is decided for single claims.",
    "There is no time: a delay is any delay. [What else is not modelled](../docs/internals.md#what-is-not-modelled).",
    "A model can be wrong where it was read wrongly. Bugs that are put back and mutants of the models say whether the "
    "properties would notice.",
)
NEXT = {
    "findings": ("findings/README.md", "what the current code violates, and how far that is believed"),
    "invariants": ("invariants.md", "what must hold, why, who upholds it, and what broke it"),
    "bugs": ("bugs/README.md", "the bugs that were put back: the fix, the diagram, the verdict"),
    "ordering": ("ordering.md", "for each line of the functions whose order matters: why it stands where it stands"),
    "locks": ("lock-order.md", "which locks are taken inside which, with a run to each"),
    "lifecycle": ("lifecycle.md", "the life of a psock, as a picture"),
    "mutants": ("mutants.md", "single steps changed, and which property noticed"),
    "states": ("states.md", "the size of each scenario"),
    "unrun": ("unrun.md", "the statements that no scenario runs, and why"),
}
BY_HAND = {
    "ring.md": "the ring of a message: each claim about each operation, proved or refuted",
    "findings/memory-order/README.md": "what goes wrong on weaker memory",
}
AGAIN = (
    "`psockmc check SCENARIO` searches a scenario, `psockmc bugs ID` puts a bug back, and `psockmc check --with FILE` "
    "tries a patch. `psockmc report` writes these pages."
)


def pages(material: Material) -> Iterator[tuple[str, str]]:
    """The page. Raises NotSettled and UsageError."""
    yield (
        "README.md",
        md.page(
            md.heading(1, "What is known of sk_psock"),
            INTRODUCTION,
            md.heading(2, "What is verified"),
            md.table(("what", "how much"), [*_searched(material), *_put_back(material), *_by_other_means(material)]),
            md.heading(2, "How far"),
            md.bullets([_bounds(material), *LIMITS]),
            md.heading(2, "What was found"),
            *_found(findings(material)),
            md.heading(2, "Where to look next"),
            md.bullets(_next(material)),
            AGAIN,
        ),
    )


# ---------------------------------------------------------------- what is verified


def _searched(material: Material) -> Iterator[tuple[str, str]]:
    outcomes = material.outcomes.values()
    sizes = {o.name: o.result.states for o in outcomes if o.result is not None}
    largest = max(sizes, key=lambda name: (sizes[name], name))
    yield "scenarios", f"{len(sizes):,}, with {sum(sizes.values()):,} states; the largest has {sizes[largest]:,}"
    own = sum(f.role in ROLES for f in material.program.functions.values())
    yield "properties", f"{own} of psock, and {len(BY_PSOCKMC)} that are looked for everywhere, such as use after free"
    counts = Counter(verdict.verdict for outcome in outcomes for verdict in outcome.verdicts)
    yield "verdicts", ", ".join(f"{counts[word]:,} {word}" for word in Verdict if counts[word])
    yield "code", _code(material)


def _code(material: Material) -> str:
    """How much of the modelled kernel ran."""
    found = coverage(material)
    known = found.ran | found.unrun
    functions = {(statement.kernel_file, statement.function) for statement in known}
    files = {statement.kernel_file for statement in known}
    return (
        f"{len(functions)} functions of {len(files)} files of the kernel; {len(found.ran):,} of their {len(known):,} "
        f"statements that anything leads to ran in some scenario ({md.link('those that did not', UNRUN)})"
    )


def _put_back(material: Material) -> Iterator[tuple[str, str]]:
    trials = material.trials
    if not trials:
        return
    cves = sum(bool(trial.bug.cve) for trial in trials)
    proved = sum(isinstance(trial, RingTrial) for trial in trials)
    said = f"{len(trials)} found again, and gone with their fix; {cves} have a CVE, {proved} are about the ring"
    if material.left_out:
        said += f". {len(material.left_out)} more have no model"
    yield "real bugs put back", said


def _by_other_means(material: Material) -> Iterator[tuple[str, str]]:
    ring = material.root / "reports" / "ring.md"
    if ring.exists():
        yield "the ring of a message", md.text(counted(ring.read_text(encoding="utf-8")).rstrip("."))
    claims = material.memory_claims
    if claims:
        forms = Counter(claim.form for claim in claims)
        yield (
            "memory order",
            f"{len(claims)} litmus tests: {forms['right']} claims hold, {forms['finding']} do not; "
            f"{forms['broken']} deliberately broken forms are all noticed",
        )


# ---------------------------------------------------------------- how far


def _bounds(material: Material) -> str:
    """The most of everything that some scenario has."""
    scenarios = material.program.scenarios.values()
    most: dict[str, int] = {}
    for scenario in scenarios:
        for struct, count in scenario.pools.items():
            most[struct] = max(most.get(struct, 0), count)
    objects = ", ".join(f"{count} {md.code(struct)}" for struct, count in sorted(most.items()))
    threads = max(len(scenario.run) for scenario in scenarios)
    return f"No scenario starts more than {threads} threads and interrupts at once" + (
        f", or has more than {objects}; work items and RCU callbacks run beside them." if objects else "."
    )


# ---------------------------------------------------------------- what was found


def _found(by_cause: Mapping[Cause, Sequence[Finding]]) -> Iterator[str]:
    if not by_cause:
        yield "Nothing that is not a known bug."
        return
    at_once = {cause: mine for cause, mine in by_cause.items() if mine[0].id in BUILTIN and not mine[0].is_race}
    others = [cause for cause, mine in by_cause.items() if cause not in at_once and not mine[0].is_race]
    if at_once:
        yield "As far as the models are the current code, it can crash, hang, warn or leak:"
        yield md.bullets(
            f"{md.link(mine[0].title, f'{FOLDER}/{mine[0].file}')} ({md.text(mine[0].id)}; {cause.confidence})"
            for cause, mine in at_once.items()
        )
    races = sum(finding.is_race for mine in by_cause.values() for finding in mine)
    yield (
        f"Promises broken otherwise, such as lost, reordered or miscounted data: {len(others)}. Data races: {races}. "
        f"{md.link('All findings', f'{FOLDER}/README.md')}."
    )


# ---------------------------------------------------------------- where to look next


def _next(material: Material) -> Iterator[str]:
    """The pages that there are."""
    for part, (path, what) in NEXT.items():
        module = PARTS[part].made_by.partition(":")[0]
        if find_spec(module) is not None:
            yield f"{md.link(path, path)}: {what}"
    for path, what in BY_HAND.items():
        if (material.root / "reports" / path).exists():
            yield f"{md.link(path, path)}: {what}"
