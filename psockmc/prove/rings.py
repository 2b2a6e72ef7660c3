"""The proofs of checks/ring: loading them, running them side by side, one verdict for each claim of each operation."""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from psockmc.cache import Cache, proof_key
from psockmc.content import PROOFS, UsageError, pick, require_variants
from psockmc.explore.verdict import Verdict
from psockmc.lang import load_program, tree
from psockmc.lang.walk import all_expressions, statements
from psockmc.prove import proof
from psockmc.prove.bitvectors import ScalarVerdict, has_loops, verdicts_of
from psockmc.prove.execute import SAFETY, claim_of
from psockmc.prove.fragments import LEAST
from psockmc.prove.machine import Unsupported
from psockmc.prove.proof import Question, Refutation, Share

FRAGS = 17
LIMIT = 300.0
"""Seconds of one worker for one operation."""
LEAST_FRAGS, MOST_FRAGS = 2, 45
SPARE_ROUNDS = 3
"""A loop may go round once for each slot of the ring, and this often more."""

SAFETY_SENTENCES = {
    "index": "no access lies outside of an array",
    "wrap": "no arithmetic or conversion loses its value",
    "termination": "every loop ends",
    "pointer": "nothing is reached through NULL",
}


@dataclass(frozen=True)
class Expectation:
    """A claim that the code is known to break. finding: the page that shows it."""

    op: str
    claim: str
    why: str
    finding: str = ""


@dataclass(frozen=True)
class ClaimVerdict:
    """What is true of one claim of one operation. seconds: of all claims of the operation, which are asked together."""

    op: str
    claim: str
    sentence: str
    verdict: Verdict
    basis: str
    frags: int
    seconds: float
    refutation: Refutation | None = None
    cached: bool = False
    expected: Verdict = Verdict.HOLDS
    why: str = ""

    @property
    def as_expected(self) -> bool:
        """Whether it is the verdict that the specification states."""
        return self.verdict is self.expected


@dataclass
class _Outcome:
    """What the shares of one operation have brought so far.

    widths: what the bit-vectors say of the claims of an operation without loops.
    """

    claims: dict[str, str] = field(default_factory=dict)
    refuted: dict[str, Refutation] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    widths: dict[str, ScalarVerdict] = field(default_factory=dict)
    seconds: float = 0.0
    cases: int = 0
    error: str = ""
    cached: bool = False

    def add(self, other: _Outcome) -> None:
        """Takes in another share."""
        self.claims |= other.claims
        self.refuted = other.refuted | self.refuted
        self.unknown |= other.unknown
        self.reached |= other.reached
        self.widths |= other.widths
        self.seconds += other.seconds
        self.cases += other.cases
        self.error = self.error or other.error


def load(root: Path, frags: int = FRAGS, variants: Sequence[Path] = ()) -> tree.Program:
    """The program of the proofs, for rings of `frags` elements.

    Raises UsageError for a number of fragments that no kernel has, ModelErrors for a model that is wrong.
    """
    if not LEAST_FRAGS <= frags <= MOST_FRAGS:
        raise UsageError(f"--frags {frags}: a ring has {LEAST_FRAGS} to {MOST_FRAGS} fragments (a kernel 17 to 45)")
    require_variants(variants)
    folder = root / "checks" / PROOFS
    files = sorted(file for file in folder.glob("*.py") if not file.name.startswith("small"))
    if not files:
        raise UsageError(f"there are no proofs in {folder}: run psockmc in a checkout")
    return load_program(root, files, [v.resolve() for v in variants], constants={"MAX_MSG_FRAGS": frags})


def proofs(program: tree.Program) -> dict[str, tree.Function]:
    """The proofs by the operation that they are about, in the order of the files."""
    found = [f for f in program.functions.values() if f.role == "proof"]
    return {f.property_id: f for f in found}


def question(program: tree.Program, op: str, frags: int, timeout: float = proof.LIMIT) -> Question:
    """The proof of an operation, as it is asked for rings of `frags` elements."""
    return Question.of(program, proofs(program)[op], frags + 1 + SPARE_ROUNDS, timeout)


def operations(program: tree.Program, wanted: Iterable[str]) -> list[str]:
    """The operations that were asked for, all when none was; a kernel function stands for all proofs about it."""
    known = proofs(program)
    chosen: list[str] = []
    for name in wanted:
        same = [op for op in known if op == name or op.split()[0] == name]
        chosen.extend(same or pick("operation", [name], known, "the table in reports/ring.md"))
    return list(dict.fromkeys(chosen)) or list(known)


