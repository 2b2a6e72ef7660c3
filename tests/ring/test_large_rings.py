"""The largest ring there is: 45 fragments, as with CONFIG_MAX_SKB_FRAGS at its upper end."""

from __future__ import annotations

import pytest

from psockmc import content
from psockmc.prove import rings
from psockmc.prove.rings import MOST_FRAGS, Plan
from tests.ring.operations import OPERATIONS

ROOT = content.find_root()

DECIDED = (
    "bpf_exec_tx_verdict size",
    "bpf_msg_apply_bytes",
    "bpf_msg_cork_bytes",
    "bpf_msg_pop_data beyond the end",
    "bpf_msg_push_data at the end",
    "bpf_msg_push_data at the end of a full ring",
    "bpf_tcp_ingress empty",
    "find_element",
    "sk_msg_apply_bytes",
    "sk_msg_compute_data_pointers",
    "sk_msg_free",
    "sk_msg_full",
    "sk_msg_init",
    "sk_msg_iter_dist",
    "sk_msg_iter_var_next",
    "sk_msg_iter_var_prev",
    "sk_msg_page_add",
    "sk_msg_recvmsg two messages",
    "sk_msg_reset_curr",
    "sk_msg_sg_copy_assign",
    "sk_msg_xfer",
    "sk_msg_xfer_full",
    "sk_psock_skb_ingress",
    "sk_psock_skb_redirect",
    "tcp_bpf_send_verdict drop a part",
    "tcp_bpf_strp_read_sock",
    "tcp_bpf_strp_read_sock unread",
    "tcp_read_skb",
)
"""Operations whose claims were decided in half a minute of CPU time or little more."""

OTHERS = [op for op in OPERATIONS if op not in DECIDED]


def require_expected(op: str) -> None:
    ((*verdicts,),) = rings.prove(Plan(ROOT, (op,), MOST_FRAGS, processes=1))
    assert verdicts
    assert [v.claim for v in verdicts if not v.as_expected] == []


@pytest.mark.slow
@pytest.mark.parametrize("op", DECIDED)
def test_the_claims_are_decided_as_expected(op: str) -> None:
    require_expected(op)


@pytest.mark.deep
@pytest.mark.parametrize("op", OTHERS)
def test_the_claims_of_other_operations_are_decided_as_expected(op: str) -> None:
    """How long they take is not known: they were not decided in half a minute, or were not tried."""
    require_expected(op)
