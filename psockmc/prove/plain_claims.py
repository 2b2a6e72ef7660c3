"""What each operation promises, checked on the plain ring: the spec of the proofs once more, in terms of byte strings.

`broken_claims(ring, "bpf_msg_pop_data", 1, 4)` runs the operation and gives every claim that does not hold, with a
sentence. A counterexample of the prover is replayed with it, so that no picture is printed on one engine's word alone.

A byte is looked at with its copy bit and its page: after an operation each byte that stays must have its content and
its copy bit, except that a byte in a new, private page may be written by the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from errno import EINVAL, ENOMEM, ENOSPC
from typing import Any

from psockmc.prove.plain_memory import Broken
from psockmc.prove.plain_ring import CONTENT_TYPE, Iter, Ring, Wire

Byte = tuple[int, bool, int] | None
"""A byte's value, copy bit and page; None for a new byte of any value, in a private page."""


CURSOR = frozenset({"R5", "R6"})
"""What nobody asks of an empty message, nor of one that only waits to be read: that the copy cursor is in place."""


@dataclass(frozen=True)
class Expected:
    """What should be there afterwards. None: no claim.

    `results`: the results that are right; `cursor`: how many bytes are before the copy cursor; `appends`: the cursor is
    behind the last byte of the last element, so that what is allocated next, there or behind it, is filled next;
    `exposed`: what the program sees; `excused`: claims that the operation leaves to its caller; `tidy`: slots outside
    the message have no length.
    """

    text: Sequence[Byte]
    results: tuple[int, ...] | None = None
    cursor: int | None = None
    appends: bool = False
    exposed: bytes | None = None
    excused: frozenset[str] = frozenset()
    tidy: bool = False


@dataclass(frozen=True)
class Moment:
    """A ring before an operation. `cursor` is None when it is at the end, where nothing may be allocated to yet."""

    text: list[Byte]
    size: int
    cursor: int | None
    pages: frozenset[int]
    out_of_memory: bool


Promise = Callable[[Moment, tuple[Any, ...], int], Expected]


def broken_claims(ring: Ring, operation: str, *arguments: Any, **options: Any) -> dict[str, str]:
    """Run the operation; the claims that do not hold afterwards, each with a sentence; empty if all do.

    Raises LookupError for an operation without promises.
    """
    if operation not in PROMISES:
        raise LookupError(f"there are no promises for {operation}: known are {', '.join(sorted(PROMISES))}")
    before = moment(ring)
    try:
        result = getattr(ring, operation)(*arguments, **options)
        if options.get("uncharge") is False:  # then the caller gives the charge of what was sent back
            ring.sk.charged -= before.size - ring.size
        if operation in SPECIAL:
            return dict(SPECIAL[operation](ring, before, result, arguments))
        number = result if isinstance(result, int) else 0
        expected = PROMISES[operation](before, arguments, number)
        return dict(_differences(ring, before, expected, number))
    except Broken as broken:
        return {broken.claim: broken.sentence}


def moment(ring: Ring) -> Moment:
    """The ring as it is now."""
    memory = ring.memory
    return Moment(text_of(ring), ring.size, _cursor(ring), frozenset(memory.pages), memory.short())


def text_of(ring: Ring) -> list[Byte]:
    """The bytes of the message, each with its copy bit and page."""
    text: list[Byte] = []
    for i in ring.live():
        slot = ring.elem(i)
        text += [(value, ring.copy[i], slot.page) for value in ring.bytes_of(slot)]
    return text


def _cursor(ring: Ring) -> int | None:
    """How many bytes are before the copy cursor; None when it is in no element."""
    live = ring.live()
    if ring.curr not in live:
        return None
    return sum(ring.elem(i).length for i in live[: live.index(ring.curr)]) + ring.copybreak


def _appends(ring: Ring) -> bool:
    return not ring.size or (ring.curr == ring.prev(ring.end) and ring.copybreak == ring.data[ring.curr].length)


def _differences(ring: Ring, before: Moment, expected: Expected, result: int) -> Iterator[tuple[str, str]]:
    if expected.results is not None and result not in expected.results:
        yield "result", f"the result is {result}, right would be {' or '.join(map(str, expected.results))}"
    for broken in ring.violations(without=expected.excused):
        yield broken.claim, broken.sentence
    now = text_of(ring)
    refused = isinstance(expected.results, tuple) and result < 0
    yield from _text_differences(now, expected.text, before.pages, "refused" if refused else "content")
    if expected.cursor is not None and _cursor(ring) != expected.cursor:
        yield "cursor", f"{_cursor(ring)} bytes are before the copy cursor, {expected.cursor} should be"
    if expected.appends and not _appends(ring):
        yield "cursor", f"the copy cursor is at byte {ring.copybreak} of slot {ring.curr}, not behind the last byte"
    if expected.exposed is not None:
        page, offset, length = ring.exposed or (0, 0, 0)
        if ring.memory.read(page, offset, length) != expected.exposed:
            yield "exposed", "the program does not see the bytes that it asked for"
    if expected.tidy:
        yield from _stray(ring)