def expectations(root: Path) -> list[Expectation]:
    """What the code is known to break: spec/ring.toml. Raises UsageError for a file that is wrong."""
    path = root / "spec" / "ring.toml"
    if not path.is_file():
        return []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("expected", [])
        return [Expectation(**entry) for entry in entries]
    except (tomllib.TOMLDecodeError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: {error}: write [[expected]] tables with op, claim, why and finding") from error


# ---------------------------------------------------------------- running


@dataclass(frozen=True)
class Plan:
    """What is to be proved. root: of the content; timeout: seconds of CPU time that a worker has for one operation.

    cache: where outcomes are kept; None: they are not.
    """

    root: Path
    ops: tuple[str, ...]
    frags: int = FRAGS
    variants: tuple[Path, ...] = ()
    timeout: float = LIMIT
    processes: int = 0
    cache: Cache | None = None


_program: tree.Program


STACK = 64 << 20
"""Bytes of a worker's stack, at most."""
PER_CALL = 2048
"""Bytes of it for a call of Python within a call: more than was seen."""


def make_room_for_recursion() -> None:
    """Terms of large rings are nested deeper than Python allows at first: a level for each slot and statement."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    room = STACK if hard == resource.RLIM_INFINITY else min(STACK, hard)
    if soft != resource.RLIM_INFINITY and soft < room:
        resource.setrlimit(resource.RLIMIT_STACK, (room, hard))
    sys.setrecursionlimit(max(sys.getrecursionlimit(), room // PER_CALL))


def _prepare(plan: Plan) -> None:
    """Loads the program once in each worker.

    The collector would look at all terms again and again, and find nothing: terms go when they are forgotten.
    """
    make_room_for_recursion()
    global _program
    _program = load(plan.root, plan.frags, plan.variants)
    gc.freeze()
    gc.disable()


def _share(plan: Plan, op: str, share: Share) -> _Outcome:
    """One worker's part of one operation; of one without loops that is proved for every size of the ring, too."""
    asked = question(_program, op, plan.frags, min(plan.timeout, proof.LIMIT))
    outcome = _answered(asked, share, plan.timeout)
    if share[0] == 0 and plan.frags >= LEAST and not has_loops(_program, asked.proof):
        started = time.monotonic()
        outcome.widths = {v.claim: v for v in verdicts_of(_program, asked.proof, plan.timeout)}
        outcome.seconds += time.monotonic() - started
    return outcome


def _answered(asked: Question, share: Share, limit: float, until: str = "") -> _Outcome:
    """What the cases of a share bring within a time limit; until: the claim whose refutation is enough.

    limit: in seconds of this process on a CPU, so that what else runs on the machine does not change a verdict.
    """
    outcome = _Outcome()
    started, used = time.monotonic(), time.process_time()
    try:
        for case in proof.run(asked, share):
            outcome.cases += 1
            outcome.claims |= case.claims
            outcome.unknown |= case.unknown
            outcome.reached |= case.reached
            for claim, refutation in case.refuted.items():
                _require_replayed(asked, refutation)
                outcome.refuted.setdefault(claim, refutation)
            if until in outcome.refuted:
                break
            if time.process_time() - used > limit:
                outcome.error = f"{outcome.cases} cases of one worker took {limit:g} s of CPU time, not all were done"
                break
    except Unsupported as error:
        outcome.error = f"{error.message} ({error.span.file}:{error.span.line})"
        outcome.claims = _stated(asked.program, asked.proof) | outcome.claims
    outcome.seconds = time.monotonic() - started
    return outcome


def _stated(program: tree.Program, function: tree.Function) -> dict[str, str]:
    """The claims of all checks that a function may get to, by what is written."""
    found: dict[str, str] = {}
    pending, seen = [function], {function.name}
    while pending:
        body = pending.pop().body
        found |= dict(claim_of(s.sentence) for s in statements(body) if isinstance(s, tree.Check))
        called = {e.function for e in all_expressions(body) if isinstance(e, tree.Call)} - seen
        seen |= called
        pending.extend(program.functions[name] for name in sorted(called))
    return found


class NotReplayed(Exception):
    """A refutation that a run on its numbers does not show: an error of the prover, never of the code."""


def _require_replayed(asked: Question, refutation: Refutation) -> None:
    broken = proof.replay(asked, refutation)
    if not any(item.claim == refutation.claim for item in broken):
        op, claim = asked.proof.property_id, refutation.claim
        raise NotReplayed(f"{op}: the solver's numbers do not break {claim} when they are computed with")


def prove(plan: Plan) -> Iterator[list[ClaimVerdict]]:
    """The verdicts of each operation, as they are reached. Raises NotReplayed and what loading raises."""
    program = load(plan.root, plan.frags, plan.variants)
    expected = {(e.op, e.claim): e for e in ([] if plan.variants else expectations(plan.root))}
    workers = plan.processes or len(os.sched_getaffinity(0))
    waiting: dict[Future[_Outcome], str] = {}
    keys = {op: proof_key(program, proofs(program)[op].name, plan.frags) for op in plan.ops}
    open_ = []
    for op in plan.ops:
        kept = plan.cache.proof(keys[op]) if plan.cache is not None else None
        if isinstance(kept, _Outcome):
            yield _against(expected, judge(op, replace(kept, cached=True), plan.frags))
        else:
            open_.append(op)
    if not open_:
        return
    with ProcessPoolExecutor(workers, initializer=_prepare, initargs=(plan,)) as pool:
        try:
            for op in open_:
                shares = workers if proofs(program)[op].split > 1 else 1
                for number in range(shares):
                    waiting[pool.submit(_share, plan, op, (number, shares))] = op
            for op, outcome in _collect(waiting):
                if plan.cache is not None and not outcome.unknown and not outcome.error:
                    plan.cache.keep_proof(keys[op], outcome)
                yield _against(expected, judge(op, outcome, plan.frags))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def first_refutation(
    program: tree.Program, op: str, claim: str, frags: int, limit: float, cache: Cache | None = None
) -> ClaimVerdict:
    """The verdict of one claim, without looking further than the first run that breaks it. limit: in seconds.

    cache: where a refutation is kept; None: it is not.
    """
    asked = question(program, op, frags)
    key = proof_key(program, f"{asked.proof.name} until {claim}", frags)
    kept = cache.proof(key) if cache is not None else None
    outcome = kept if isinstance(kept, _Outcome) else _answered(asked, (0, 1), limit, claim)
    if cache is not None and outcome is not kept and claim in outcome.refuted:
        cache.keep_proof(key, outcome)
    return _judge(op, claim, outcome.claims.get(claim, ""), outcome, frags)


def _collect(waiting: Mapping[Future[_Outcome], str]) -> Iterator[tuple[str, _Outcome]]:
    """The outcome of each operation, when its last share is there."""
    outcomes: dict[str, _Outcome] = {}
    open_ = Counter(waiting.values())
    for future in as_completed(waiting):
        op = waiting[future]
        outcomes.setdefault(op, _Outcome()).add(future.result())
        open_[op] -= 1
        if not open_[op]:
            yield op, outcomes[op]


def _against(expected: Mapping[tuple[str, str], Expectation], verdicts: Iterable[ClaimVerdict]) -> list[ClaimVerdict]:
    """The verdicts, with what the specification expects of them."""
    known = ((v, expected.get((v.op, v.claim))) for v in verdicts)
    return [v if e is None else replace(v, expected=Verdict.VIOLATED, why=e.why) for v, e in known]


def judge(op: str, outcome: _Outcome, frags: int) -> list[ClaimVerdict]:
    """The verdict of every claim of an operation."""
    sentences = outcome.claims | SAFETY_SENTENCES
    ordered = sorted(sentences, key=lambda claim: (claim in SAFETY, claim))
    return [_judge(op, claim, sentences[claim], outcome, frags) for claim in ordered]


def _judge(op: str, claim: str, sentence: str, outcome: _Outcome, frags: int) -> ClaimVerdict:
    refutation = outcome.refuted.get(claim)
    verdict = Verdict.HOLDS
    basis = f"exhaustive: every position, length and argument at {frags} fragments"
    broken = sorted(other for other in outcome.refuted if other in SAFETY and other != claim)
    widths = outcome.widths.get(claim)
    if refutation is not None:
        verdict, sentence = Verdict.VIOLATED, refutation.sentence
        basis = "a counterexample, computed again on its numbers"
    elif outcome.error:
        verdict, basis = Verdict.UNDETERMINED, f"not proved: {outcome.error}"
    elif claim in outcome.unknown:
        verdict, basis = Verdict.UNDETERMINED, f"not proved: the solver gave up ({outcome.unknown[claim]})"
    elif claim not in SAFETY and claim not in outcome.reached:
        verdict, basis = Verdict.UNDETERMINED, "vacuous: no run gets to the check"
    elif widths is not None and widths.verdict is not Verdict.HOLDS:
        verdict, sentence, basis = widths.verdict, widths.sentence or sentence, f"bit-vectors: {widths.basis}"
    else:
        basis += f"; bit-vectors: {widths.basis}" if widths is not None else ""
        basis += f"; in runs that keep {', '.join(broken)}" if broken else ""
    return ClaimVerdict(op, claim, sentence, verdict, basis, frags, outcome.seconds, refutation, outcome.cached)


def as_rows(verdicts: Iterable[ClaimVerdict]) -> list[dict[str, Any]]:
    """The rows of `ring --json` (psockmc/schemas/ring.schema.json)."""
    return [
        {
            "op": v.op,
            "claim": v.claim,
            "sentence": v.sentence,
            "verdict": v.verdict,
            "basis": v.basis,
            "expected": v.expected,
            "frags": v.frags,
            "seconds": round(v.seconds, 3),
        }
        for v in verdicts
    ]
