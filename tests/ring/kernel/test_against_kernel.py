"""The plain ring against the real code: the same random rings, the same operation, and everything it did the same."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.content import UsageError
from psockmc.prove.kernel_tree.cases import on_kernel, on_ring
from psockmc.prove.kernel_tree.compare import different, responsible
from psockmc.prove.kernel_tree.extract import Wanted, extracted
from psockmc.prove.kernel_tree.known import WITNESSES
from psockmc.prove.kernel_tree.library import Op
from psockmc.prove.kernel_tree.random_cases import random_case
from tests.ring.kernel.strategies import cases

CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.mark.parametrize("op", list(Op), ids=lambda op: op.name.lower())
@settings(max_examples=40, deadline=None, suppress_health_check=CHECKS)
@given(data=st.data())
def test_small_rings_do_the_same(kernel, bugs, op, data):
    case = data.draw(cases(op, kernel.frags))
    assert different(on_ring(case, bugs), on_kernel(case, kernel)) == []


@pytest.mark.parametrize(
    "op", [Op.TRIM, Op.ALLOC, Op.PULL, Op.PUSH, Op.POP, Op.RECVMSG], ids=lambda op: op.name.lower()
)
@settings(max_examples=25, deadline=None, suppress_health_check=CHECKS)
@given(data=st.data())
def test_rings_of_the_default_size_do_the_same(large_kernel, bugs, op, data):
    case = data.draw(cases(op, large_kernel.frags))
    assert different(on_ring(case, bugs), on_kernel(case, large_kernel)) == []


@pytest.mark.parametrize("bug", WITNESSES)
def test_the_plain_ring_shows_each_known_bug(bug):
    case = WITNESSES[bug]
    needs = {"wrapped-chain-off-by-one": {"chain-after-chain"}}.get(bug, set())
    assert different(on_ring(case, needs), on_ring(case, {bug, *needs}))


def test_a_difference_that_is_no_known_bug_is_seen(kernel, bugs):
    case = WITNESSES["pop-data-several"]
    assert different(on_ring(case, bugs ^ {"pop-data-several"}), on_kernel(case, kernel))


def test_the_bugs_responsible_for_a_result_are_those_that_make_it():
    case, bugs = WITNESSES["push-data-tail-offset"], {"push-data-tail-offset", "wrapped-ring-not-chained"}
    assert responsible(case, on_ring(case, bugs), bugs) == {"push-data-tail-offset"}
    assert responsible(case, on_ring(case), bugs - {"push-data-tail-offset"}) == set()


def test_a_difference_says_where_it_is():
    case = WITNESSES["copy-bit-of-end-kept"]
    lines = different(on_ring(case), on_ring(case, {"copy-bit-of-end-kept"}))
    assert "messages[0].slots[3].copy: plain ring False, kernel True" in lines


def test_the_same_seed_gives_the_same_ring():
    assert [random_case(Random(7), op, 5) for op in Op] == [random_case(Random(7), op, 5) for op in Op]
    assert random_case(Random(7), Op.TRIM, 5) != random_case(Random(8), Op.TRIM, 5)


def test_a_tree_without_the_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"has no file net/core/skmsg\.c"):
        extracted(tmp_path, (Wanted("net/core/skmsg.c"),))


def test_a_tree_without_the_function_is_refused(tmp_path):
    (tmp_path / "skmsg.c").write_text("int other(void)\n{\n}\n")
    with pytest.raises(UsageError, match="has no definition of sk_msg_trim"):
        extracted(tmp_path, (Wanted("skmsg.c", functions=("sk_msg_trim",)),))
