"""The plain ring's form of net/tls/tls_sw.c: chain links, and splitting and merging of an open record.

Crypto follows a scatterlist with `sg_next`, which knows nothing of the ring: it takes the next array entry, follows it
if it is a link (once: a link to a link would be taken for data), and stops at the end mark. So TLS puts a link behind
the last ring slot where the message wraps around, and TLS 1.3 one to its content type behind the last element.
"""

from __future__ import annotations

from typing import Self

from psockmc.prove.plain_memory import Broken, u32
from psockmc.prove.plain_slots import Slot
from psockmc.prove.plain_tcp import TcpBpf

CONTENT_TYPE = "content-type"

Seen = tuple[int, int, int] | str
"""What crypto sees: an element's page, offset and length, or `content-type`."""


class Tls(TcpBpf):
    """A message with the operations of net/tls/tls_sw.c."""

    def tls_push_record(self, *, tls13: bool) -> list[Seen]:
        """Prepare the message for crypto. Result: what crypto sees (`crypto_walk`)."""
        early = self.has("chain-after-chain")
        last = self.prev(self.end)
        if early:
            self._trailer(last, self.end, tls13)
        if self._wraps(last):
            at = self.frags if self.has("wrapped-chain-off-by-one") else self.ids
            self.data[at] = Slot(link=0)
        if not early:
            self._trailer(last, last + 1, tls13)
        return self.crypto_walk()

    def _wraps(self, last: int) -> bool:
        """Whether elements continue at slot 0 behind the last ring slot."""
        if self.has("wrapped-ring-not-chained"):
            return False
        return self.end < self.start if self.has("chain-after-chain") else last < self.start

    def _trailer(self, last: int, behind: int, tls13: bool) -> None:
        if tls13:
            self.data[behind] = Slot(link=CONTENT_TYPE)
        else:
            self.data[last].last = True
            self.data[last].link = None

    def crypto_walk(self) -> list[Seen]:
        """The elements in the order of `sg_next`. Raises Broken for a walk that leaves the array or follows links."""
        seen: list[Seen] = []
        i = self.start
        while len(seen) <= 2 * len(self.data):
            slot = self.elem(i)
            if slot.link is not None:
                raise Broken("chain", f"crypto takes the link in slot {i} for data")
            seen.append((slot.page, slot.offset, slot.length))
            if slot.last:
                return seen
            link = self.elem(i + 1).link
            if link == CONTENT_TYPE:
                return [*seen, CONTENT_TYPE]
            i = link if isinstance(link, int) else i + 1
        raise Broken("termination", "crypto walks around the ring without end")

    def tls_split_open_record(self, encrypted: Self, overhead: int) -> tuple[int, Self, Self, int]:
        """Split the open record, whose plaintext this is, behind its first `apply_bytes` bytes.

        `encrypted`: the record's room for ciphertext, which keeps its size. Result: 0 or an error, the rest's plaintext
        and ciphertext messages, and where this message ended before (`tls_merge_open_record` needs it).
        """
        rest, room = self._like(), self._like()
        result = room.sk_msg_alloc(u32(self.size + overhead), 0)
        if result < 0:
            room.sk_msg_free()
            return result, rest, room, self.end
        old_end, old_size, apply = self.end, self.size, self.apply_bytes
        i, taken, tail, tail_copy = self.start, 0, Slot(), False
        for _ in self.turns():
            slot = self.data[i]
            if not apply or not slot.length:
                break
            if slot.length > apply:
                tail, tail_copy = Slot(slot.page, u32(slot.offset + apply), slot.length - apply), self.copy[i]
                self.memory.get_page(slot.page)
                slot.length = apply
            apply -= slot.length
            taken = u32(taken + slot.length)
            i = self.next(i)
            if i == self.end:
                break
        self.end = self.curr = i
        self.copybreak = self.apply_bytes = 0
        self.size = taken
        rest.apply_bytes, rest.size = apply, u32(old_size - taken)
        rest.end = rest.curr = self._move_rest(rest, i, old_end, tail, tail_copy)
        return 0, rest, room, old_end

    def _move_rest(self, rest: Self, i: int, old_end: int, tail: Slot, tail_copy: bool) -> int:
        """Put `tail` and the elements from slot `i` on into an empty message. Result: where that ends."""
        keeps_bits = not self.has("copy-bitmap-out-of-sync")
        j = rest.start
        if tail.length:
            rest.data[j] = tail
            rest.copy[j] = tail_copy and keeps_bits
            j = rest.next(j)
        for _ in self.turns():
            if not self.data[i].length:
                break
            rest.data[j] = self.data[i].copy()
            rest.data[j].last = False
            rest.copy[j] = self.copy[i] and keeps_bits
            i, j = self.next(i), rest.next(j)
            if i == old_end:
                break
        return j

    def tls_merge_open_record(self, encrypted: Self, rest: Self, room: Self, old_end: int) -> None:
        """Undo a split: this message gets the rest back, and the larger room for ciphertext."""
        last, first = self.data[self.prev(self.end)], rest.data[rest.start]
        if last.page == first.page and u32(last.offset + last.length) == first.offset:
            last.length = u32(last.length + first.length)
            self.memory.put_page(first.page)
        self.end = self.curr = old_end
        self.copybreak = 0
        self.size = self.apply_bytes = u32(self.size + rest.size)
        self.memory.messages.remove(rest)
        encrypted.sk_msg_free()
        encrypted.sk_msg_xfer_full(room)

    def _like(self) -> Self:
        """An empty message of the same kind."""
        return type(self)(self.frags, memory=self.memory, sk=self.sk, bugs=self.bugs)
