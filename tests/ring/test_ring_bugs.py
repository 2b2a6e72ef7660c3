"""Every bug of ring arithmetic is found on a small ring when it is put back, and its claim holds there with the fix."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from psockmc import content
from psockmc.corpus import Bug, load_corpus
from psockmc.lang import tree
from psockmc.prove import proof, rings
from psockmc.prove.proof import Case
from psockmc.ring_trials import SMALL

ROOT = content.find_root()
BUGS = [bug for bug in load_corpus(ROOT) if bug.operation]


def cases(program: tree.Program, bug: Bug) -> Iterator[Case]:
    """The cases of the proof that shows a bug."""
    return proof.run(rings.question(program, bug.operation, SMALL))


@cache
def fixed() -> tree.Program:
    """The program of today."""
    return rings.load(ROOT, SMALL)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.id)
def test_a_bug_that_is_put_back_is_found(bug: Bug) -> None:
    program = rings.load(ROOT, SMALL, [bug.variant])
    question = rings.question(program, bug.operation, SMALL)
    for case in proof.run(question):
        found = case.refuted.get(bug.property)
        if found is not None:
            assert any(item.claim == bug.property for item in proof.replay(question, found))
            return
    pytest.fail(f"{bug.operation} keeps {bug.property} with {bug.variant.name}")


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.id)
def test_the_claim_holds_with_the_fix(bug: Bug) -> None:
    for case in cases(fixed(), bug):
        assert bug.property not in case.refuted
        assert bug.property not in case.unknown
