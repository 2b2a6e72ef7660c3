"""Random cases: rings that satisfy R1 to R8, and arguments inside and at the borders of what an operation allows.

Everything is drawn from one `random.Random`, so a seed stands for a case. Tests give one that Hypothesis steers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from psockmc.prove.kernel_tree.cases import Case, Element, Message
from psockmc.prove.kernel_tree.library import Op
from psockmc.prove.plain_memory import PAGE_SIZE

FRAG_SIZE = 32
"""Bytes of a page that sk_page_frag_refill takes to allocate from: small, so that an allocation needs several."""

U32_MAX = 2**32 - 1


def random_case(rng: Random, op: Op, frags: int) -> Case:
    """A case of one operation, for rings of `frags` fragments."""
    message = random_message(rng, frags, smallest=0 if op in MAY_BE_EMPTY else 1)
    fail_at = rng.choice((0, 0, 0, 0, 1, 2, 3))
    return ARGUMENTS[op](rng, Case(op, (), (message,), frags, fail_at, FRAG_SIZE), size(message))


def random_message(rng: Random, frags: int, smallest: int = 0, largest: int | None = None) -> Message:
    """A message with any start and any copy cursor that the invariants allow."""
    count = rng.randint(smallest, frags if largest is None else largest)
    parts = random_elements(rng, count)
    start = rng.randint(0, frags)
    at = rng.randint(0, count)
    copybreak = rng.randint(0, parts[at][2]) if at < count else 0
    return Message(start, parts, (start + at) % (frags + 1), copybreak)


def random_elements(rng: Random, count: int) -> tuple[Element, ...]:
    """Pieces of a few pages, none overlapping another, some touching."""
    ends: dict[int, int] = {}
    made = []
    for _ in range(count):
        page = rng.randint(1, 4)
        offset = ends.get(page, 0) + rng.choice((0, 0, 1, 5))
        length = rng.randint(1, 9)
        ends[page] = offset + length
        made.append((page, offset, length, _either(rng)))
    return tuple(made)


def size(message: Message) -> int:
    """How many bytes the message has."""
    return sum(length for _, _, length, _ in message.elements)


def _either(rng: Random) -> bool:
    return rng.randint(0, 1) == 1


def _position(rng: Random, top: int) -> int:
    """A u32, mostly near the message: byte positions, byte counts."""
    return rng.randint(0, top + 1) if _either(rng) else rng.choice((top, top + 1, 2**31, U32_MAX, U32_MAX - 2))


def _slot(case: Case, message: Message, at: int) -> int:
    """The slot of the element number `at`."""
    return (message.start + at) % (case.frags + 1)


# The arguments of each operation


def _bytes(rng: Random, case: Case, total: int) -> Case:
    """Operations on the first or last bytes."""
    return replace(case, args=(rng.randint(0, total),))


def _nothing(rng: Random, case: Case, total: int) -> Case:
    return case


def _range(rng: Random, case: Case, total: int) -> Case:
    """The BPF helpers: two positions, and seldom a flag."""
    return replace(case, args=(_position(rng, total), _position(rng, total), rng.choice((0, 0, 0, 0, 1))))


def _push(rng: Random, case: Case, total: int) -> Case:
    length = rng.randint(0, 9) if _either(rng) else rng.choice((U32_MAX, U32_MAX - 3, 2**31, PAGE_SIZE - 6))
    return replace(case, args=(_position(rng, total), length, 0))


def _alloc(rng: Random, case: Case, total: int) -> Case:
    """Growing from a fragment page that may touch the last element."""
    message = case.messages[0]
    page, offset = rng.randint(1, 6), rng.randint(0, FRAG_SIZE)
    if message.elements and _either(rng):
        page, offset = message.elements[-1][0], message.elements[-1][1] + message.elements[-1][2]
    wanted = rng.randint(0, total + (case.frags + 2) * FRAG_SIZE)
    coalesce = rng.randint(0, case.frags) if _either(rng) else _slot(case, message, len(message.elements)) - 1
    return replace(case, args=(wanted, coalesce), frag_page=page, frag_offset=min(offset, FRAG_SIZE))


def _clone(rng: Random, case: Case, total: int) -> Case:
    source = random_message(rng, case.frags, smallest=1)
    off = rng.randint(0, size(source))
    return replace(case, messages=(case.messages[0], source), args=(off, rng.randint(0, size(source) - off)))


def _page_add(rng: Random, case: Case, total: int) -> Case:
    message = random_message(rng, case.frags, 1, case.frags - 1)
    return replace(case, messages=(message,), args=(message.elements[0][0], rng.randint(1, 9), 0))


def _sg_copy(rng: Random, case: Case, total: int) -> Case:
    message = case.messages[0]
    slot = _slot(case, message, rng.randint(0, len(message.elements)))
    return replace(case, args=(slot, rng.randint(0, 1)))


def _xfer(rng: Random, case: Case, total: int) -> Case:
    source = random_message(rng, case.frags, smallest=1)
    at = rng.randint(0, len(source.elements) - 1)
    taken = rng.randint(1, source.elements[at][2])
    return replace(case, messages=(Message(source.start), source), args=(_slot(case, source, at), taken))


def _xfer_full(rng: Random, case: Case, total: int) -> Case:
    return replace(case, messages=(Message(), random_message(rng, case.frags)))


def _data(rng: Random, case: Case, length: int) -> Case:
    """With data of the user, which perhaps cannot be read up to its end."""
    fault_at = rng.randint(0, length) if _either(rng) else None
    return replace(case, data=bytes(i * 7 + 3 & 0xFF for i in range(length)), fault_at=fault_at)


def _zerocopy(rng: Random, case: Case, total: int) -> Case:
    length = rng.randint(1, 5 * PAGE_SIZE)
    case = replace(case, args=(rng.randint(1, length),), user_offset=rng.randint(0, PAGE_SIZE - 1))
    return _data(rng, case, length)


def _memcopy(rng: Random, case: Case, total: int) -> Case:
    length = rng.randint(1, total + 3)
    return _data(rng, replace(case, args=(length,)), length)


def _recvmsg(rng: Random, case: Case, total: int) -> Case:
    """Queued messages: redirected ones, or one backed by an skb with up to one element more than a ring has."""
    queued = [case.messages[0]]
    if _either(rng):
        parts = random_elements(rng, rng.randint(0, case.frags + 1))
        queued.insert(rng.randint(0, 1), Message(0, parts, 0, 0, skb=True))
    queued = [replace(message, unmarked=not message.skb) for message in queued]
    everything = sum(size(message) for message in queued)
    return replace(case, messages=tuple(queued), args=(rng.randint(1, everything + 2), rng.randint(0, 1)))


def _ingress(rng: Random, case: Case, total: int) -> Case:
    return replace(case, args=(rng.randint(0, total + 1),))


def _tcp_push(rng: Random, case: Case, total: int) -> Case:
    wire = (rng.randint(1, 12), rng.randint(0, total) if _either(rng) else 1000)
    return replace(case, args=(rng.randint(0, total), rng.randint(0, 1)), wire=wire)


def _tls_record(rng: Random, case: Case, total: int) -> Case:
    return replace(case, args=(rng.randint(0, 1),))


def _tls_split(rng: Random, case: Case, total: int) -> Case:
    message = replace(case.messages[0], apply_bytes=rng.randint(0, total + 1))
    encrypted = Message(0, ((30, 0, total + 9, False),))
    return replace(case, messages=(message, encrypted), args=(rng.randint(0, 5),))


MAY_BE_EMPTY = (Op.TRIM, Op.ALLOC, Op.CLONE, Op.RETURN, Op.FREE, Op.FREE_NOCHARGE, Op.ZEROCOPY)

ARGUMENTS: dict[Op, Callable[[Random, Case, int], Case]] = {
    **dict.fromkeys((Op.TRIM, Op.RETURN, Op.RETURN_ZERO, Op.FREE_PARTIAL, Op.FREE_PARTIAL_NOCHARGE), _bytes),
    **dict.fromkeys((Op.FREE, Op.FREE_NOCHARGE), _nothing),
    **dict.fromkeys((Op.PULL, Op.POP), _range),
    **dict.fromkeys((Op.TLS_SPLIT, Op.TLS_MERGE), _tls_split),
    Op.PUSH: _push,
    Op.ALLOC: _alloc,
    Op.CLONE: _clone,
    Op.PAGE_ADD: _page_add,
    Op.SG_COPY: _sg_copy,
    Op.XFER: _xfer,
    Op.XFER_FULL: _xfer_full,
    Op.ZEROCOPY: _zerocopy,
    Op.MEMCOPY: _memcopy,
    Op.RECVMSG: _recvmsg,
    Op.INGRESS: _ingress,
    Op.TCP_PUSH: _tcp_push,
    Op.TLS_RECORD: _tls_record,
}
