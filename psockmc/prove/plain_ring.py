"""A plain Python ring: the oracle of the ring proofs, and what a counterexample's pytest replays on.

`Ring` holds real bytes in real pages with real reference counts. Its methods carry the names of the kernel's functions
(without the message and the socket, which are the ring and its `sk`) and return what those return:

    ring = Ring(frags=5, start=3, elements=[(1, 0, 4, False), (2, 8, 3, True)])
    assert ring.bpf_msg_pop_data(1, 2) == 0
    ring.check()                       # raises Broken for the first of R1 to R8 that does not hold
    assert bytes(ring) == ...          # the byte string that the message is

The layers: `plain_memory` (pages, charges, C integers), `plain_slots` (the ring, include/linux/skmsg.h),
`plain_skmsg` (net/core/skmsg.c), `plain_helpers` (net/core/filter.c), `plain_tls` (net/tls/tls_sw.c),
`plain_tcp` (net/ipv4/tcp_bpf.c). They are written from what the functions are for, in C's widths, and independently of
the models: where both agree on random rings, neither has a slip of its own.
"""

from __future__ import annotations

from psockmc.prove.plain_memory import PAGE_SIZE, Broken, Iter, Memory, Page, Sock, s32, u32
from psockmc.prove.plain_skmsg import sk_msg_recvmsg
from psockmc.prove.plain_slots import KNOWN_BUGS, Element, Slot, sk_msg_apply_bytes
from psockmc.prove.plain_tcp import Wire
from psockmc.prove.plain_tls import CONTENT_TYPE, Tls

__all__ = [
    "CONTENT_TYPE",
    "KNOWN_BUGS",
    "PAGE_SIZE",
    "Broken",
    "Element",
    "Iter",
    "Memory",
    "Page",
    "Ring",
    "Slot",
    "Sock",
    "Wire",
    "s32",
    "sk_msg_apply_bytes",
    "sk_msg_recvmsg",
    "u32",
]


class Ring(Tls):
    """A message with every operation that the kernel has for it. The constructor is described at `Slots`."""
