"""Bugs of ring arithmetic: put back, their claim must be refuted; fixed, it must be proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from psockmc import content
from psockmc.cache import Cache, cache_folder
from psockmc.cli.console import warn
from psockmc.corpus import Bug
from psockmc.explore.verdict import Verdict
from psockmc.lang.tree import Program
from psockmc.prove import rings
from psockmc.prove.rings import ClaimVerdict, Plan
from psockmc.render.ring import ring_text
from psockmc.render.ring_example import Counterexample, explain

SMALL = 3
"""The ring on which a bug is looked for first: most bugs show on a small one, which is quick and easy to follow."""


@dataclass(frozen=True)
class Side:
    """The verdict of the bug's claim, with or without the bug."""

    verdict: Verdict
    basis: str
    message: str


@dataclass(frozen=True)
class RingTrial:
    """A bug in a proof. found: the claim with the bug put back; proved: with the fix, at the default size."""

    bug: Bug
    program: Program
    found: ClaimVerdict
    proved: ClaimVerdict
    counterexample: Counterexample | None

    @property
    def before(self) -> Side:
        """The verdict without the fix; must be VIOLATED."""
        return _side(self.found)

    @property
    def after(self) -> Side:
        """The verdict with the fix; must be HOLDS."""
        return _side(self.proved)

    steps = None
    states = None
    note = ""

    @property
    def seconds(self) -> float:
        """How long the search for the counterexample took."""
        return self.found.seconds

    def picture(self, width: int) -> str:
        """The ring before and after."""
        if self.counterexample is None or self.counterexample.change is None:
            return ""
        return ring_text(self.counterexample.change, min(width, 100))


def _side(verdict: ClaimVerdict) -> Side:
    message = verdict.sentence if verdict.verdict is Verdict.VIOLATED else ""
    return Side(verdict.verdict, f"{verdict.basis} ({verdict.op})", message)


def try_rings(root: Path, chosen: Sequence[Bug], processes: int) -> list[RingTrial]:
    """What came of each bug. Raises UsageError for an operation or a claim that there is not."""
    if not chosen:
        return []
    program = rings.load(root)
    known = rings.proofs(program)
    for bug in chosen:
        content.pick(f"operation of the bug {bug.id} named", [bug.operation], known)
    ops = tuple(dict.fromkeys(bug.operation for bug in chosen))
    cache = Cache(cache_folder(), warn)
    fixed = _fixed(Plan(root, ops, processes=processes, cache=cache))
    return [_try(root, bug, fixed, processes, cache) for bug in chosen]


def _fixed(plan: Plan) -> dict[tuple[str, str], ClaimVerdict]:
    found: dict[tuple[str, str], ClaimVerdict] = {}
    for verdicts in rings.prove(plan):
        found |= {(v.op, v.claim): v for v in verdicts}
        click.echo(f"{verdicts[0].op}: proved at {plan.frags} fragments, {verdicts[0].seconds:.1f} s", err=True)
    return found


def _try(root: Path, bug: Bug, fixed: dict[tuple[str, str], ClaimVerdict], processes: int, cache: Cache) -> RingTrial:
    """The smallest ring on which the bug shows, or the default one."""
    found: ClaimVerdict | None = None
    for frags in (SMALL, rings.FRAGS):
        plan = Plan(root, (bug.operation,), frags, (bug.variant,), processes=processes, cache=cache)
        for verdicts in rings.prove(plan):
            found = next((v for v in verdicts if v.claim == bug.property), None)
        if found is None:
            raise content.UsageError(
                f"the bug {bug.id} breaks {bug.property}, which the proof of {bug.operation} does not claim: "
                f"correct spec/bugs.toml"
            )
        if found.verdict is Verdict.VIOLATED:
            break
    assert found is not None
    click.echo(f"{bug.id}: {bug.property} {found.verdict} in {bug.operation}, {found.seconds:.1f} s", err=True)
    program = rings.load(root, found.frags, [bug.variant])
    example = explain(plan, found) if found.refutation is not None else None
    return RingTrial(bug, program, found, fixed[bug.operation, bug.property], example)
