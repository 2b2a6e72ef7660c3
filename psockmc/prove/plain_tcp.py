"""The plain ring's form of net/ipv4/tcp_bpf.c: redirect a message to another socket's queue, or send it."""

from __future__ import annotations

from dataclasses import dataclass
from errno import EAGAIN, ENOMEM
from typing import Self

from psockmc.prove.plain_helpers import Helpers
from psockmc.prove.plain_memory import NO_PAGE, Sock, u32
from psockmc.prove.plain_slots import Slot


@dataclass
class Wire:
    """Where sent bytes go: at most `chunk` of them at a time and `left` in all, then the send buffer is full."""

    chunk: int
    left: int
    sent: bytes = b""

    def send(self, data: bytes) -> int:
        """`tcp_sendmsg_locked`: how many of the bytes were taken, or -EAGAIN."""
        taken = data[: min(self.chunk, self.left)]
        self.left -= len(taken)
        self.sent += taken
        return len(taken) or -EAGAIN


class TcpBpf(Helpers):
    """A message with the operations of net/ipv4/tcp_bpf.c."""

    def bpf_tcp_ingress(self, target: Sock, apply_bytes: int) -> tuple[int, Self | None]:
        """Move the first `apply_bytes` bytes (0: all) into a message for the queue of `target`.

        Result: 0 and that message, or -ENOMEM. The bytes are charged to the target; what the sender was charged for
        them the caller gives back.
        """
        if not self.memory.granted("message"):
            return -ENOMEM, None
        moved = type(self)(self.frags, self.start, memory=self.memory, sk=target, bugs=self.bugs)
        moved.data[moved.ids - 1].last = False
        moved.curr = 0
        i, left, copied, skips = self.start, apply_bytes, 0, self.has("ingress-redirect-skips-partial-sge")
        for _ in self.turns():
            slot = self.data[i]
            size = min(left, slot.length) if apply_bytes else slot.length
            if not self.memory.granted("rmem"):
                if copied:
                    break
                self._refused(moved, i, size)
                return -ENOMEM, None
            target.charged += size
            if not self.has("ingress-rmem-unlimited"):
                target.rmem_alloc += size
            moved.sk_msg_xfer(self, i, size)
            copied = u32(copied + size)
            if slot.length:
                self.memory.get_page(moved.data[i].page)
            left -= size
            moved.end = self.next(i)
            done = apply_bytes and not left
            if not (done and slot.length and not skips):
                i = self.next(i)
            if done or i == self.end:
                break
        self.start = i
        return 0, moved

    def _refused(self, moved: Self, i: int, size: int) -> None:
        """Nothing could be moved: forget the new message. Once it already had the first element, and freed it."""
        if self.has("ingress-redirect-double-put-page"):
            moved.data[i], moved.size = self.data[i].copy(), size
            moved.data[i].length = size
            moved.sk_msg_free()
        self.memory.messages.remove(moved)

    def tcp_bpf_push(self, wire: Wire, apply_bytes: int, *, uncharge: bool = True) -> int:
        """Send the first `apply_bytes` bytes (0: all). Result 0, or what the wire said when it took nothing."""
        left = apply_bytes
        for _ in self.turns():
            slot = self.data[self.start]
            result, sent = self._send(wire, slot, min(left, slot.length) if apply_bytes else slot.length, uncharge)
            if result:
                return result
            left -= sent
            if not slot.length:
                self.memory.put_page(slot.page)
                self.data[self.start] = Slot(NO_PAGE, last=True)
                self.start = self.next(self.start)
                if self.start == self.end:
                    break
            if apply_bytes and not left:
                break
        return 0

    def _send(self, wire: Wire, slot: Slot, size: int, uncharge: bool) -> tuple[int, int]:
        """Send `size` bytes of an element, piece by piece. Result: 0 or an error, and how many bytes went out."""
        total = 0
        while True:
            sent = wire.send(self.memory.read(slot.page, slot.offset, size - total))
            if sent <= 0:
                return sent, total
            total += sent
            self.size = u32(self.size - sent)
            slot.offset = u32(slot.offset + sent)
            slot.length -= sent
            if uncharge:
                self.uncharge(sent)
            if total == size:
                return 0, total
