"""The only place that decides what is true of a scenario.

A verdict is HOLDS, VIOLATED, UNDETERMINED or ERROR, and says on what it rests. HOLDS is given by a search that was
complete and that no bound cut; everything less is UNDETERMINED, except that a violation is one however little was
searched, because its trace is the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from psockmc.explore.limits import REASON_DEPTH
from psockmc.explore.lockorder import LOCK_ORDER, LockOrder, lock_order
from psockmc.explore.result import LockEdge, SearchResult, Violation
from psockmc.ir.system import Choose, Cover, TransitionSystem

COVER = "cover"
# What `judge` decides by itself, beside the properties of a transition system.
JUDGED = {
    LOCK_ORDER: "lock classes are taken in one order, and interrupt-safely",
    COVER: "what the scenario is about happens",
}
EVERYTHING = "*"  # the row of a scenario whose properties are not known because it did not get that far


class Verdict(StrEnum):
    """What was decided about a property."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    UNDETERMINED = "UNDETERMINED"
    ERROR = "ERROR"


class BadExpectation(Exception):
    """A scenario expects something that makes no sense; the text is one sentence that says what to write instead."""


@dataclass(frozen=True)
class PropertyVerdict:
    """What was decided about one property (`id`) of one scenario, and what it rests on.

    basis: one sentence that begins with its kind (exhaustive, bounded(k), vacuous, ...). message: what went wrong, for
    a violation that has words of its own. violation: the shortest way there, when there is a path to show. edges: of
    a violated lock order, the acquisitions that make it. expected: the verdict that the scenario must get.
    """

    id: str
    sentence: str
    verdict: Verdict
    basis: str
    message: str = ""
    violation: Violation | None = None
    edges: tuple[LockEdge, ...] = ()
    expected: Verdict = Verdict.HOLDS

    @property
    def as_expected(self) -> bool:
        """Whether this is the verdict that the scenario must get."""
        return self.verdict is self.expected

    @property
    def depth(self) -> int | None:
        """Steps of the shortest violation; None without one."""
        return None if self.violation is None else self.violation.depth


def judge(ts: TransitionSystem, result: SearchResult, expect: Mapping[str, str]) -> tuple[PropertyVerdict, ...]:
    """One verdict for each property of `ts`, for the order of its locks, and for whether it had anything to say.

    expect: verdict names by property id, HOLDS where it is silent. Raises BadExpectation for one that names something
    else, and ValueError for a result that does not fit the system.
    """
    first = _first_violations(ts, result)
    verdicts = [
        _of_property(ts, result, index, first.get(index))
        for index, p in enumerate(ts.properties)
        if p.id not in (LOCK_ORDER, COVER)
    ]
    verdicts += [_of_lock_order(ts, result), _of_covers(ts, result)]
    return _expecting(ts.name, verdicts, expect)


def undecided(
    scenario: str, properties: Sequence[str], verdict: Verdict, reason: str, expect: Mapping[str, str]
) -> tuple[PropertyVerdict, ...]:
    """The verdicts of a scenario that has no search result: a failure (ERROR) or a loss (UNDETERMINED), and why.

    properties: the ids if they are known, else one row stands for them all. Raises ValueError for other verdicts.
    """
    if verdict not in (Verdict.ERROR, Verdict.UNDETERMINED):
        raise ValueError(f"{verdict} needs a search result")
    if not properties:
        return (PropertyVerdict(EVERYTHING, "", verdict, reason),)
    return _expecting(scenario, [PropertyVerdict(p, "", verdict, reason) for p in properties], expect)


def property_ids(ts: TransitionSystem) -> tuple[str, ...]:
    """The ids of the verdicts that `judge` gives, in its order."""
    own = (p.id for p in ts.properties if p.id not in (LOCK_ORDER, COVER))
    return (*own, LOCK_ORDER, COVER)


def _expecting(
    scenario: str, verdicts: Sequence[PropertyVerdict], expect: Mapping[str, str]
) -> tuple[PropertyVerdict, ...]:
    ids = {v.id for v in verdicts}
    for prop, verdict in expect.items():
        if prop not in ids:
            raise BadExpectation(
                f"{scenario} expects a verdict of {prop}, which it does not check: add it to properties="
            )
        if verdict not in Verdict.__members__:
            raise BadExpectation(f"{scenario} expects {prop} to be {verdict}: write one of {', '.join(Verdict)}")
    return tuple(replace(v, expected=Verdict(expect.get(v.id, Verdict.HOLDS))) for v in verdicts)


# ---------------------------------------------------------------- properties


def _of_property(
    ts: TransitionSystem, result: SearchResult, index: int, violation: Violation | None
) -> PropertyVerdict:
    prop = ts.properties[index]
    if violation is not None:
        steps = _length(violation)
        return PropertyVerdict(prop.id, prop.sentence, Verdict.VIOLATED, steps, violation.message, violation)
    if result.fatal.get(index, 0):
        raise ValueError(f"{ts.name}: {prop.id} ended steps, but there is no violation of it")
    verdict, basis = _without_violation(ts, result, index)
    if verdict is Verdict.HOLDS and prop.kind == "end" and not result.terminal:
        verdict, basis = Verdict.UNDETERMINED, "vacuous: no run comes to an end"
    if verdict is Verdict.HOLDS and any(goal.property == index for goal in ts.goals):
        basis += ", under fair scheduling"
    return PropertyVerdict(prop.id, prop.sentence, verdict, basis)


def _length(violation: Violation) -> str:
    """How long the trace is, and of which form."""
    if not violation.loop:
        return f"a trace of {_count(violation.depth, 'step')}"
    stem = len(violation.path) - 1
    return f"a lasso: {_count(stem, 'step')}, then {_count(len(violation.loop), 'step')} again and again"


