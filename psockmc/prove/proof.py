"""A proof from its function to the verdict of each claim.

The first choice of a proof (where a ring starts) is carried in lanes, the further ones that it asks for are made
one by one; each combination is a case. In a case, all claims together are one question to the solver: is there a
run that breaks one of them? Where there is, the claim that is broken first in that run is refuted, and the question
is asked again without it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from psockmc.lang import tree
from psockmc.prove import terms
from psockmc.prove.execute import SAFETY, Execution, Item, Settings, arithmetic_functions
from psockmc.prove.machine import NeedsCase, SomeLanes
from psockmc.prove.objects import in_lane
from psockmc.prove.solver import Solver, Unknown
from psockmc.prove.terms import Assignment, Term

Decided = tuple[int | tuple[int, ...], ...]

Share = tuple[int, int]

LIMIT = 20.0
"""Seconds for one question to the solver."""


@dataclass(frozen=True)
class Question:
    """A proof to be run. program: loaded with the number of fragments. rounds: bound of loops."""

    program: tree.Program
    proof: tree.Function
    rounds: int
    arithmetic: frozenset[str]
    timeout: float = LIMIT

    @classmethod
    def of(cls, program: tree.Program, proof: tree.Function, rounds: int, timeout: float = LIMIT) -> Question:
        """The question about a proof of a program."""
        return cls(program, proof, rounds, arithmetic_functions(program), timeout=timeout)

    def execution(self, decided: Decided, given: dict[str, int] | None = None) -> Execution:
        """A symbolic run of one case; with given values, a run on numbers."""
        settings = Settings(self.rounds, decided, self.proof.split, given=given)
        return Execution(self.program, settings, self.arithmetic)


@dataclass(frozen=True)
class Refutation:
    """Numbers that break a claim: the choices of the case and the values of the unknowns.

    sentence, span, calls: what is broken first, where it is stated, and the calls that led there.
    """

    decided: tuple[int, ...]
    values: Assignment
    claim: str
    sentence: str
    span: tree.Span
    calls: tuple[str, ...]


@dataclass
class Case:
    """What came out of one case, by claim. reached: claims to which some run of the case gets."""

    decided: Decided
    refuted: dict[str, Refutation] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    build: float = 0.0
    solve: float = 0.0


def cases(question: Question, decided: Decided = (), share: Share = (0, 1)) -> Iterator[tuple[Decided, Execution]]:
    """All cases of a proof, each executed; of several workers, number share[0] of share[1] gets its part of them.

    Raises Unsupported.
    """
    run = question.execution(decided)
    try:
        run.run(question.proof)
    except NeedsCase as choice:
        run.drop()
        if not decided:
            yield from cases(question, (tuple(range(choice.count)),), share)
            return
        number, workers = share if len(decided) == 1 else (0, 1)
        for value in range(number, choice.count, workers):
            yield from cases(question, (*decided, value), share)
    except SomeLanes as apart:
        run.drop()
        lanes = decided[0]
        assert isinstance(lanes, tuple)
        for side in (True, False) if apart.others else (True,):
            some = tuple(value for value, chosen in zip(lanes, apart.chosen, strict=True) if chosen is side)
            yield from cases(question, (some if len(some) > 1 else some[0], *decided[1:]), share)
    else:
        yield decided, run


def settle(
    question: Question,
    decided: Decided,
    run: Execution,
    skip: frozenset[str] = frozenset(),
    met: frozenset[str] = frozenset(),
) -> Case:
    """Answers all claims of one case but those in `skip`, which are refuted; those in `met` are known to be reached.

    A claim is about the runs that get to it: those that meet the assumptions made before it, whatever is assumed later.
    """
    started = time.monotonic()
    case = Case(decided, reached=set(met))
    solver = Solver(question.timeout)
    solver.add(run.machine.axioms)
    if isinstance(decided[0] if decided else 0, tuple):
        solver.lanes(len(decided[0]))  # type: ignore[arg-type]
    for facts, claims in stages(run.items):
        solver.add(facts)
        for item in claims:
            case.claims.setdefault(item.claim, item.sentence)
        _ask(case, solver, _open(case, solver, claims, skip), decided)
        _reach(case, solver, claims)
    case.solve = time.monotonic() - started
    return case


def stages(items: Sequence[Item]) -> Iterator[tuple[list[Term], list[Item]]]:
    """The claims in groups between which nothing is assumed; each group with what is assumed since the last one."""
    facts: list[Term] = []
    claims: list[Item] = []
    for item in items:
        if item.kind == "assume":
            if claims:
                yield facts, claims
                facts, claims = [], []
            facts.append(terms.implies(item.path, item.cond))
        elif item.kind != "cover":
            claims.append(item)
    if claims:
        yield facts, claims


def breaking(items: Sequence[Item], claim: str) -> Term:
    """That a run breaks a claim and meets all that is assumed before it does."""
    found = terms.FALSE
    for facts, claims in reversed(list(stages(items))):
        wrong = [_wrong(item) for item in claims if item.claim == claim]
        found = terms.conjunction((*facts, terms.disjunction((*wrong, found))))
    return found


def _wrong(item: Item) -> Term:
    return terms.conjunction((item.path, terms.negation(item.cond)))


def _open(case: Case, solver: Solver, claims: Sequence[Item], skip: frozenset[str]) -> list[tuple[Item, Term]]:
    """What there is to ask; of the claims that make C undefined and are refuted, that it is met from here on."""
    broken: list[tuple[Item, Term]] = []
    for item in claims:
        wrong = _wrong(item)
        if item.claim not in skip and item.claim not in case.refuted:
            if wrong is not terms.FALSE:
                broken.append((item, wrong))
        elif item.kind in SAFETY:
            solver.add([terms.negation(wrong)])
    return broken


def _ask(case: Case, solver: Solver, broken: list[tuple[Item, Term]], decided: Decided) -> None:
    while broken:
        answer = solver.ask([terms.disjunction(wrong for _, wrong in broken)])
        if answer is None:
            return
        if isinstance(answer, Unknown):
            _one_by_one(case, solver, broken, decided)
            return
        broken = _refute(case, solver, broken, answer, decided)


def _refute(
    case: Case, solver: Solver, broken: list[tuple[Item, Term]], answer: Assignment, decided: Decided
) -> list[tuple[Item, Term]]:
    """Notes the claim that the run breaks first; what is left to ask.

    What follows a broken safety claim is C no more, so the other claims are asked about the runs that keep it.
    """
    memo: dict[Term, int] = {}
    item = next(item for item, wrong in broken if terms.evaluate(wrong, answer, memo))
    lane = answer.get(terms.LANE, 0)
    values = {in_lane(name, lane): value for name, value in answer.items()}
    case.refuted[item.claim] = Refutation(
        _numbers(decided, answer), values, item.claim, item.sentence, item.span, item.calls
    )
    if item.kind in SAFETY:
        solver.add(terms.negation(wrong) for other, wrong in broken if other.claim == item.claim)
    return [(other, wrong) for other, wrong in broken if other.claim != item.claim]


def _one_by_one(case: Case, solver: Solver, broken: list[tuple[Item, Term]], decided: Decided) -> None:
    """Each claim by itself, when all together are too hard; a run that is found may break another one first."""
    for claim in dict.fromkeys(item.claim for item, _ in broken):
        while mine := [wrong for item, wrong in broken if item.claim == claim]:
            answer = solver.ask([terms.disjunction(mine)])
            if isinstance(answer, Unknown):
                case.unknown[claim] = answer.reason
            if answer is None or isinstance(answer, Unknown):
                break
            broken = _refute(case, solver, broken, answer, decided)


def _numbers(decided: Decided, answer: Assignment) -> tuple[int, ...]:
    """The choices of the case, with the lane's value for the one in lanes."""
    return tuple(d if isinstance(d, int) else d[answer.get(terms.LANE, 0)] for d in decided)


