"""Which of the known bugs a kernel tree has, told by what its code does with a ring on which old and new differ."""

from __future__ import annotations

from psockmc.prove.kernel_tree.cases import Case, Element, Message, on_kernel, on_ring
from psockmc.prove.kernel_tree.library import Kernel, Op

U32_MAX = 2**32 - 1


def ring(*lengths: int, start: int = 3, shared: int = 0, frags: int = 5) -> Message:
    """Elements of these lengths, each on a page of its own; the bits of `shared` are their copy bits."""
    parts: list[Element] = [(i + 1, 2 * i, length, bool(shared >> i & 1)) for i, length in enumerate(lengths)]
    return Message(start, tuple(parts))


WITNESSES: dict[str, Case] = {
    "copy-bitmap-out-of-sync": Case(Op.XFER, (3, 4), (Message(3), ring(4, shared=1))),
    "copy-bit-of-end-kept": Case(Op.PUSH, (10, 1, 0), (ring(2, 2, 2, 2, 2, shared=1),)),
    "push-data-copy-len-wrap": Case(Op.PUSH, (1, U32_MAX, 0), (ring(4, 4, 4, 4, 4),)),
    "push-data-tail-offset": Case(Op.PUSH, (5, 2, 0), (ring(4, 4),)),
    "pop-data-bounds-u32-wrap": Case(Op.POP, (1, U32_MAX, 0), (ring(4, 4),)),
    "pop-data-several": Case(Op.POP, (0, 4, 0), (ring(4, 4),)),
    "push-data-several": Case(Op.PUSH, (8, 2, 0), (ring(4, 4),)),
    "reset-curr-loses-copybreak": Case(Op.PULL, (0, 2, 0), (ring(4, 4),)),
    "shift-does-not-update-curr": Case(Op.PULL, (0, 2, 0), (Message(3, ring(4, 4).elements, 3, 1),)),
    "helpers-overestimate-bounds": Case(Op.PULL, (9, 10, 0), (ring(4, 4),)),
    "memcopy-returns-last-chunk": Case(Op.MEMCOPY, (8,), (Message(3, ring(4, 4).elements, 3, 0),), data=b"8 bytes."),
    "last-sg-check-sg-is-last": Case(Op.RECVMSG, (8, 0), (Message(0, ring(4, 4).elements, unmarked=True),)),
    "ingress-redirect-skips-partial-sge": Case(Op.INGRESS, (2,), (ring(4, 4),)),
    "ingress-rmem-unlimited": Case(Op.INGRESS, (4,), (ring(4, 4),)),
    "wrapped-ring-not-chained": Case(Op.TLS_RECORD, (0,), (ring(4, 4, 4, start=4),)),
    "wrapped-chain-off-by-one": Case(Op.TLS_RECORD, (0,), (ring(4, 4, 4, start=4),)),
    "chain-after-chain": Case(Op.TLS_RECORD, (1,), (ring(4, 4, start=4),)),
}
"""A case for each bug that only this one changes, as long as those before it in this list are known."""


def known_bugs(kernel: Kernel) -> frozenset[str]:
    """The bugs of the tree; `kernel` has 5 fragments. A bug is there if its witness says so with all others known."""
    found: frozenset[str] = frozenset()
    while True:
        more = frozenset(bug for bug in WITNESSES if bug not in found and _shows(kernel, bug, found))
        if not more:
            return found
        found |= more


def _shows(kernel: Kernel, bug: str, others: frozenset[str]) -> bool:
    """Whether the witness behaves as with the bug, and not as without it."""
    seen = on_kernel(WITNESSES[bug], kernel)
    return seen != on_ring(WITNESSES[bug], others) and seen == on_ring(WITNESSES[bug], others | {bug})
