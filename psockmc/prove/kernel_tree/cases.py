"""A case: messages, memory and one operation. It runs on the plain ring and on a kernel, observed alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from psockmc.prove.kernel_tree.library import Kernel, Op
from psockmc.prove.plain_ring import PAGE_SIZE, Broken, Iter, Memory, Ring, Slot, Sock, Wire, sk_msg_recvmsg
from psockmc.prove.plain_skmsg import SkMsg

USER_PAGES = 40
"""Number of the first page of the user's memory."""

Element = tuple[int, int, int, bool]


@dataclass(frozen=True)
class Message:
    """What the constructor of `Ring` is given; `unmarked`: without the end mark that an empty ring begins with."""

    start: int = 0
    elements: tuple[Element, ...] = ()
    curr: int | None = None
    copybreak: int | None = None
    skb: bool = False
    apply_bytes: int = 0
    unmarked: bool = False


@dataclass(frozen=True)
class Case:
    """One operation on message 0 (message 1 is the source of a clone or a transfer, or the next one of the queue)."""

    op: Op
    args: tuple[int, ...] = ()
    messages: tuple[Message, ...] = (Message(),)
    frags: int = 5
    fail_at: int = 0
    frag_size: int = 32
    frag_page: int = 0
    frag_offset: int = 0
    data: bytes = b""
    fault_at: int | None = None
    user_offset: int = 0
    wire: tuple[int, int] = (0, 0)


@dataclass
class World:
    """The case's objects on the Python side, before the operation."""

    memory: Memory
    socks: list[Sock]
    rings: list[Ring]
    source: Iter


@dataclass
class Observed:
    """All that an operation did, in numbers that both sides have."""

    oopsed: bool
    result: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    references: dict[int, int] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    charged: list[tuple[int, int]] = field(default_factory=list)
    frag: tuple[int, int] = (0, 0)
    moved: bytes = b""
    warned: int = 0
    queued: int = 0
    walked: list[tuple[int, int, int]] | None = field(default_factory=list)


def build_world(case: Case, bugs: Collection[str]) -> World:
    """Fresh objects for the case."""
    memory = Memory(fail_at=case.fail_at, frag_size=case.frag_size)
    socks = [Sock(), Sock()]
    rings = []
    for message in case.messages:
        ring = Ring(
            case.frags, message.start, message.elements, curr=message.curr, copybreak=message.copybreak,
            memory=memory, sk=socks[0], skb=message.skb, bugs=bugs,
        )  # fmt: skip
        ring.apply_bytes = message.apply_bytes
        if message.unmarked:
            ring.data[ring.ids - 1].last = False
        rings.append(ring)
    socks[0].rmem_alloc = socks[0].charged
    if case.frag_page:
        memory.initial_page(case.frag_page, case.frag_size)
        memory.frag_page, memory.frag_offset = case.frag_page, case.frag_offset
        memory.pages[case.frag_page].refs += 1
    return World(memory, socks, rings, _user_memory(memory, case))