def _reach(case: Case, solver: Solver, claims: Sequence[Item]) -> None:
    """Which claims are met at all: a claim that no run gets to would hold whatever the code does."""
    paths: dict[str, list[Term]] = {}
    for item in claims:
        if item.kind == "check" and item.claim not in case.reached:
            paths.setdefault(item.claim, []).append(item.path)
    open_ = {claim: terms.disjunction(some) for claim, some in paths.items()}
    while open_:
        answer = solver.ask([terms.disjunction(open_.values())])
        if answer is None or isinstance(answer, Unknown):
            return
        memo: dict[Term, int] = {}
        met = {claim for claim, path in open_.items() if terms.evaluate(path, answer, memo)}
        case.reached |= met
        for claim in met:
            del open_[claim]


def replay(question: Question, refutation: Refutation) -> list[Item]:
    """What a run on the numbers of a refutation breaks, in order: the same functions on numbers, with C's wrap-around.

    The run ends where it does not meet an assumption.
    """
    run = question.execution(refutation.decided, dict(refutation.values))
    run.run(question.proof)
    failed = [item for item in run.items if item.path is terms.TRUE and item.cond is terms.FALSE]
    before = takewhile(lambda item: item.kind != "assume", failed)
    return [item for item in before if item.kind != "cover"]


def run(question: Question, share: Share = (0, 1)) -> Iterator[Case]:
    """All cases of a proof, settled as they come; later ones do not ask again about what is refuted."""
    refuted: frozenset[str] = frozenset()
    met: frozenset[str] = frozenset()
    before = time.monotonic()
    for decided, execution in cases(question, share=share):
        built = time.monotonic()
        case = settle(question, decided, execution, refuted, met)
        case.build = built - before
        execution.drop()
        # What the solver gave up is not asked again: the claim is undetermined whatever comes out of other cases.
        refuted |= case.refuted.keys() | (case.unknown.keys() - set(SAFETY))
        met |= case.reached
        yield case
        before = time.monotonic()
