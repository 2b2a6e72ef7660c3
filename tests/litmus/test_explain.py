"""Explanations of verdicts: that they read well (golden files) and that every edge is what it says it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from psockmc.litmus.answer import Options, Verdict, decide
from psockmc.litmus.derive import Derivation, Derivations
from psockmc.litmus.explain import Explanation, explain
from psockmc.litmus.forbidden import why_not
from psockmc.litmus.model import MODELS, load_model
from psockmc.litmus.parser import parse
from tests.litmus import examples

HERE = Path(__file__).parent
FILES = sorted([*HERE.glob("psock/*.litmus"), *list(HERE.glob("directed/*.litmus"))[::25]])

FORBIDDEN = {
    "happens-before": examples.MP_FENCES,
    "propagation": examples.IRIW_MBS,
    "rcu": examples.RCU,
    "plain-coherence": examples.PLAIN_PUBLICATION,
    "coherence": examples.CORR,
    "atomicity": examples.ATOMIC,
}


def explanation_of(text: str, model: str = "6.1") -> Explanation:
    explanation = why_not(examples.answer(text, model)).explanation
    assert explanation is not None
    return explanation


@pytest.mark.parametrize("axiom", FORBIDDEN)
def test_the_axiom_that_forbids_is_named_and_its_cycle_shown(axiom: str, golden: Callable[[str, str], None]) -> None:
    explanation = explanation_of(FORBIDDEN[axiom])
    assert explanation.axiom.name == axiom
    golden("\n".join([*explanation.lines(), ""]), f"explain-{axiom}.txt")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_edges_of_an_explanation_hold_and_form_its_cycle(path: Path, model: str) -> None:
    answer = decide(parse(path.read_text(encoding="utf-8"), path.name), Options(model=model))
    if answer.verdict is Verdict.SOMETIMES:
        assert answer.witness is not None
        assert explain(load_model(model), answer.witness.execution()) is None
        return
    forbidden = why_not(answer)
    explanation = forbidden.explanation
    assert explanation is not None
    assert forbidden.all_seen
    assert not load_model(model).allowed(explanation.execution)
    ends = [(step.source, step.target) for step in explanation.steps]
    if explanation.axiom.check != "empty":
        assert [source for source, _ in ends] == [target for _, target in [ends[-1], *ends[:-1]]]
    for step in explanation.steps:
        path_of_events = [step.source, *(edge.target for edge in step.edges)]
        assert [edge.source for edge in step.edges] == path_of_events[:-1]
        assert path_of_events[-1] == step.target


@pytest.mark.parametrize("text", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_derivation_comes_down_to_pairs_of_the_execution(text: str) -> None:
    explanation = explanation_of(text)
    derivations = Derivations(load_model("6.1"), explanation.execution)
    base = explanation.execution.relations
    names = {
        name for name, definition in derivations.model.text.definitions.items() if definition.body.kind == "relation"
    }
    checked = 0
    for name in names:
        for source, target in derivations.universe.pairs(derivations.named(name)):
            (derivation,) = derivations.path_of_name(name, source, target)
            checked += _check(derivation, base)
    assert checked


def _check(derivation: Derivation, base: dict[str, list[int]]) -> int:
    """The parts of a derivation join to its pair, down to base relations; how many of those there are."""
    if not derivation.parts:
        name = derivation.name.removesuffix("^-1")
        source, target = derivation.source, derivation.target
        if name != derivation.name:
            source, target = target, source
        assert name not in base or base[name][source] >> target & 1, derivation
        return int(name in base)
    at = derivation.source
    for part in derivation.parts:
        assert part.source == at
        at = part.target
    assert at == derivation.target
    return sum(_check(part, base) for part in derivation.parts)


def test_the_tally_counts_all_candidates_that_end_as_asked_for() -> None:
    forbidden = why_not(examples.answer(examples.LOCKS))
    assert forbidden.tally == {"happens-before": 4}
    assert forbidden.lines()[-1] == "4 candidates end so, forbidden all by happens-before"


def test_always_is_explained_by_what_would_end_otherwise() -> None:
    text = examples.LOCKS.replace("exists (x=1)", "exists (x=2)")
    forbidden = why_not(examples.answer(text))
    assert forbidden.explanation is not None
    assert forbidden.lines()[-1] == "4 candidates end otherwise, forbidden all by happens-before"


def test_a_value_that_nobody_writes_needs_no_axiom() -> None:
    forbidden = why_not(examples.answer(examples.UNREACHABLE))
    assert forbidden.explanation is None
    assert forbidden.lines() == ["no runs of the threads end so, whatever their reads return and whoever holds a lock"]


def test_sometimes_has_no_forbidden_execution_to_explain() -> None:
    with pytest.raises(ValueError, match="the verdict is Sometimes: only Never and Always"):
        why_not(examples.answer(examples.MP))


def test_a_dependency_and_an_acquire_are_named_with_their_line() -> None:
    reasons = [edge.because for step in explanation_of(examples.LAST_PUT).steps for edge in step.edges]
    assert "refcount_dec_and_test() in line 10 is a release" in reasons
    assert "whether it is executed depends on this read" in reasons


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_grace_periods_and_atomic_operations_stay_where_they_are(path: Path) -> None:
    answer = decide(parse(path.read_text(encoding="utf-8"), path.name), Options(model="6.1"))
    if answer.verdict is Verdict.SOMETIMES:
        return
    explanation = why_not(answer).explanation
    assert explanation is not None
    staying = {edge.label for step in explanation.steps for edge in step.edges if edge.source == edge.target}
    assert staying <= {"rcu-gp", "srcu-gp"}


def test_a_model_forbids_with_axiom_and_cycle_and_allows_with_nothing() -> None:
    model = load_model("6.1")
    explanation = explanation_of(examples.MP_FENCES)
    violation = model.forbids(explanation.execution)
    assert violation is not None
    assert violation.axiom == "happens-before"
    assert violation.pairs == tuple((step.source, step.target) for step in explanation.steps)
    allowed = examples.answer(examples.MP).witness
    assert allowed is not None
    assert model.forbids(allowed.execution()) is None
