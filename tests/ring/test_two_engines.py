"""Two engines, one question: what the search of all states and the prover say about small rings is the same.

Both get the same program: numbers with a few values each, rings of 2 to 8 elements with every start, number of elements
and cut (checks/ring/small.py). They share the front end and nothing else. Each claim is compared by itself.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from psockmc.explore import Limits
from psockmc.explore.verdict import Verdict
from psockmc.lang import tree
from psockmc.prove import explicit
from psockmc.prove.explicit import Answer, Bounds
from tests.ring.operations import OPERATIONS

ROOT = Path(__file__).parents[2]
VARIANTS = ROOT / "models" / "ring" / "variants"
MOST_STATES = 20_000_000

SHORT = {"LENGTHS": 2, "PAGES": 1}
"""Elements of one or two bytes that adjoin or not, all in the page that is followed."""

EQUAL = {"LENGTHS": 1, "PAGES": 1, "FAILURES": 1}
"""Elements of one byte each: what is tried is where they are, and their copy bits."""

VARIED = {"LENGTHS": 2, "PAGES": 2, "FAILURES": 2}
"""Elements of one or two bytes in two pages, and every first allocation that fails."""


@dataclass(frozen=True)
class Asked:
    """A question to both: an operation, the size of the ring, how many values there are, a bug that is put back."""

    op: str
    frags: int
    beginnings: dict[str, int] = field(hash=False)
    variant: str = ""
    numbers: int = 3

    def __str__(self) -> str:
        return f"{self.op} {self.frags}{' ' + self.variant if self.variant else ''}"


@functools.lru_cache(maxsize=16)
def program(frags: int, beginnings: tuple[tuple[str, int], ...], variant: str) -> tree.Program:
    """The program, loaded once for all operations."""
    variants = [VARIANTS / f"{variant}.py"] if variant else []
    return explicit.load(ROOT, Bounds(frags, 0, dict(beginnings)), variants)


def answers(asked: Asked) -> tuple[Answer, Answer]:
    """What the search and the proof say."""
    bounds = Bounds(asked.frags, asked.numbers, asked.beginnings)
    loaded = program(asked.frags, tuple(sorted(asked.beginnings.items())), asked.variant)
    small = explicit.restricted(loaded, asked.op, bounds)
    return explicit.searched(small, asked.frags, limits=Limits(max_states=MOST_STATES)), explicit.proved(
        small, asked.frags
    )


def require_agreement(asked: Asked) -> Answer:
    """Fails unless both say the same about each claim; returns the search's answer."""
    searched, proved = answers(asked)
    assert searched.verdicts.keys() & proved.verdicts.keys(), "they met no claim in common"
    assert explicit.disagreements(searched, proved) == []
    return searched


INDICES = ["sk_msg_iter_var_next", "sk_msg_iter_var_prev", "sk_msg_iter_dist", "sk_msg_full"]


@pytest.mark.parametrize("frags", range(2, 9))
@pytest.mark.parametrize("op", INDICES)
def test_indices(op: str, frags: int) -> None:
    """Indices have no other numbers than those of the ring: nothing is left out here."""
    assert set(require_agreement(Asked(op, frags, {})).verdicts.values()) == {Verdict.HOLDS}


SMALL = [
    Asked("sk_msg_init", 2, SHORT),
    Asked("sk_msg_free", 2, SHORT),
    Asked("sk_msg_xfer", 2, SHORT),
    Asked("sk_msg_trim", 2, EQUAL),
    Asked("find_element", 3, SHORT),
    Asked("tls_push_record links", 2, SHORT),
    Asked("bpf_msg_pop_data beyond the end", 2, EQUAL),
    Asked("tcp_read_skb", 2, SHORT),
    Asked("sk_psock_skb_redirect", 2, SHORT),
    Asked("tcp_bpf_strp_read_sock unread", 2, SHORT),
]


@pytest.mark.parametrize("asked", SMALL, ids=str)
def test_small_rings(asked: Asked) -> None:
    """The code as it is."""
    require_agreement(asked)


BUGS = [
    (Asked("tls_push_record links", 2, EQUAL, "wrapped_ring_not_chained"), "chain"),
    (Asked("tcp_read_skb", 2, SHORT, "copied_seq_in_read_skb"), "seq"),
    (Asked("sk_psock_skb_redirect", 2, SHORT, "redirected_skb_charged_to_origin"), "rmem"),
]


@pytest.mark.parametrize(("asked", "claim"), BUGS, ids=str)
def test_bugs(asked: Asked, claim: str) -> None:
    """With a bug put back both refute the same claims, the bug's among them."""
    assert require_agreement(asked).verdicts[claim] is Verdict.VIOLATED


FEW_BEGINNINGS = (
    "bpf_tcp_ingress",
    "sk_msg_recvmsg two messages",
    "sk_msg_zerocopy_from_iter",
    "tcp_bpf_push",
    "tcp_bpf_push cursor",
)
"""Compared for short messages and two values of each number only: the prover takes long for more."""

NOT_COMPARED = (
    "tcp_bpf_send_verdict",
    "tcp_bpf_send_verdict drop a part",
    "tcp_bpf_send_verdict redirect",
    "tcp_bpf_sendmsg copy",
)
"""The prover is not known to answer the restricted question in a minute: many starts and calls that may fail are no
cases there, and what a search tries one by one is one formula."""

COMPARED = [op for op in OPERATIONS if op not in FEW_BEGINNINGS + NOT_COMPARED]


@pytest.mark.slow
@pytest.mark.parametrize("op", COMPARED)
@pytest.mark.parametrize(("frags", "beginnings"), [(2, VARIED), (3, SHORT)], ids=["2", "3"])
def test_all_operations(op: str, frags: int, beginnings: dict[str, int]) -> None:
    """Every operation that both are known to do in a minute."""
    require_agreement(Asked(op, frags, beginnings, numbers=4))


@pytest.mark.slow
@pytest.mark.parametrize("op", FEW_BEGINNINGS)
def test_operations_with_few_beginnings(op: str) -> None:
    """Those that take long."""
    require_agreement(Asked(op, 2, SHORT, numbers=2))


@pytest.mark.slow
@pytest.mark.parametrize("frags", range(4, 9))
@pytest.mark.parametrize("op", ["sk_msg_trim", "sk_msg_free", "sk_msg_xfer", "sk_msg_compute_data_pointers"])
def test_larger_rings(op: str, frags: int) -> None:
    """Rings of equal elements: what is tried is where they are."""
    require_agreement(Asked(op, frags, EQUAL))


SLOW_BUGS = [
    (Asked("tls_push_record links", 2, SHORT, "wrapped_chain_off_by_one"), "chain"),
    (Asked("bpf_msg_pop_data", 2, SHORT, "pop_data_several"), "bytes"),
    (Asked("bpf_msg_pop_data", 2, SHORT, "shift_does_not_update_curr"), "R5"),
    (Asked("bpf_msg_push_data", 2, SHORT, "reset_curr_loses_copybreak"), "R5"),
    (Asked("bpf_msg_pull_data", 2, SHORT, "pull_data_shift_wrap"), "wrap"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("asked", "claim"), SLOW_BUGS, ids=str)
def test_more_bugs(asked: Asked, claim: str) -> None:
    """As above."""
    assert require_agreement(asked).verdicts[claim] is Verdict.VIOLATED