def _text_differences(
    now: Sequence[Byte], expected: Sequence[Byte], old_pages: frozenset[int], claim: str
) -> Iterator[tuple[str, str]]:
    if len(now) != len(expected):
        yield claim, f"the message has {len(now)} bytes, {len(expected)} should be there"
        return
    pairs = list(zip(now, expected, strict=True))
    wrong = [k for k, (byte, right) in enumerate(pairs) if byte and right and byte[0] != right[0]]
    if wrong:
        yield claim, f"byte {wrong[0]} of the message has another content"
    bits = [k for k, (byte, right) in enumerate(pairs) if byte and not _bit_is_right(byte, right, old_pages)]
    if bits:
        yield "copy", f"the copy bit of byte {bits[0]} of the message is wrong"


def _bit_is_right(byte: tuple[int, bool, int], right: Byte, old_pages: frozenset[int]) -> bool:
    private = byte[2] not in old_pages
    if private:
        return not byte[1]
    return right is None or byte[1] == right[1]


def _stray(ring: Ring) -> Iterator[tuple[str, str]]:
    """F: slots outside the message have no length."""
    for i in range(ring.ids):
        if i not in ring.live() and ring.data[i].length:
            yield "F", f"slot {i} is outside the message and has {ring.data[i].length} bytes"
            return


# What each operation promises