def _user_memory(memory: Memory, case: Case) -> Iter:
    """Pages of the user with the case's data in them, held by the user."""
    count = -(-(case.user_offset + len(case.data)) // PAGE_SIZE) if case.data and case.op == Op.ZEROCOPY else 0
    numbers = list(range(USER_PAGES, USER_PAGES + count))
    padded = bytes(case.user_offset) + case.data
    for at, number in enumerate(numbers):
        memory.initial_page(number, PAGE_SIZE)
        part = padded[at * PAGE_SIZE : (at + 1) * PAGE_SIZE]
        memory.pages[number].content[: len(part)] = part
        memory.hold(number)
    return Iter(case.data, case.fault_at, numbers, case.user_offset)


# On the plain ring


def on_ring(case: Case, bugs: Collection[str] = ()) -> Observed:
    """Run the case on the plain ring; an exception of the ring is an oops."""
    return step_on_ring(case, build_world(case, bugs))


def step_on_ring(case: Case, world: World) -> Observed:
    """Run the operation of the case on a world, which may have gone through others before."""
    wire = Wire(*case.wire)
    seen = Observed(oopsed=False)
    try:
        made = _run_on_ring(case, world, wire, seen)
    except Broken:
        return Observed(oopsed=True)
    memory = world.memory
    seen.messages = [_fields(ring) for ring in _shown(case.op, [*world.rings, *made])]
    seen.references = {number: page.refs for number, page in memory.pages.items()}
    seen.contents = {number: bytes(page.content) for number, page in memory.pages.items()}
    seen.charged = [(sk.charged, sk.rmem_alloc) for sk in world.socks]
    seen.frag = (memory.frag_page, memory.frag_offset)
    seen.warned = len(memory.warnings)
    seen.moved = seen.moved or wire.sent
    return seen


def _run_on_ring(case: Case, world: World, wire: Wire, seen: Observed) -> list[Ring]:
    ring, args = world.rings[0], case.args
    other = world.rings[1] if len(world.rings) > 1 else ring
    match case.op:
        case Op.TRIM:
            ring.sk_msg_trim(*args)
        case Op.ALLOC:
            seen.result = ring.sk_msg_alloc(*args)
        case Op.CLONE:
            seen.result = ring.sk_msg_clone(other, *args)
        case Op.RETURN:
            ring.sk_msg_return(*args)
        case Op.RETURN_ZERO:
            ring.sk_msg_return_zero(*args)
        case Op.FREE:
            seen.result = ring.sk_msg_free()
        case Op.FREE_NOCHARGE:
            seen.result = ring.sk_msg_free_nocharge()
        case Op.FREE_PARTIAL:
            ring.sk_msg_free_partial(*args)
        case Op.FREE_PARTIAL_NOCHARGE:
            ring.sk_msg_free_partial_nocharge(*args)
        case Op.PAGE_ADD:
            ring.sk_msg_page_add(*args)
        case Op.SG_COPY:
            ring.sk_msg_sg_copy(args[0], bool(args[1]))
        case Op.XFER:
            ring.sk_msg_xfer(other, *args)
        case Op.XFER_FULL:
            ring.sk_msg_xfer_full(other)
        case Op.ZEROCOPY:
            seen.result = ring.sk_msg_zerocopy_from_iter(world.source, *args)
        case Op.MEMCOPY:
            seen.result = ring.sk_msg_memcopy_from_iter(world.source, *args)
        case Op.RECVMSG:
            queue: list[SkMsg] = list(world.rings)
            seen.result, seen.moved = sk_msg_recvmsg(ring.sk, queue, args[0], peek=bool(args[1]))
            seen.queued = len(queue)
        case Op.PULL:
            seen.result = ring.bpf_msg_pull_data(*args)
        case Op.PUSH:
            seen.result = ring.bpf_msg_push_data(*args)
        case Op.POP:
            seen.result = ring.bpf_msg_pop_data(*args)
        case Op.INGRESS:
            seen.result, moved = ring.bpf_tcp_ingress(world.socks[1], *args)
            return [moved] if moved else []
        case Op.TCP_PUSH:
            seen.result = ring.tcp_bpf_push(wire, args[0], uncharge=bool(args[1]))
        case Op.TLS_RECORD:
            seen.walked = _walk(ring, bool(args[0]))
        case Op.TLS_SPLIT | Op.TLS_MERGE:
            seen.result, rest, room, end = ring.tls_split_open_record(other, args[0])
            if seen.result:
                return []
            if case.op == Op.TLS_MERGE:
                ring.tls_merge_open_record(other, rest, room, end)
            return [rest, room]
    return []  # fmt: skip


def _walk(ring: Ring, tls13: bool) -> list[tuple[int, int, int]] | None:
    """What crypto sees, None if that is nonsense."""
    try:
        return [part if isinstance(part, tuple) else (0xFFFF, 0, 1) for part in ring.tls_push_record(tls13=tls13)]
    except Broken:
        return None


def _shown(op: Op, rings: list[Ring]) -> list[Ring]:
    """The messages to compare: not what was copied into a record, freed with its owner, or is no message any more."""
    if op == Op.TLS_MERGE:
        return rings[:2]
    return rings if op != Op.TLS_RECORD else []


def _fields(ring: Ring) -> dict[str, Any]:
    shown = {name: getattr(ring, name) for name in ("start", "curr", "end", "size", "copybreak", "apply_bytes")}
    return {**shown, "slots": _slots(zip(ring.data, ring.copy, strict=True)), "exposed": _exposed(ring)}


def _slots(slots: Iterable[tuple[Slot, bool]]) -> list[dict[str, Any]]:
    return [{**asdict(slot), "copy": copy} for slot, copy in slots]


def _exposed(ring: Ring) -> tuple[int, int] | None:
    if ring.exposed is None:
        return None
    page, offset, length = ring.exposed
    return (page << 22) + offset, length


# On the kernel


def on_kernel(case: Case, kernel: Kernel) -> Observed:
    """Run the case on a compiled kernel."""
    world = build_world(case, ())
    placed = _placed(case.op, world.rings)
    kernel.load([ring for ring, _ in placed], world.memory, world.socks, [number for _, number in placed])
    if case.op == Op.RECVMSG:
        kernel.queue(len(world.rings))
    return step_on_kernel(case, kernel, world.source)


def step_on_kernel(case: Case, kernel: Kernel, source: Iter) -> Observed:
    """Run the operation of the case on the messages as the kernel has them."""
    kernel.user(source)
    kernel.wire(*case.wire)
    args = (1, *case.args) if case.op in (Op.CLONE, Op.XFER, Op.XFER_FULL) else case.args
    outcome = kernel.run(Op.TLS_SPLIT if case.op == Op.TLS_MERGE else case.op, 0, *args)
    if case.op == Op.TLS_MERGE and not outcome.oopsed and not outcome.result:
        outcome = kernel.run(Op.TLS_MERGE)
    if outcome.oopsed:
        return Observed(oopsed=True)
    return _observe(case, kernel, outcome.result)


def _placed(op: Op, rings: list[Ring]) -> list[tuple[Ring, int]]:
    """The messages and their numbers in the library; a record's ciphertext has number 3."""
    if op in (Op.TLS_SPLIT, Op.TLS_MERGE):
        return list(zip(rings, (0, 3), strict=True))
    return list(zip(rings, range(len(rings)), strict=True))


def _observe(case: Case, kernel: Kernel, result: int) -> Observed:
    numbers = {
        Op.INGRESS: [0, 1] if result == 0 else [0],
        Op.TLS_SPLIT: [0, 3, 1, 2] if result == 0 else [0, 3],
        Op.TLS_MERGE: [0, 3],
        Op.TLS_RECORD: [],
    }.get(case.op, list(range(len(case.messages))))
    references = kernel.references()
    seen = Observed(oopsed=False, result=result)
    seen.messages = [_fields_of(kernel, number) for number in numbers]
    seen.references = references
    seen.contents = {number: kernel.content(number) for number in references}
    seen.charged = [kernel.charged(0), kernel.charged(1)]
    seen.frag = kernel.frag()
    seen.warned = kernel.warnings()
    seen.queued = kernel.queued() if case.op == Op.RECVMSG else 0
    seen.walked = kernel.walked()
    seen.moved = kernel.received() if case.op == Op.RECVMSG else kernel.sent()
    return seen


def _fields_of(kernel: Kernel, number: int) -> dict[str, Any]:
    state = kernel.describe(number)
    shown = {name: getattr(state, name) for name in ("start", "curr", "end", "size", "copybreak", "apply_bytes")}
    exposed = (state.exposed_at, state.exposed_length) if state.exposed else None
    return {**shown, "slots": _slots(kernel.slots(number)), "exposed": exposed}
