"""The plain ring against byte strings: any sequence of operations does to the ring what it does to plain bytes.

Each message has its bytes as a Python byte string beside it. After every operation the message must say these bytes
and R1 to R8 must hold, with references and charges counted over all messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from errno import EINVAL, ENOMEM, ENOSPC

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from psockmc.prove.plain_ring import Iter, Memory, Ring, Sock, Wire, sk_msg_recvmsg
from psockmc.prove.plain_slots import SlotArray

FRAGS = 4
FRAG_SIZE = 16
PICK = st.integers(0, 99)


@dataclass
class Message:
    """A ring, the bytes it should say, and what is excused.

    `stale_bits`: sending and receiving leave copy bits of finished slots behind (R7). `closed`: nobody sets the copy
    cursor behind the last byte, so nothing may be appended by copying.
    """

    ring: Ring
    text: bytes
    stale_bits: bool = False
    closed: bool = False

    def excused(self) -> set[str]:
        """The claims that need not hold. A message that was sent to its end leaves the cursor behind; this heals."""
        return {claim for claim, excused in self._excuses() if excused}

    def _excuses(self) -> list[tuple[str, bool]]:
        cursor = self.closed or not self.text
        return [("R7", self.stale_bits), ("R5", cursor), ("R6", cursor)]


class RingMachine(RuleBasedStateMachine):
    """Messages of one socket, and the queue of another one."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(frag_size=FRAG_SIZE)
        self.sk, self.target = Sock(), Sock()
        self.messages = [Message(self._ring(), b"")]
        self.queue: list[Message] = []
        self.counter = 0

    def _ring(self, start: int = 0) -> Ring:
        return Ring(FRAGS, start, memory=self.memory, sk=self.sk)

    def _pick(self, number: int) -> Message:
        return self.messages[number % len(self.messages)]

    def _fresh(self, length: int) -> bytes:
        """Bytes that were not there before."""
        self.counter += 1
        return bytes((self.counter * 37 + i) & 0xFF for i in range(length))

    def _drop(self, message: Message) -> None:
        self.messages.remove(message)
        self.memory.messages.remove(message.ring)

    # Growing

    @precondition(lambda self: len(self.messages) < 3)
    @rule(start=st.integers(0, FRAGS))
    def begin(self, start: int) -> None:
        self.messages.append(Message(self._ring(start), b""))

    @rule(pick=PICK, length=st.integers(1, 40), fails=st.sampled_from((0, 0, 0, 1, 2)))
    def sendmsg(self, pick: int, length: int, fails: int) -> None:
        message = self._pick(pick)
        ring, old = message.ring, message.ring.size
        if message.closed or (ring.full() and ring.curr == ring.end):
            return  # after zero copy, TLS sends a full record before it copies again
        self.memory.fail_at = self.memory.requests + fails if fails else 0
        result = ring.sk_msg_alloc(old + length, ring.end - 1)
        self.memory.fail_at = 0
        if result == -ENOMEM:
            assert bytes(ring) == message.text
            return
        grown = ring.size - old
        assert grown == length if result == 0 else result == -ENOSPC and grown < length and ring.full()
        data = self._fresh(length)
        assert ring.sk_msg_memcopy_from_iter(Iter(data), grown) == (grown or -ENOSPC)
        message.text += data[:grown]

    @rule(pick=PICK, length=st.integers(2, 40), fault=st.integers(0, 20))
    def sendmsg_from_bad_memory(self, pick: int, length: int, fault: int) -> None:
        ring = self._pick(pick).ring
        old = ring.size
        if not self._pick(pick).closed and ring.sk_msg_alloc(old + length, ring.end - 1) == 0:
            data = self._fresh(length)
            assert ring.sk_msg_memcopy_from_iter(Iter(data, fault_at=min(fault, length - 1)), length) < 0
        ring.sk_msg_trim(old)

    @rule(pick=PICK, length=st.integers(1, 9))
    def sendpage(self, pick: int, length: int) -> None:
        message = self._pick(pick)
        if message.ring.full():
            return
        page = self._foreign_page()
        message.ring.sk_msg_page_add(page, length, 3)
        self.sk.charged += length
        message.text += self.memory.read(page, 3, length)
        message.closed = True

    @rule(pick=PICK, length=st.integers(1, 9000), offset=st.integers(0, 4095))
    def zerocopy(self, pick: int, length: int, offset: int) -> None:
        message = self._pick(pick)
        ring = message.ring
        pages = [self._foreign_page() for _ in range(-(-(offset + length) // 4096))]
        data = b"".join(self.memory.read(page, 0, 4096) for page in pages)[offset : offset + length]
        fits = len(pages) <= FRAGS - ring.used()
        old = ring.size
        assert (ring.sk_msg_zerocopy_from_iter(Iter(data, None, pages, offset), length) == 0) == fits
        if fits:
            ring.sk_msg_sg_copy((ring.end - len(pages)) % ring.ids, True)
            message.text += data
            message.closed = False
        else:
            ring.sk_msg_trim(old)

    def _foreign_page(self) -> int:
        page = max(self.memory.pages, default=0) + 1
        self.memory.initial_page(page, 4096)
        self.memory.hold(page)
        return page

    # Shrinking

    @rule(pick=PICK, keep=PICK)
    def trim(self, pick: int, keep: int) -> None:
        message = self._pick(pick)
        length = keep % (len(message.text) + 1)
        message.ring.sk_msg_trim(length)
        message.text = message.text[:length]
        message.closed = message.closed and length > 0

    @rule(pick=PICK, part=PICK)
    def free_partial(self, pick: int, part: int) -> None:
        message = self._pick(pick)
        length = part % (len(message.text) + 1)
        message.ring.sk_msg_free_partial(length)
        message.text = message.text[length:]
        message.closed = message.closed or length > 0

    @rule(pick=PICK)
    def free(self, pick: int) -> None:
        message = self._pick(pick)
        assert message.ring.sk_msg_free() == len(message.text)
        message.text, message.stale_bits, message.closed = b"", False, False

    @rule(pick=PICK)
    def return_and_free(self, pick: int) -> None:
        message = self._pick(pick)
        message.ring.sk_msg_return(len(message.text))
        message.ring.sk_msg_free_nocharge()
        message.text, message.stale_bits, message.closed = b"", False, False

    # What a program does

    @rule(pick=PICK, start=PICK, length=st.one_of(st.integers(0, 30), st.just(2**32 - 1)))
    def pull(self, pick: int, start: int, length: int) -> None:
        message = self._pick(pick)
        end = start + length & 0xFFFFFFFF
        if not message.text:
            return
        result = message.ring.bpf_msg_pull_data(start, end)
        assert result == (0 if start < end <= len(message.text) else -EINVAL)
        if result == 0:
            page, offset, shown = message.ring.exposed or (0, 0, 0)
            assert self.memory.read(page, offset, shown) == message.text[start:end]
            assert not message.ring.copy[message.ring.start] or start >= message.ring.data[message.ring.start].length
            message.closed = message.ring.copy[message.ring.prev(message.ring.end)]

    @rule(pick=PICK, at=PICK, length=st.integers(1, 9))
    def push(self, pick: int, at: int, length: int) -> None:
        message = self._pick(pick)
        start = at % (len(message.text) + 2)
        if not message.text or (message.ring.full() and start == len(message.text)):
            return  # appending to a full ring is test_push_at_the_end_of_a_full_ring_loses_the_message
        result = message.ring.bpf_msg_push_data(start, length)
        assert result == (0 if start <= len(message.text) else -EINVAL)
        if result == 0:
            message.text = message.text[:start] + bytes(length) + message.text[start:]
            message.closed = False
            for i in message.ring.live():  # a mark may be left inside the message: test_plain_ring_findings.py
                message.ring.data[i].last = False

    @rule(pick=PICK, at=PICK, length=st.one_of(st.integers(1, 30), st.just(2**32 - 1)))
    def pop(self, pick: int, at: int, length: int) -> None:
        message = self._pick(pick)
        if not message.text:
            return
        start = at % (len(message.text) + 2)
        result = message.ring.bpf_msg_pop_data(start, length)
        inside = start < len(message.text) and start + length <= len(message.text)
        assert result == (0 if inside else -EINVAL)
        if result == 0:
            message.text = message.text[:start] + message.text[start + length :]
            message.closed = False

    # Going elsewhere

    @rule(pick=PICK, apply=st.integers(0, 30), chunk=st.integers(1, 9), left=st.integers(0, 60))
    def send(self, pick: int, apply: int, chunk: int, left: int) -> None:
        message = self._pick(pick)
        if not message.text:
            return
        wire = Wire(chunk, left)
        result = message.ring.tcp_bpf_push(wire, min(apply, len(message.text)))
        wanted = min(apply or len(message.text), len(message.text))
        assert len(wire.sent) == min(wanted, left)
        assert (result == 0) == (left >= wanted)
        assert wire.sent == message.text[: len(wire.sent)]
        message.text = message.text[len(wire.sent) :]
        message.stale_bits = True
        message.closed = message.closed or message.text != b""  # see test_plain_ring_findings.py

    @rule(pick=PICK, apply=st.integers(0, 30))
    def redirect(self, pick: int, apply: int) -> None:
        message = self._pick(pick)
        if not message.text:
            return
        before = message.ring.size
        result, moved = message.ring.bpf_tcp_ingress(self.target, apply)
        assert result == 0
        assert moved is not None
        self.sk.charged -= before - message.ring.size
        taken = min(apply or before, before)
        self.queue.append(Message(moved, message.text[:taken]))
        message.text = message.text[taken:]
        message.closed = message.closed or message.text != b""

    @precondition(lambda self: self.queue)
    @rule(length=st.integers(1, 40), peek=st.booleans())
    def recvmsg(self, length: int, peek: bool) -> None:
        text = b"".join(message.text for message in self.queue)
        rings = [message.ring for message in self.queue]
        result, data = sk_msg_recvmsg(self.target, rings, length, peek=peek)
        assert result == len(data)
        assert data == text[: len(data)]
        if peek:
            return
        assert len(data) == min(length, len(text))
        for message in list(self.queue):
            taken = min(len(data), len(message.text))
            message.text, data, message.stale_bits = message.text[taken:], data[taken:], True
            if message.ring not in rings:
                self.queue.remove(message)
                self.memory.messages.remove(message.ring)

    @precondition(lambda self: len(self.messages) < 3)
    @rule(pick=PICK, off=PICK, length=PICK)
    def clone(self, pick: int, off: int, length: int) -> None:
        source = self._pick(pick)
        off %= len(source.text) + 1
        length = min(length, len(source.text) - off)
        copy = self._ring()
        assert copy.sk_msg_clone(source.ring, off, length) == 0
        self.messages.append(Message(copy, source.text[off : off + length], closed=True))

    @precondition(lambda self: len(self.messages) < 2)
    @rule(pick=PICK, apply=st.integers(1, 60))
    def split(self, pick: int, apply: int) -> None:
        message = self._pick(pick)
        if not message.text or message.stale_bits:
            return
        message.ring.apply_bytes = apply
        result, rest, room, _ = message.ring.tls_split_open_record(self._ring(), 5)
        if result < 0:
            self.memory.messages.remove(rest)
            return
        room.sk_msg_free()
        message.stale_bits = True
        self.messages.append(Message(rest, message.text[apply:], closed=True))
        message.text, message.closed = message.text[:apply], True

    @precondition(lambda self: len(self.messages) > 1)
    @rule(pick=PICK)
    def hand_over(self, pick: int) -> None:
        message = self._pick(pick)
        copy = self._ring()
        copy.sk_msg_xfer_full(message.ring)
        self._drop(message)
        message.ring = copy
        self.messages.append(message)

    # What must hold

    @invariant()
    def messages_say_their_bytes(self) -> None:
        for message in [*self.messages, *self.queue]:
            assert bytes(message.ring) == message.text

    @invariant()
    def the_ring_invariants_hold(self) -> None:
        for message in self.messages:
            message.ring.check(without=message.excused())
        for message in self.queue:
            message.ring.check(without={"R5", "R6", "R7"})

    @invariant()
    def crypto_sees_the_elements(self) -> None:
        for message in self.messages:
            if message.text and not message.stale_bits:
                assert message.ring.elements() == [part for part in walked(message.ring) if isinstance(part, tuple)]

    @invariant()
    def received_bytes_are_counted(self) -> None:
        assert self.target.rmem_alloc == sum(len(message.text) for message in self.queue)


def walked(ring: Ring) -> list[object]:
    """What crypto would see; the ring stays as it is."""
    kept = SlotArray(slot.copy() for slot in ring.data)
    seen = list(ring.tls_push_record(tls13=True))
    ring.data = kept
    return seen


TestPlainRing = RingMachine.TestCase
TestPlainRing.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
