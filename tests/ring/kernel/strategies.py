"""The random cases of `psockmc ring --kernel`, with Hypothesis in the place of chance: it explores and shrinks them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from psockmc.prove.kernel_tree.cases import Case
from psockmc.prove.kernel_tree.library import Op
from psockmc.prove.kernel_tree.random_cases import random_case


def cases(op: Op, frags: int) -> SearchStrategy[Case]:
    """A case of one operation."""
    return st.randoms(use_true_random=False).map(lambda rng: random_case(rng, op, frags))


def with_args(case: Case, **changes: object) -> Case:
    """The case with other fields."""
    return replace(case, **changes)  # type: ignore[arg-type]
