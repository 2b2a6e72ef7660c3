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

SMALL, LARGER = SIZES = (3, 4)
"""The rings on which bugs are looked for, and their fixes proved: small ones, which are quick and easy to follow."""
NEED_LARGER = frozenset({"push-data-tail-offset"})
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


def try_rings(root: Path, chosen: Sequence[Bug], processes: int) -> list[RingTrial]:
    """What came of each bug. Raises UsageError for an operation or a claim that there is not."""
    if not chosen:
        return []
    program = rings.load(root)
    known = rings.proofs(program)
    for bug in chosen:
        content.pick(f"operation of the bug {bug.id} named", [bug.operation], known)
    cache = Cache(cache_folder(), warn)
    ops = {frags: tuple(dict.fromkeys(b.operation for b in chosen if _size(b) == frags)) for frags in SIZES}
    plans = [Plan(root, ops[frags], frags, (), LIMIT, processes, cache) for frags in SIZES if ops[frags]]
    fixed = {key: verdict for plan in plans for key, verdict in _fixed(plan).items()}
    return [_try(root, bug, fixed) for bug in chosen]


def _size(bug: Bug) -> int:
    return LARGER if bug.id in NEED_LARGER else SMALL


def _fixed(plan: Plan) -> dict[tuple[str, str, int], ClaimVerdict]:
    """The verdicts with the fix, by operation, claim and size."""
    found: dict[tuple[str, str, int], ClaimVerdict] = {}
    for verdicts in rings.prove(plan):
        found |= {(v.op, v.claim, plan.frags): v for v in verdicts}
        click.echo(f"{verdicts[0].op}: proved at {plan.frags} fragments, {verdicts[0].seconds:.1f} s", err=True)
    return found


def _try(root: Path, bug: Bug, fixed: dict[tuple[str, str, int], ClaimVerdict]) -> RingTrial:
    """The bug put back, on a small ring: the first run that breaks its claim."""
    frags = _size(bug)
    plan = Plan(root, (bug.operation,), frags, (bug.variant,))
    program = rings.load(root, frags, [bug.variant])
    found = rings.first_refutation(program, bug.operation, bug.property, frags, LIMIT)
    proved = fixed.get((bug.operation, bug.property, frags))
    if proved is None:
        raise content.UsageError(
            f"the bug {bug.id} breaks {bug.property}, which the proof of {bug.operation} does not claim: "
            f"correct spec/bugs.toml"
        )
    click.echo(f"{bug.id}: {bug.property} {found.verdict} in {bug.operation}, {found.seconds:.1f} s", err=True)
    example = explain(plan, found) if found.refutation is not None else None
    return RingTrial(bug, program, found, proved, example)
