"""Bugs of ring arithmetic: put back, their claim must be refuted; fixed, it must be proved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from psockmc import content
from psockmc.cache import Cache
from psockmc.corpus import Bug
from psockmc.explore.verdict import Verdict
from psockmc.prove import rings
from psockmc.prove.rings import ClaimVerdict, Plan
from psockmc.render.ring import ring_text
from psockmc.render.ring_example import Counterexample, explain
from psockmc.variants import fix_diff, variant_diff

Say = Callable[[str], None]
"""Takes one line of progress."""

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
    """A bug in a proof. found: the claim with the bug put back; proved: with the fix, on the same ring.

    change, fix: diffs of the models.
    """

    bug: Bug
    change: str
    fix: str
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


def try_rings(root: Path, chosen: Sequence[Bug], processes: int, cache: Cache | None, say: Say) -> list[RingTrial]:
    """What came of each bug. processes: workers of a proof. Raises UsageError for one not known."""
    if not chosen:
        return []
    known = rings.proofs(rings.load(root, SMALL))
    for bug in chosen:
        content.pick(f"operation of the bug {bug.id} named", [bug.operation], known)
    ops = tuple(dict.fromkeys(bug.operation for bug in chosen))
    fixed = _fixed(Plan(root, ops, SMALL, (), LIMIT, processes, cache), say)
    for bug in chosen:
        content.pick(f"claim of the bug {bug.id} about {bug.operation}", [bug.property], fixed[bug.operation])
    return [_try(root, bug, fixed[bug.operation][bug.property], cache, say) for bug in chosen]


def _fixed(plan: Plan, say: Say) -> dict[str, dict[str, ClaimVerdict]]:
    """The verdicts with the fix, by operation and claim."""
    found: dict[str, dict[str, ClaimVerdict]] = {}
    for verdicts in rings.prove(plan):
        op = verdicts[0].op
        found[op] = {v.claim: v for v in verdicts}
        say(f"{op}: proved at {plan.frags} fragments, {verdicts[0].seconds:.1f} s")
    return found


def _try(root: Path, bug: Bug, proved: ClaimVerdict, cache: Cache | None, say: Say) -> RingTrial:
    """The bug put back, on a small ring: the first run that breaks its claim."""
    plan = Plan(root, (bug.operation,), SMALL, (bug.variant,))
    program = rings.load(root, SMALL, [bug.variant])
    found = rings.first_refutation(program, bug.operation, bug.property, SMALL, LIMIT, cache)
    say(f"{bug.id}: {bug.property} {found.verdict} in {bug.operation}, {found.seconds:.1f} s")
    example = explain(plan, found) if found.refutation is not None else None
    return RingTrial(bug, variant_diff(program), fix_diff(program), found, proved, example)
