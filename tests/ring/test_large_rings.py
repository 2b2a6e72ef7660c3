"""The largest ring there is: 45 fragments, as with CONFIG_MAX_SKB_FRAGS at its upper end."""

from __future__ import annotations

import pytest

from psockmc import content
from psockmc.prove import rings
from psockmc.prove.rings import MOST_FRAGS, Plan

ROOT = content.find_root()

SLOW = (
    "sk_msg_page_add",
    "sk_psock_skb_ingress",
    "sk_psock_skb_redirect",
    "tcp_bpf_strp_read_sock",
    "tcp_bpf_strp_read_sock unread",
    "tcp_read_skb",
)
"""Operations whose claims are decided in seconds."""


@pytest.mark.slow
@pytest.mark.parametrize("op", SLOW)
def test_the_claims_are_decided_as_expected(op: str) -> None:
    ((*verdicts,),) = rings.prove(Plan(ROOT, (op,), MOST_FRAGS, processes=1))
    assert verdicts
    assert [v.claim for v in verdicts if not v.as_expected] == []