def _trim(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    cursor = None if before.cursor is None or not arguments[0] else min(before.cursor, arguments[0])
    return Expected(before.text[: arguments[0]], None, cursor)


def _same(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    return Expected(before.text, excused=frozenset({"R8"}))


def _return_zero(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    left_to_caller = frozenset({"R3", "R5", "R6", "R7", "R8", "refs"})
    return Expected(before.text[arguments[0] :], excused=left_to_caller)


def _free(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    return Expected([], (before.size,), tidy=True)


def _free_nocharge(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    return Expected([], (before.size,), excused=frozenset({"R8"}), tidy=True)


def _free_partial(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    return Expected(before.text[arguments[0] :], excused=frozenset({"R5", "R6"}))


def _free_partial_nocharge(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    return Expected(before.text[arguments[0] :], excused=frozenset({"R5", "R6", "R8"}))


def _reset_curr(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    return Expected(before.text, appends=True)


def _pull(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    start, end, *flags = arguments
    if any(flags) or not start < end <= before.size:
        return Expected(before.text, (-EINVAL,), before.cursor)
    if result == -ENOMEM and before.out_of_memory:
        return Expected(before.text, (-ENOMEM,), before.cursor)
    seen = bytes(byte[0] for byte in before.text[start:end] if byte)
    return Expected(before.text, (0,), appends=True, exposed=seen, tidy=True)


def _push(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    start, length, *flags = arguments
    if any(flags) or (length and (start > before.size or (result == -EINVAL and length >= 2**31))):
        return Expected(before.text, (-EINVAL,), before.cursor)
    if not length or (result == -ENOMEM and (before.out_of_memory or length > 2**20)):
        return Expected(before.text, (-ENOMEM,) if length else (0,), before.cursor)
    new: list[Byte] = [None] * min(length, 2**20)
    return Expected([*before.text[:start], *new, *before.text[start:]], (0,), appends=True, tidy=True)


def _pop(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    start, length, *flags = arguments
    if any(flags) or (length and not (start < before.size and start + length <= before.size)):
        return Expected(before.text, (-EINVAL,), before.cursor)
    if not length or (result == -ENOMEM and before.out_of_memory):
        return Expected(before.text, (-ENOMEM,) if length else (0,), before.cursor)
    left = [*before.text[:start], *before.text[start + length :]]
    return Expected(left, (0,), appends=True, tidy=True)


def _memcopy(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    """The bytes from the cursor on are the user's; as many as were asked for and have room."""
    source, length = arguments
    assert isinstance(source, Iter)
    if result < 0 or before.cursor is None:
        kept: list[Byte] = [*before.text[: before.cursor], *[None] * (before.size - (before.cursor or 0))]
        return Expected(kept, excused=frozenset({"R5", "R6"}))
    room = min(length, before.size - before.cursor)
    copied = [(value, old[1], old[2]) if old else None
              for value, old in zip(source.data[:room], before.text[before.cursor :], strict=False)]  # fmt: skip
    after = [*before.text[: before.cursor], *copied, *before.text[before.cursor + room :]]
    return Expected(after, (room,))


def _page_add(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    added: list[Byte] = [None] * arguments[1]
    return Expected([*before.text, *added], excused=frozenset({"R8", "copy"}))


def _nothing(before: Moment, arguments: tuple[Any, ...], result: int) -> Expected:
    raise AssertionError("operations with claims of their own have no common promise")


# Operations with more than one outcome


def _alloc(ring: Ring, before: Moment, result: Any, arguments: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    """The message is as long as asked for, or the ring is full, or there is no memory and nothing happened."""
    asked = max(arguments[0], before.size)
    if result == -ENOMEM and before.out_of_memory:
        yield from _differences(ring, before, Expected(before.text, (-ENOMEM,), before.cursor), result)
        return
    full = result == -ENOSPC and ring.full() and before.size <= ring.size < asked
    if not full and (result != 0 or ring.size != asked):
        yield "result", f"the result is {result}, the message has {ring.size} of {asked} bytes"
    for broken in ring.violations():
        yield broken.claim, broken.sentence
    yield from _text_differences(text_of(ring)[: before.size], before.text, before.pages, "content")
    if len(text_of(ring)) != ring.size:
        yield "content", f"the message has {len(text_of(ring))} bytes, its size grew to {ring.size}"
    if before.cursor is not None and _cursor(ring) != before.cursor:
        yield "cursor", f"{_cursor(ring)} bytes are before the copy cursor, {before.cursor} should be"


def _clone(ring: Ring, before: Moment, result: Any, arguments: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    """The bytes come behind the last one and may not be written to; with -ENOSPC as many as there was room for."""
    source, off, length = arguments
    assert isinstance(source, Ring)
    added = [(byte[0], True, byte[2]) for byte in text_of(source)[off : off + length] if byte]
    wanted, now = [*before.text, *added], text_of(ring)
    if result not in (0, -ENOSPC) or (result == -ENOSPC and not (ring.full() and before.size <= len(now))):
        yield "result", f"the result is {result}, right would be 0"
    for broken in ring.violations():
        yield broken.claim, broken.sentence
    yield from _text_differences(now, wanted[: len(now)] if result == -ENOSPC else wanted, before.pages, "content")


def _ingress(ring: Ring, before: Moment, result: Any, arguments: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    """The first bytes are in the new message, the others stay; each socket is charged for its own."""
    error, moved = result
    if moved is None:
        expected = Expected(before.text, (-ENOMEM,) if before.out_of_memory else (0,))
        yield from _differences(ring, before, expected, error)
        return
    asked = min(arguments[1] or before.size, before.size)
    taken = moved.size if before.out_of_memory else asked
    ring.sk.charged -= before.size - ring.size
    for part, text in ((moved, before.text[:taken]), (ring, before.text[taken:])):
        for broken in part.violations(without=CURSOR if part is moved or not ring.size else ()):
            yield broken.claim, broken.sentence
        yield from _text_differences(text_of(part), text, before.pages, "content")
    if moved.sk.rmem_alloc != moved.size:
        yield "rmem", f"{moved.sk.rmem_alloc} bytes count against the receive buffer, {moved.size} are queued"


def _tcp_push(ring: Ring, before: Moment, result: Any, arguments: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    wire, asked = arguments[0], min(arguments[1] or before.size, before.size)
    assert isinstance(wire, Wire)
    sent = len(wire.sent)
    if sent > asked or (result == 0) != (sent == asked) or (result != 0 and wire.left):
        yield "result", f"the result is {result}, {sent} of {asked} bytes were sent"
    if wire.sent != bytes(byte[0] for byte in before.text[:sent] if byte):
        yield "content", "other bytes were sent than the message has"
    for broken in ring.violations(without=() if ring.size else CURSOR):
        yield broken.claim, broken.sentence
    yield from _text_differences(text_of(ring), before.text[sent:], before.pages, "content")


def _tls_record(ring: Ring, before: Moment, result: Any, arguments: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    walked = [part for part in result if part != CONTENT_TYPE]
    if walked != ring.elements():
        yield "chain", f"crypto sees {len(walked)} elements, or others; the message has {len(ring.elements())}"
    yield from _text_differences(text_of(ring), before.text, before.pages, "content")


Outcome = Callable[[Ring, Moment, Any, tuple[Any, ...]], Iterator[tuple[str, str]]]

SPECIAL: dict[str, Outcome] = {
    "sk_msg_alloc": _alloc,
    "sk_msg_clone": _clone,
    "bpf_tcp_ingress": _ingress,
    "tcp_bpf_push": _tcp_push,
    "tls_push_record": _tls_record,
}

PROMISES: dict[str, Promise] = {
    "sk_msg_trim": _trim,
    "sk_msg_return": _same,
    "sk_msg_return_zero": _return_zero,
    "sk_msg_free": _free,
    "sk_msg_free_nocharge": _free_nocharge,
    "sk_msg_free_partial": _free_partial,
    "sk_msg_free_partial_nocharge": _free_partial_nocharge,
    "sk_msg_reset_curr": _reset_curr,
    "sk_msg_memcopy_from_iter": _memcopy,
    "sk_msg_page_add": _page_add,
    "bpf_msg_pull_data": _pull,
    "bpf_msg_push_data": _push,
    "bpf_msg_pop_data": _pop,
    **dict.fromkeys(SPECIAL, _nothing),
}
