"""The plain ring against the real code: the same random rings, the same operation, and everything it did the same."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psockmc.prove.kernel_tree.cases import Observed, on_kernel, on_ring
from psockmc.prove.kernel_tree.extract import Wanted, extracted
from psockmc.prove.kernel_tree.known import WITNESSES
from psockmc.prove.kernel_tree.library import Op
from tests.ring.kernel.strategies import cases

CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def differences(ring: Observed, kernel: Observed) -> str:
    """What the two did differently, a line each."""
    one, other = asdict(ring), asdict(kernel)
    lines = [f"{name}: ring {one[name]}\n{name}: kernel {other[name]}" for name in one if one[name] != other[name]]
    return "\n".join(lines)


@pytest.mark.parametrize("op", list(Op), ids=lambda op: op.name.lower())
@settings(max_examples=40, deadline=None, suppress_health_check=CHECKS)
@given(data=st.data())
def test_small_rings_do_the_same(kernel, bugs, op, data):
    case = data.draw(cases(op, kernel.frags))
    assert differences(on_ring(case, bugs), on_kernel(case, kernel)) == ""


@pytest.mark.parametrize(
    "op", [Op.TRIM, Op.ALLOC, Op.PULL, Op.PUSH, Op.POP, Op.RECVMSG], ids=lambda op: op.name.lower()
)
@settings(max_examples=25, deadline=None, suppress_health_check=CHECKS)
@given(data=st.data())
def test_rings_of_the_default_size_do_the_same(large_kernel, bugs, op, data):
    case = data.draw(cases(op, large_kernel.frags))
    assert differences(on_ring(case, bugs), on_kernel(case, large_kernel)) == ""


@pytest.mark.parametrize("bug", WITNESSES)
def test_the_plain_ring_shows_each_known_bug(bug):
    case = WITNESSES[bug]
    needs = {"wrapped-chain-off-by-one": {"chain-after-chain"}}.get(bug, set())
    assert differences(on_ring(case, needs), on_ring(case, {bug, *needs}))


def test_a_difference_that_is_no_known_bug_is_seen(kernel, bugs):
    case = WITNESSES["pop-data-several"]
    assert differences(on_ring(case, bugs ^ {"pop-data-several"}), on_kernel(case, kernel))


def test_a_tree_without_the_file_is_refused(tmp_path):
    with pytest.raises(LookupError, match=r"has no file net/core/skmsg\.c"):
        extracted(tmp_path, (Wanted("net/core/skmsg.c"),))


def test_a_tree_without_the_function_is_refused(tmp_path):
    (tmp_path / "skmsg.c").write_text("int other(void)\n{\n}\n")
    with pytest.raises(LookupError, match="has no definition of sk_msg_trim"):
        extracted(tmp_path, (Wanted("skmsg.c", functions=("sk_msg_trim",)),))
