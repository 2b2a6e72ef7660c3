"""What the verdict of a claim says of its basis."""

from __future__ import annotations

from pathlib import Path

from psockmc.prove.rings import Plan, prove

ROOT = Path(__file__).parents[2]
WIDTHS = "bit-vectors: every number in its C width, every MAX_MSG_FRAGS in 17..45"


def bases(op: str, frags: int) -> set[str]:
    """The bases of all claims of an operation."""
    (verdicts,) = prove(Plan(ROOT, (op,), frags, processes=1))
    return {v.basis for v in verdicts}


def test_an_operation_without_loops_is_proved_for_every_size_of_the_ring() -> None:
    assert any(WIDTHS in basis for basis in bases("sk_msg_iter_var_next", 17))


def test_an_operation_with_loops_is_proved_for_one_size() -> None:
    assert not any("bit-vectors" in basis for basis in bases("sk_msg_xfer_full", 17))


def test_rings_that_no_kernel_has_are_proved_by_themselves() -> None:
    assert not any("bit-vectors" in basis for basis in bases("sk_msg_iter_var_next", 3))
