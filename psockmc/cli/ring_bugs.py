"""Bugs of ring arithmetic: put back, their claim must be refuted; fixed, it must be proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from psockmc import content
from psockmc.cache import Cache
from psockmc.cli.console import warn
from psockmc.corpus import Bug
from psockmc.explore.verdict import Verdict
from psockmc.lang.tree import Program
from psockmc.prove import rings
from psockmc.prove.rings import ClaimVerdict, Plan
from psockmc.render.ring import ring_text
from psockmc.render.ring_example import Counterexample, explain
from psockmc.run import Options

SMALL = 3
"""The ring on which bugs are looked for, and their fixes proved: a small one, which is quick and easy to follow."""
LIMIT = 90.0
"""Seconds for one bug, and for one operation with all fixes."""


@dataclass(frozen=True)
class Side:
    """The verdict of the bug's claim, with or without the bug."""

    verdict: Verdict
    basis: str
    message: str


@dataclass(frozen=True)
class RingTrial:
    """A bug in a proof. found: the claim with the bug put back; proved: with the fix, on the same ring."""

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


def try_rings(root: Path, chosen: Sequence[Bug], options: Options) -> list[RingTrial]:
    """What came of each bug. Raises UsageError for an operation or a claim that there is not."""
    if not chosen:
        return []
    known = rings.proofs(rings.load(root, SMALL))
    for bug in chosen:
        content.pick(f"operation of the bug {bug.id} named", [bug.operation], known)
    ops = tuple(dict.fromkeys(bug.operation for bug in chosen))
    cache = None if options.cache is None else Cache(options.cache, warn)
    fixed = _fixed(Plan(root, ops, SMALL, (), LIMIT, options.processes, cache))
    for bug in chosen:
        content.pick(f"claim of the bug {bug.id} about {bug.operation}", [bug.property], fixed[bug.operation])
    return [_try(root, bug, fixed[bug.operation][bug.property]) for bug in chosen]


def _fixed(plan: Plan) -> dict[str, dict[str, ClaimVerdict]]:
    """The verdicts with the fix, by operation and claim."""
    found: dict[str, dict[str, ClaimVerdict]] = {}
    for verdicts in rings.prove(plan):
        op = verdicts[0].op
        found[op] = {v.claim: v for v in verdicts}
        click.echo(f"{op}: proved at {plan.frags} fragments, {verdicts[0].seconds:.1f} s", err=True)
    return found


def _try(root: Path, bug: Bug, proved: ClaimVerdict) -> RingTrial:
    """The bug put back, on a small ring: the first run that breaks its claim."""
    plan = Plan(root, (bug.operation,), SMALL, (bug.variant,))
    program = rings.load(root, SMALL, [bug.variant])
    found = rings.first_refutation(program, bug.operation, bug.property, SMALL, LIMIT)
    click.echo(f"{bug.id}: {bug.property} {found.verdict} in {bug.operation}, {found.seconds:.1f} s", err=True)
    example = explain(plan, found) if found.refutation is not None else None
    return RingTrial(bug, program, found, proved, example)