def _without_violation(ts: TransitionSystem, result: SearchResult, index: int | None) -> tuple[Verdict, str]:
    """The verdict and basis of something that the search did not see violated. index: the property's own, if any."""
    if not result.complete:
        return Verdict.UNDETERMINED, _incomplete(result)
    if result.cuts:
        cuts = "; ".join(f"{what} ({_count(n, 'step')})" for what, n in sorted(result.cuts.items()))
        return Verdict.UNDETERMINED, f"cut: a bound was left: {cuts}"
    lost = [
        f"{_count(n, 'step')} past {ts.properties[i].id}" for i, n in sorted(result.fatal.items()) if n and i != index
    ]
    if lost:
        return Verdict.HOLDS, f"exhaustive, but not explored: {', '.join(lost)}"
    return Verdict.HOLDS, "exhaustive"


def _incomplete(result: SearchResult) -> str:
    done = f"{_count(result.states, 'state')}, depth {result.depth}"
    if result.reason.startswith(REASON_DEPTH):
        return f"bounded({result.depth}): {result.reason}; no violation so far ({done})"
    return f"partial: {result.reason or 'the search ended early'}; no violation so far ({done})"


def _first_violations(ts: TransitionSystem, result: SearchResult) -> dict[int, Violation]:
    """The shortest violation of each property, by its index."""
    first: dict[int, Violation] = {}
    for violation in result.violations:
        if not 0 <= violation.property < len(ts.properties):
            raise ValueError(f"{ts.name}: a violation of property {violation.property}, which does not exist")
        known = first.get(violation.property)
        if known is None or violation.depth < known.depth:
            first[violation.property] = violation
    return first


# ---------------------------------------------------------------- lock order


def _of_lock_order(ts: TransitionSystem, result: SearchResult) -> PropertyVerdict:
    sentence = JUDGED[LOCK_ORDER]
    order = lock_order(ts, result)
    if order.findings:
        basis = f"reachable acquisitions{_also_deadlocks(ts, result, order)}"
        witness = _witness(ts, order)
        message = ". ".join(f.sentence(ts) for f in order.findings)
        edges = order.findings[0].edges
        return PropertyVerdict(LOCK_ORDER, sentence, Verdict.VIOLATED, basis, message, witness, edges)
    verdict, basis = _without_violation(ts, result, None)
    if verdict is Verdict.HOLDS:
        basis += f" ({_count(order.orders, 'order')} of {_count(order.classes, 'lock class', 'lock classes')})"
    return PropertyVerdict(LOCK_ORDER, sentence, verdict, basis)


def _also_deadlocks(ts: TransitionSystem, result: SearchResult, order: LockOrder) -> str:
    """Whether this scenario itself runs into a deadlock, which a bad lock order need not do."""
    if not order.cycles:
        return ""
    deadlocks = any(ts.properties[v.property].id == "deadlock" for v in result.violations)
    if deadlocks:
        return "; a deadlock is reachable"
    explored = result.complete and not result.cuts
    return "; no deadlock is reachable in this scenario" if explored else "; no deadlock was met so far"


def _witness(ts: TransitionSystem, order: LockOrder) -> Violation | None:
    """The way to the last acquisition of the first finding; None when the system has no property to hang it on."""
    index = next((i for i, p in enumerate(ts.properties) if p.id == LOCK_ORDER), None)
    if index is None:
        return None
    finding = order.findings[0]
    last = finding.witness
    context = ts.contexts[last.context]
    stop = context.stops[last.path[-1][context.pc]]
    # An edge does not tell the choice of its step; only a step that begins with one has several.
    known = not isinstance(context.nodes[stop.node].op, Choose)
    return Violation(
        property=index,
        path=last.path,
        context=last.context if known else -1,
        choice=0 if known else -1,
        message=finding.sentence(ts),
        depth=len(last.path),
    )


# ---------------------------------------------------------------- vacuity


def _of_covers(ts: TransitionSystem, result: SearchResult) -> PropertyVerdict:
    """A scenario in which what it is about never happens proves nothing, however green."""
    sentence = JUDGED[COVER]
    own = own_covers(ts)
    missing = [ts.covers[i] for i in sorted(own - result.covers)]
    missing += [f"{name} runs" for name in _never_ran(ts, result)]
    if not missing:
        reached = f"reached: every context, {_count(len(own), 'cover sentence')}"
        return PropertyVerdict(COVER, sentence, Verdict.HOLDS, reached)
    never = "; ".join(missing)
    if result.complete and not result.cuts:
        return PropertyVerdict(COVER, sentence, Verdict.UNDETERMINED, f"vacuous: never happened: {never}")
    return PropertyVerdict(COVER, sentence, Verdict.UNDETERMINED, f"partial: did not happen so far: {never}")


def own_covers(ts: TransitionSystem) -> frozenset[int]:
    """The cover sentences that the scenario must reach: those in its environment, in `@user` functions.

    A cover in a function of the kernel is about the model. No single scenario need reach it, so it belongs to the
    coverage of them all.
    """
    return ts.promised | {
        node.op.id
        for context in ts.contexts
        for node in context.nodes
        if isinstance(node.op, Cover) and not ts.statements[node.statement].kernel_file
    }


def _never_ran(ts: TransitionSystem, result: SearchResult) -> Iterator[str]:
    """Contexts that the scenario starts and none of whose statements ran. (Work items may have nothing to do.)"""
    for context in ts.contexts:
        started = context.kind in ("process", "softirq", "hardirq")
        if started and result.statements.isdisjoint(node.statement for node in context.nodes):
            yield context.name


# ---------------------------------------------------------------- details


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
