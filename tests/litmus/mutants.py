"""Single-rule mutants of the memory models and of the definitions of primitives, each with a test that tells it apart.

A mutant changes one rule of a text; its killer is a litmus test whose answer (verdict, flags, numbers of executions) the
change changes. `python -m tests.litmus.mutants` runs every mutant against every test in the repository and prints who kills
whom (minutes), or those named; a mutant that nothing kills says that the tests do not hold up the rule.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from unittest.mock import patch

from psockmc.litmus import definitions as definitions_module
from psockmc.litmus import model as model_module
from psockmc.litmus.answer import Options, decide
from psockmc.litmus.definitions import Definitions
from psockmc.litmus.model import BASE, Model
from psockmc.litmus.model_text import parse_model
from psockmc.litmus.parser import parse
from psockmc.litmus.syntax import Test
from tests.litmus import naive
from tests.litmus.mutant_list import EQUIVALENT, MUTANTS, Mutant
from tests.litmus.naive_model import Judgement
from tests.litmus.test_fuzz_models import real

ROOT = Path(__file__).parents[2]
MODELS = Path(model_module.__file__).parent / "models"
PRIMITIVES = definitions_module.FILE
TESTS = ("tests/litmus/mutants", "models/litmus", "tests/litmus/psock", "tests/litmus/directed")
"""Folders of the tests that may kill, the most telling first."""

EVERYDAY = [str(path.relative_to(ROOT)) for path in sorted((ROOT / TESTS[0]).glob("*.litmus"))]
"""The tests written for this purpose."""

LIMIT = 5.0
"""Seconds for one answer."""


@dataclass(frozen=True)
class Semantics:
    """A model with its primitives. judged: only the model's verdict on given candidates counts (see Mutant)."""

    model: Model
    definitions: Definitions
    judged: bool = False


def original(file: str) -> str:
    """The text that a mutant changes."""
    path = PRIMITIVES if file == "primitives.def" else MODELS / file
    return path.read_text(encoding="utf-8")


def mutate(mutant: Mutant) -> str:
    """The changed text. Raises ValueError unless the old rule is there exactly once, spaces aside."""
    text = original(mutant.file)
    if not mutant.entry:
        return replace_once(text, mutant)
    lines = text.splitlines()
    found = [index for index, line in enumerate(lines) if line.startswith(f"{mutant.entry}(")]
    if len(found) != 1:
        raise ValueError(f"{mutant.name}: {len(found)} entries `{mutant.entry}` in {mutant.file}")
    lines[found[0]] = replace_once(lines[found[0]], mutant)
    return "\n".join(lines) + "\n"


def replace_once(text: str, mutant: Mutant) -> str:
    """Replace the old rule, which must be there exactly once."""
    pattern = r"\s+".join(re.escape(word) for word in mutant.old.split())
    changed, count = re.subn(pattern, lambda _: mutant.new, text)
    if count != 1:
        raise ValueError(f"{mutant.name}: `{mutant.old}` is {count} times in {mutant.file}")
    return changed


@cache
def unmutated(model: str) -> Semantics:
    """What psockmc comes with."""
    text = parse_model(original(f"{model}.model"), model, BASE, model)
    return Semantics(Model(text), Definitions(original("primitives.def"), model))


def semantics(mutant: Mutant) -> Semantics:
    """The model and the primitives, one of them changed."""
    ours = unmutated(mutant.model)
    if mutant.file == "primitives.def":
        return Semantics(ours.model, Definitions(mutate(mutant), mutant.model))
    changed = parse_model(mutate(mutant), mutant.model, BASE, mutant.name)
    return Semantics(Model(changed), ours.definitions, mutant.judged)


Outcome = tuple[object, ...]


def outcome(file: str, how: Semantics) -> Outcome:
    """The answer to a test: the verdict, the flags, and how many executions there are of either kind."""
    test = parse((ROOT / file).read_text(encoding="utf-8"), file)
    if how.judged:
        return (sum(how.model.allowed(real(j.c, j)) for j in judgements(test)),)
    with (
        patch("psockmc.litmus.answer.load_model", lambda _: how.model),
        patch("psockmc.litmus.answer.definitions", lambda _: how.definitions),
    ):
        answer = decide(test, Options(counts=True, timeout=LIMIT))
    return answer.verdict, tuple(sorted(answer.flags)), answer.positive, answer.negative


def judgements(test: Test) -> Iterator[Judgement]:
    """All candidates of a test, coherent or not."""
    for runs in product(*naive.all_paths(test, naive.How())):
        joined = naive.join(test, runs)
        if naive.enough(joined):
            yield from (Judgement(candidate, newest=False) for candidate in naive.candidates(joined))


def kills(file: str, mutant: Mutant) -> bool:
    """Does the test tell the mutant from the original?"""
    changed = semantics(mutant)
    ours = Semantics(unmutated(mutant.model).model, unmutated(mutant.model).definitions, mutant.judged)
    return outcome(file, changed) != outcome(file, ours)


def killers(mutant: Mutant, tests: list[str]) -> list[str]:
    """All tests that kill a mutant; those that state another model are left out."""
    changed = semantics(mutant)
    mine = [file for file in tests if stated(file) in (None, mutant.model)]
    return [file for file in mine if outcome(file, changed) != baseline(file, mutant.model, mutant.judged)]


@cache
def stated(file: str) -> str | None:
    """The model that a test states."""
    return parse((ROOT / file).read_text(encoding="utf-8"), file).model


@cache
def baseline(file: str, model: str, judged: bool) -> Outcome:
    """The answer of the original."""
    ours = unmutated(model)
    return outcome(file, Semantics(ours.model, ours.definitions, judged))


def main(names: list[str]) -> int:
    """Print who kills whom; the exit status is the number of mutants of which that is not what mutant_list.py says."""
    tests = [str(p.relative_to(ROOT)) for folder in TESTS for p in sorted((ROOT / folder).glob("*.litmus"))]
    surprises = 0
    for mutant in (*MUTANTS, *EQUIVALENT):
        if names and mutant.name not in names:
            continue
        found = killers(mutant, tests[: len(EVERYDAY)] if mutant.judged else tests)
        as_said = not found if mutant in EQUIVALENT else mutant.killer in found
        surprises += not as_said
        who = ", ".join(Path(file).stem for file in found[:5]) or f"equivalent: {mutant.why}"
        print(f"{'' if as_said else 'SURPRISE '}{mutant.name}: {len(found)} kill it: {who}", flush=True)
    return surprises


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
