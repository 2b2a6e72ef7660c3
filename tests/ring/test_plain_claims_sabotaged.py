"""Operations that go wrong on purpose: each promise is broken by something, so none is checked in vain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from psockmc.prove.plain_claims import broken_claims
from psockmc.prove.plain_ring import Iter, Memory, Ring, Sock, Wire

Spoil = Callable[[Ring], None]


def ring() -> Ring:
    """Five bytes in two elements, the second one shared, from slot 3 on."""
    return Ring(4, 3, [(1, 0, 2, False), (2, 4, 3, True)], curr=4, copybreak=1, memory=Memory(frag_size=64))


def shorter(message: Ring) -> None:
    message.data[message.start].length -= 1


def rewritten(message: Ring) -> None:
    message.memory.write(1, 0, b"!")


def exposed(message: Ring) -> None:
    message.copy[4] = False


def rewound(message: Ring) -> None:
    message.curr, message.copybreak = message.start, 0


def stray(message: Ring) -> None:
    message.data[2].length = 7


def elsewhere(message: Ring) -> None:
    message.exposed = (2, 0, 1)


def run(operation: str, arguments: tuple[Any, ...], spoil: Spoil) -> dict[str, str]:
    """The claims that break when something spoils the ring right after the operation."""
    message = ring()
    real = getattr(message, operation)

    def spoiled(*given: Any, **options: Any) -> Any:
        result = real(*given, **options)
        spoil(message)
        return result

    setattr(message, operation, spoiled)
    return broken_claims(message, operation, *arguments)


@pytest.mark.parametrize(
    ("operation", "arguments", "spoil", "claim"),
    [
        ("sk_msg_trim", (4,), shorter, "R3"),
        ("sk_msg_trim", (4,), rewritten, "content"),
        ("sk_msg_trim", (4,), exposed, "copy"),
        ("sk_msg_trim", (4,), rewound, "cursor"),
        ("sk_msg_alloc", (9, 0), rewritten, "content"),
        ("sk_msg_alloc", (9, 0), rewound, "cursor"),
        ("sk_msg_alloc", (9, 0), shorter, "R3"),
        ("sk_msg_free", (), stray, "F"),
        ("sk_msg_reset_curr", (), rewound, "cursor"),
        ("sk_msg_return", (2,), rewritten, "content"),
        ("bpf_msg_pull_data", (0, 2), elsewhere, "exposed"),
        ("bpf_msg_pull_data", (0, 2), stray, "F"),
        ("bpf_msg_pull_data", (7, 8), rewritten, "refused"),
        ("bpf_msg_push_data", (0, 2), rewound, "cursor"),
        ("bpf_msg_pop_data", (0, 1), exposed, "copy"),
        ("sk_msg_page_add", (1, 1, 0), rewritten, "content"),
        ("sk_msg_memcopy_from_iter", (Iter(b"xy"), 2), rewritten, "content"),
        ("tcp_bpf_push", (Wire(9, 9), 1), shorter, "content"),
        ("bpf_tcp_ingress", (Sock(), 2), shorter, "R3"),
    ],
)
def test_a_spoiled_ring_is_found(operation, arguments, spoil, claim):
    assert claim in run(operation, arguments, spoil)


@pytest.mark.parametrize(
    ("operation", "arguments", "wrong"),
    [
        ("sk_msg_alloc", (9, 0), -12),
        ("sk_msg_free", (), 4),
        ("sk_msg_clone", (Ring(4, 0, [(1, 0, 2, False)]), 0, 2), -5),
        ("bpf_msg_pull_data", (0, 2), -22),
        ("bpf_msg_push_data", (0, 2), -12),
        ("bpf_msg_pop_data", (0, 2), -12),
        ("tcp_bpf_push", (Wire(9, 9), 1), -11),
        ("bpf_tcp_ingress", (Sock(), 2), (-12, None)),
    ],
)
def test_a_wrong_result_is_found(operation, arguments, wrong):
    message = ring()
    setattr(message, operation, lambda *_: wrong)
    assert "result" in broken_claims(message, operation, *arguments)


def test_bytes_that_count_nowhere_are_found():
    message = Ring(4, 0, [(1, 0, 2, False)], bugs=["ingress-rmem-unlimited"])
    assert "rmem" in broken_claims(message, "bpf_tcp_ingress", Sock(), 0)
