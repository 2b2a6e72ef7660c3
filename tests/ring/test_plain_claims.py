"""What the operations promise: nothing is broken on random rings, and each known bug breaks what it is known for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from psockmc.prove.kernel_tree.cases import Case, Message, build_world
from psockmc.prove.kernel_tree.library import Op
from psockmc.prove.plain_claims import CURSOR, broken_claims
from psockmc.prove.plain_ring import Memory, Ring, Sock, Wire
from tests.ring.kernel.strategies import cases

NAMES = {
    Op.TRIM: "sk_msg_trim",
    Op.ALLOC: "sk_msg_alloc",
    Op.CLONE: "sk_msg_clone",
    Op.RETURN: "sk_msg_return",
    Op.RETURN_ZERO: "sk_msg_return_zero",
    Op.FREE: "sk_msg_free",
    Op.FREE_NOCHARGE: "sk_msg_free_nocharge",
    Op.FREE_PARTIAL: "sk_msg_free_partial",
    Op.FREE_PARTIAL_NOCHARGE: "sk_msg_free_partial_nocharge",
    Op.MEMCOPY: "sk_msg_memcopy_from_iter",
    Op.PULL: "bpf_msg_pull_data",
    Op.PUSH: "bpf_msg_push_data",
    Op.POP: "bpf_msg_pop_data",
    Op.INGRESS: "bpf_tcp_ingress",
    Op.TCP_PUSH: "tcp_bpf_push",
}


def claims_of(case: Case) -> dict[str, str]:
    """The broken claims of a case on the newest code."""
    world = build_world(case, ())
    for sk in world.socks:
        sk.rmem_alloc = 0
    ring = world.rings[0]
    if case.op == Op.CLONE:
        return broken_claims(ring, "sk_msg_clone", world.rings[1], *case.args)
    if case.op == Op.MEMCOPY:
        return broken_claims(ring, "sk_msg_memcopy_from_iter", world.source, *case.args)
    if case.op == Op.INGRESS:
        return broken_claims(ring, "bpf_tcp_ingress", world.socks[1], *case.args)
    if case.op == Op.TCP_PUSH:
        wire = Wire(*case.wire)
        return broken_claims(ring, "tcp_bpf_push", wire, case.args[0], uncharge=bool(case.args[1]))
    return broken_claims(ring, NAMES[case.op], *case.args)


def is_a_finding(case: Case) -> bool:
    """Whether the newest code is known to break a promise here: see test_plain_ring_findings.py."""
    ring = build_world(case, ()).rings[0]
    if case.op == Op.MEMCOPY:
        return ring.curr == ring.end  # no finding: nobody copies before there is something allocated
    return case.op == Op.PUSH and ring.full() and case.args[0] == ring.size


@pytest.mark.parametrize("op", NAMES, ids=lambda op: op.name.lower())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_operation_breaks_a_promise(op, data):
    case = data.draw(cases(op, 4))
    if op == Op.CLONE:  # into a ring that does not wrap (the other is a finding) and, as in TLS, has only shared pages
        shared = tuple((page, offset, length, True) for page, offset, length, _ in case.messages[0].elements)
        case = replace(case, messages=(Message(0, shared), case.messages[1]))
    assume(not is_a_finding(case))
    found = claims_of(case)
    if op in (Op.INGRESS, Op.TCP_PUSH):  # findings: the copy cursor and the copy bits do not follow what is sent
        found = {claim: sentence for claim, sentence in found.items() if claim not in {*CURSOR, "R7"}}
    assert found == {}


U32_MAX = 2**32 - 1
Witness = tuple[str, dict[str, Any], str, tuple[Any, ...], set[str]]


def pieces(*lengths: int, shared: int = 0) -> list[tuple[int, int, int, bool]]:
    """Elements of these lengths, each on a page of its own; the bits of `shared` are their copy bits."""
    return [(i + 1, i, length, bool(shared >> i & 1)) for i, length in enumerate(lengths)]


WITNESSES: list[Witness] = [
    ("pull-data-offset-tests", {"elements": pieces(4, 4)}, "bpf_msg_pull_data", (5, 7), {"content", "exposed"}),
    ("pull-data-shift-start", {"start": 4, "elements": pieces(2, 2, 2)}, "bpf_msg_pull_data", (0, 4), {"content"}),
    ("pull-data-shift-wrap", {"start": 3, "elements": pieces(2, 2, 2, 2)}, "bpf_msg_pull_data", (0, 6), {"index"}),
    ("helpers-overestimate-bounds", {"elements": pieces(4)}, "bpf_msg_pull_data", (5, 6), {"result"}),
    ("helpers-overestimate-bounds", {"elements": pieces(4)}, "bpf_msg_push_data", (5, 1), {"result"}),
    ("shift-does-not-update-curr", {"elements": pieces(2, 2)}, "bpf_msg_pull_data", (0, 4), {"cursor"}),
    ("reset-curr-loses-copybreak", {"elements": pieces(3, 3)}, "bpf_msg_pull_data", (0, 6), {"cursor"}),
    ("pop-data-several", {"elements": pieces(2, 2)}, "bpf_msg_pop_data", (0, 2), {"refs"}),
    ("copy-bitmap-out-of-sync", {"elements": pieces(2, 2, shared=2)}, "bpf_msg_pop_data", (0, 2), {"copy", "R7"}),
    ("pop-data-bounds-u32-wrap", {"elements": pieces(4)}, "bpf_msg_pop_data", (1, U32_MAX), {"result"}),
    ("push-data-copy-len-wrap", {"elements": pieces(4, 4, 4, 4)}, "bpf_msg_push_data", (1, U32_MAX), {"memory"}),
    ("push-data-tail-offset", {"elements": pieces(4, 4)}, "bpf_msg_push_data", (5, 1), {"content", "memory"}),
    ("wrapped-ring-not-chained", {"start": 4, "elements": pieces(2, 2)}, "tls_push_record", (), {"index"}),
    ("chain-after-chain", {"start": 4, "elements": pieces(2)}, "tls_push_record", (), {"chain"}),
    ("tls13-full-ring-overwrite", {"elements": pieces(2, 2, 2, 2)}, "sk_msg_alloc", (12, 3), {"R2"}),
    ("wrapped-chain-off-by-one", {"start": 4, "elements": pieces(2, 2)}, "tls_push_record", (), {"chain"}),
]


@pytest.mark.parametrize("witness", WITNESSES, ids=lambda witness: f"{witness[0]}-{witness[2]}")
def test_a_known_bug_breaks_what_it_is_known_for(witness):
    bug, given_ring, operation, arguments, claims = witness
    options = {"tls13": True} if operation == "tls_push_record" else {}
    found = broken_claims(Ring(4, **given_ring, bugs=[bug]), operation, *arguments, **options)
    assert claims & set(found), found
    assert broken_claims(Ring(4, **given_ring), operation, *arguments, **options) == {}


def test_a_refused_redirect_keeps_its_pages():
    def found(*bugs: str) -> dict[str, str]:
        ring = Ring(4, elements=pieces(4), memory=Memory(fails={"rmem": 1}), bugs=bugs)
        return broken_claims(ring, "bpf_tcp_ingress", Sock(), 0)

    assert found() == {}
    assert "refs" in found("ingress-redirect-double-put-page")


def test_a_bug_that_the_ring_does_not_know_is_refused():
    with pytest.raises(ValueError, match="does not know pop-data-sevral: see KNOWN_BUGS"):
        Ring(4, bugs=["pop-data-sevral"])


def test_an_unknown_operation_is_refused():
    with pytest.raises(LookupError, match="there are no promises for sk_msg_fly"):
        broken_claims(Ring(4), "sk_msg_fly")
