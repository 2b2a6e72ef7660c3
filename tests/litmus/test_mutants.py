"""Every rule of the models and of the primitives is held up by a test that notices when it changes."""

from __future__ import annotations

from collections import Counter

import pytest

from psockmc.litmus.answer import Options, decide
from psockmc.litmus.parser import parse
from tests.litmus.mutant_list import EQUIVALENT, MUTANTS, Mutant
from tests.litmus.mutants import EVERYDAY, ROOT, killers, kills, mutate, original


def test_mutants_have_names_of_their_own() -> None:
    assert not [name for name, count in Counter(m.name for m in (*MUTANTS, *EQUIVALENT)).items() if count > 1]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_killed(mutant: Mutant) -> None:
    assert kills(mutant.killer, mutant)


@pytest.mark.parametrize("mutant", EQUIVALENT, ids=lambda m: m.name)
def test_equivalent_mutants_change_the_text_and_no_answer(mutant: Mutant) -> None:
    assert mutate(mutant) != original(mutant.file)
    assert mutant.why
    assert not killers(mutant, EVERYDAY)


@pytest.mark.parametrize("file", EVERYDAY)
def test_killers_have_the_result_that_their_files_state(file: str) -> None:
    test = parse((ROOT / file).read_text(encoding="utf-8"), file)
    assert test.expected is not None
    assert decide(test, Options(timeout=20)).verdict == test.expected


def test_a_rule_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="is 0 times in"):
        mutate(Mutant("gone", "6.1.model", "let no-such-rule", "", ""))
