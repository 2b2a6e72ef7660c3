"""Random cases: rings that satisfy R1 to R8, and arguments inside and at the borders of what an operation allows."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.ring.kernel.cases import Case, Element, Message
from tests.ring.kernel.library import Op

FRAG_SIZE = 32


@st.composite
def elements(draw: DrawFn, count: int) -> tuple[Element, ...]:
    """Pieces of a few pages, none overlapping another, some touching."""
    ends: dict[int, int] = {}
    made = []
    for _ in range(count):
        page = draw(st.integers(1, 4))
        offset = ends.get(page, 0) + draw(st.sampled_from((0, 0, 1, 5)))
        length = draw(st.integers(1, 9))
        ends[page] = offset + length
        made.append((page, offset, length, draw(st.booleans())))
    return tuple(made)


@st.composite
def messages(draw: DrawFn, frags: int, smallest: int = 0, largest: int | None = None) -> Message:
    """A message with any start and any copy cursor that the invariants allow."""
    count = draw(st.integers(smallest, frags if largest is None else largest))
    parts = draw(elements(count))
    start = draw(st.integers(0, frags))
    at = draw(st.integers(0, count))
    curr = (start + at) % (frags + 1)
    copybreak = draw(st.integers(0, parts[at][2])) if at < count else 0
    return Message(start, parts, curr, copybreak)


def size(message: Message) -> int:
    """How many bytes the message has."""
    return sum(length for _, _, length, _ in message.elements)


def position(top: int) -> SearchStrategy[int]:
    """A u32, mostly near the message: byte positions, byte counts."""
    return st.one_of(st.integers(0, top + 1), st.sampled_from((top, top + 1, 2**31, 2**32 - 1, 2**32 - 3)))


@st.composite
def cases(draw: DrawFn, op: Op, frags: int) -> Case:
    """A case of one operation."""
    message = draw(messages(frags, smallest=0 if op in MAY_BE_EMPTY else 1))
    total = size(message)
    fail_at = draw(st.sampled_from((0, 0, 0, 0, 1, 2, 3)))
    case = Case(op, (), (message,), frags, fail_at, FRAG_SIZE)
    return draw(ARGUMENTS[op](case, total))


def with_args(case: Case, **changes: object) -> Case:
    """The case with other fields."""
    return Case(**{**case.__dict__, **changes})  # type: ignore[arg-type]


@st.composite
def _bytes(draw: DrawFn, case: Case, total: int) -> Case:
    """Operations on the first or last bytes."""
    return with_args(case, args=(draw(st.integers(0, total)),))


def _nothing(case: Case, total: int) -> SearchStrategy[Case]:
    return st.just(case)


@st.composite
def _range(draw: DrawFn, case: Case, total: int) -> Case:
    """The BPF helpers: two positions, and seldom a flag."""
    return with_args(case, args=(draw(position(total)), draw(position(total)), draw(st.sampled_from((0, 0, 0, 0, 1)))))


@st.composite
def _push(draw: DrawFn, case: Case, total: int) -> Case:
    length = st.one_of(st.integers(0, 9), st.sampled_from((2**32 - 1, 2**32 - 4, 2**31, 4090)))
    return with_args(case, args=(draw(position(total)), draw(length), 0))


@st.composite
def _alloc(draw: DrawFn, case: Case, total: int) -> Case:
    """Growing from a fragment page that may touch the last element."""
    message = case.messages[0]
    page, offset = draw(st.integers(1, 6)), draw(st.integers(0, FRAG_SIZE))
    if message.elements and draw(st.booleans()):
        page, offset = message.elements[-1][0], message.elements[-1][1] + message.elements[-1][2]
    offset = min(offset, FRAG_SIZE)
    wanted = draw(st.integers(0, total + (case.frags + 2) * FRAG_SIZE))
    first = draw(
        st.one_of(st.just((message.start + len(message.elements)) % (case.frags + 1) - 1), st.integers(0, case.frags))
    )
    return with_args(case, args=(wanted, first), frag_page=page, frag_offset=offset)  # fmt: skip


@st.composite
def _clone(draw: DrawFn, case: Case, total: int) -> Case:
    source = draw(messages(case.frags, smallest=1))
    off = draw(st.integers(0, size(source)))
    return with_args(case, messages=(case.messages[0], source), args=(off, draw(st.integers(0, size(source) - off))))


@st.composite
def _page_add(draw: DrawFn, case: Case, total: int) -> Case:
    message = draw(messages(case.frags, 1, case.frags - 1))
    return with_args(case, messages=(message,), args=(message.elements[0][0], draw(st.integers(1, 9)), 0))


@st.composite
def _sg_copy(draw: DrawFn, case: Case, total: int) -> Case:
    message = case.messages[0]
    at = draw(st.integers(0, len(message.elements)))
    return with_args(case, args=((message.start + at) % (case.frags + 1), draw(st.integers(0, 1))))


@st.composite
def _xfer(draw: DrawFn, case: Case, total: int) -> Case:
    source = draw(messages(case.frags, smallest=1))
    at = draw(st.integers(0, len(source.elements) - 1))
    taken = draw(st.integers(1, source.elements[at][2]))
    return with_args(
        case, messages=(Message(source.start), source), args=((source.start + at) % (case.frags + 1), taken)
    )


@st.composite
def _xfer_full(draw: DrawFn, case: Case, total: int) -> Case:
    return with_args(case, messages=(Message(), draw(messages(case.frags))))


@st.composite
def _zerocopy(draw: DrawFn, case: Case, total: int) -> Case:
    length = draw(st.integers(1, 20000))
    fault_at = draw(st.one_of(st.none(), st.integers(0, length)))
    data = bytes(i * 7 + 3 & 0xFF for i in range(length))
    return with_args(case, args=(draw(st.integers(1, length)),), data=data, fault_at=fault_at,
                     user_offset=draw(st.integers(0, 4095)))  # fmt: skip


@st.composite
def _memcopy(draw: DrawFn, case: Case, total: int) -> Case:
    length = draw(st.integers(1, total + 3))
    fault_at = draw(st.one_of(st.none(), st.integers(0, length)))
    data = bytes(i * 7 + 3 & 0xFF for i in range(length))
    return with_args(case, args=(length,), data=data, fault_at=fault_at)


@st.composite
def _recvmsg(draw: DrawFn, case: Case, total: int) -> Case:
    """Queued messages: redirected ones, or one backed by an skb with up to one element more than a ring has."""
    queued = [case.messages[0]]
    if draw(st.booleans()):
        parts = draw(elements(draw(st.integers(0, case.frags + 1))))
        queued.insert(draw(st.integers(0, 1)), Message(0, parts, 0, 0, skb=True))
    queued = [Message(**{**message.__dict__, "unmarked": not message.skb}) for message in queued]
    everything = sum(size(message) for message in queued)
    peek = draw(st.integers(0, 1))
    return with_args(case, messages=tuple(queued), args=(draw(st.integers(1, everything + 2)), peek))


@st.composite
def _ingress(draw: DrawFn, case: Case, total: int) -> Case:
    return with_args(case, args=(draw(st.integers(0, total + 1)),))


@st.composite
def _tcp_push(draw: DrawFn, case: Case, total: int) -> Case:
    wire = (draw(st.integers(1, 12)), draw(st.one_of(st.just(1000), st.integers(0, total))))
    return with_args(case, args=(draw(st.integers(0, total)), draw(st.integers(0, 1))), wire=wire)


@st.composite
def _tls_record(draw: DrawFn, case: Case, total: int) -> Case:
    return with_args(case, args=(draw(st.integers(0, 1)),))


@st.composite
def _tls_split(draw: DrawFn, case: Case, total: int) -> Case:
    message = Message(**{**case.messages[0].__dict__, "apply_bytes": draw(st.integers(0, total + 1))})
    encrypted = Message(0, ((30, 0, total + 9, False),))
    return with_args(case, messages=(message, encrypted), args=(draw(st.integers(0, 5)),))


MAY_BE_EMPTY = (Op.TRIM, Op.ALLOC, Op.CLONE, Op.RETURN, Op.FREE, Op.FREE_NOCHARGE, Op.ZEROCOPY)

ARGUMENTS = {
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
