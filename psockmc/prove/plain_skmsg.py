"""The plain ring's form of net/core/skmsg.c: allocate, clone, return, free, trim, copy from and to the user."""

from __future__ import annotations

from errno import EFAULT, ENOMEM, ENOSPC

from psockmc.prove.plain_memory import PAGE_SIZE, Iter, Sock, s32, u32
from psockmc.prove.plain_slots import Slot, Slots


class SkMsg(Slots):
    """A message with the operations of net/core/skmsg.c, each a method with the kernel function's name."""

    def sk_msg_alloc(self, length: int, elem_first_coalesce: int) -> int:
        """Grow the message to `length` bytes. Result 0, -ENOMEM (as before) or -ENOSPC (ring full, partly grown)."""
        memory, old_size = self.memory, self.size
        missing = s32(length - self.size)
        while missing > 0:
            if not memory.page_frag_refill():
                self.sk_msg_trim(old_size)
                return -ENOMEM
            offset = memory.frag_offset
            use = min(missing, memory.frag_size - offset)
            if not memory.granted("wmem"):
                self.sk_msg_trim(old_size)
                return -ENOMEM
            if not self._grow(memory.frag_page, offset, use, elem_first_coalesce):
                return -ENOSPC
            self.charge(use)
            self.size = u32(self.size + use)
            memory.frag_offset += use
            missing -= use
        return 0

    def _grow(self, page: int, offset: int, use: int, elem_first_coalesce: int) -> bool:
        """Append a piece of the fragment page, to the last element where they touch. False when the ring is full."""
        last = self.data[self.prev(self.end)]
        if self._may_coalesce(elem_first_coalesce) and last.page == page and u32(last.offset + last.length) == offset:
            last.length = u32(last.length + use)
            return True
        if self.full():
            return False
        slot = self.data[self.end]
        slot.last = False
        slot.set_page(page, use, offset)
        if not self.has("copy-bitmap-out-of-sync"):
            self.copy[self.end] = False
        self.memory.get_page(page)
        self.end = self.next(self.end)
        return True

    def _may_coalesce(self, elem_first_coalesce: int) -> bool:
        """Whether the last element is at or behind the first one that may grow; an int compared with u32s, as in C."""
        first = u32(elem_first_coalesce)
        if self.end > self.start:
            return first < self.end
        return self.end < self.start and (first > self.start or first < self.end)

    def sk_msg_clone(self, src: Slots, off: int, length: int) -> int:
        """Refer to `length` bytes of `src` from byte `off` on. Result 0 or -ENOSPC, when either message ends first."""
        i = src.start
        for _ in src.turns():
            if not off or src.data[i].length > off:
                break
            off = u32(off - src.data[i].length)
            i = src.next(i)
            if i == src.end and off:
                return -ENOSPC
        last: Slot | None = None
        for _ in src.turns():
            if not length:
                break
            piece = min(u32(src.elem(i).length - off), length)
            last = self.data[self.end - 1] if self.end else last
            if not self._refer(last, src.data[i].page, u32(src.data[i].offset + off), piece):
                return -ENOSPC
            off = 0
            length -= piece
            self.charge(piece)
            i = src.next(i)
            if i == src.end and length:
                return -ENOSPC
        return 0

    def _refer(self, last: Slot | None, page: int, offset: int, length: int) -> bool:
        """Append a piece of a shared page, to the slot `last` where they touch. False when the ring is full.

        As in the kernel, `last` is not the last element where the ring has just wrapped, but the one before.
        """
        if last and last.page == page and offset == last.offset + last.length:
            last.length = u32(last.length + length)
            self.size = u32(self.size + length)
            return True
        if self.full():
            return False
        self.sk_msg_page_add(page, length, offset)
        return True

    def sk_msg_return(self, length: int) -> None:
        """Take the charge of the first `length` bytes back; the message stays as it is."""
        i = self.start
        for _ in self.turns():
            piece = s32(length) if u32(length) < self.data[i].length else s32(self.data[i].length)
            self.uncharge(piece)
            length -= piece
            i = self.next(i)
            if i == self.end:
                break

    def sk_msg_return_zero(self, length: int) -> None:
        """Take the charge of the first `length` bytes back and leave them out; the caller corrects the size."""
        i = self.start
        for _ in self.turns():
            slot = self.data[i]
            if u32(length) < slot.length:
                slot.length -= u32(length)
                slot.offset = u32(slot.offset + length)
                self.uncharge(length)
                break
            self.uncharge(slot.length)
            length = s32(length - slot.length)
            slot.length = slot.offset = 0
            i = self.next(i)
            if not length or i == self.end:
                break
        self.start = i

    def _free_elem(self, i: int, charge: bool) -> int:
        """Empty a slot: give its charge and its page back unless an skb owns them. Result: its length."""
        slot = self.elem(i)
        length = slot.length
        if not self.skb:
            if charge:
                self.uncharge(length)
            self.memory.put_page(slot.page)
        if not self.has("copy-bitmap-out-of-sync"):
            self.copy[i] = False
        self.data[i] = Slot()
        return length

    def sk_msg_free(self, *, charge: bool = True) -> int:
        """Free everything; the message is empty and its slots are as new. Result: how many bytes it had."""
        i, freed = self.start, 0
        for _ in self.turns():
            if not self.size:
                break
            self.size = u32(self.size - self.data[i].length)
            freed = s32(freed + self._free_elem(i, charge))
            i = self.next(i)
            if i == self.end and self.size:
                self.memory.warn(f"the message's elements end with {self.size} bytes still to be freed")
        self.init()
        return freed

    def sk_msg_free_nocharge(self) -> int:
        """As `sk_msg_free`, but somebody else gives the charge back."""
        return self.sk_msg_free(charge=False)

    def sk_msg_free_partial(self, length: int, *, charge: bool = True) -> None:
        """Free the first `length` bytes."""
        i = self.start
        for _ in self.turns():
            slot = self.data[i]
            if not length or not slot.length:
                break
            if length < slot.length:
                if charge:
                    self.uncharge(length)
                slot.length -= length
                slot.offset = u32(slot.offset + length)
                self.size = u32(self.size - length)
                break
            self.size = u32(self.size - slot.length)
            length -= slot.length
            self._free_elem(i, charge)
            i = self.next(i)
            if i == self.end and length:
                self.memory.warn(f"the message's elements end with {length} bytes still to be freed")
        self.start = i

    def sk_msg_free_partial_nocharge(self, length: int) -> None:
        """As `sk_msg_free_partial`, but somebody else gives the charge back."""
        self.sk_msg_free_partial(length, charge=False)

    def sk_msg_trim(self, length: int) -> None:
        """Shorten the message to its first `length` bytes."""
        trim = s32(self.size - length)
        if trim <= 0:
            if trim < 0:
                self.memory.warn(f"a message of {self.size} bytes is trimmed to {length}")
            return
        i = self.prev(self.end)
        self.size = u32(length)
        for _ in self.turns():
            if not self.data[i].length or trim < self.data[i].length:
                break
            trim -= self.data[i].length
            self._free_elem(i, True)
            i = self.prev(i)
            if not trim:
                break
        if trim:
            slot = self.data[i]
            slot.length = u32(slot.length - trim)
            self.uncharge(trim)
            if self.curr == i and self.copybreak > slot.length:
                self.copybreak = slot.length
        self.end = self.next(i)
        if not self.size:
            self.curr, self.copybreak = self.start, 0
        elif self.dist(self.start, self.curr) >= self.dist(self.start, self.end):
            self.curr, self.copybreak = i, self.data[i].length

    def sk_msg_zerocopy_from_iter(self, source: Iter, length: int) -> int:
        """Append the user's own pages (`source.pages`). Result 0, or -EFAULT with what was appended left in place."""
        used, before = self.used(), self.size
        while length > 0:
            room = self.frags - used
            copied = min(length, source.within(room)) if room else 0
            if not copied:
                source.done -= self.size - before
                return -EFAULT
            length -= copied
            self.size = u32(self.size + copied)
            while copied:
                page, offset = source.place()
                use = min(copied, PAGE_SIZE - offset)
                self.memory.get_page(page)
                slot = self.elem(self.end)
                slot.set_page(page, use, offset)
                slot.last = False
                self.charge(use)
                source.done += use
                copied -= use
                self.end = self.next(self.end)
                used += 1
            self.copybreak, self.curr = 0, self.end
        return 0

    def sk_msg_memcopy_from_iter(self, source: Iter, length: int) -> int:
        """Fill allocated bytes from the copy cursor on. Result: bytes copied, -EFAULT, or -ENOSPC if there is no room.

        With `memcopy-returns-last-chunk`: the form before v6.17, which returns the bytes of the last element only.
        """
        i, copied, result = self.curr, 0, -ENOSPC
        for _ in self.turns():
            if self.copybreak >= self.elem(i).length:
                self.copybreak = 0
                i = self.next(i)
                if i == self.end:
                    break
            slot = self.elem(i)
            piece = min(u32(slot.length - self.copybreak), length)
            data = source.copy(piece)
            self.memory.write(slot.page, slot.offset + self.copybreak, data)
            self.copybreak = u32(self.copybreak + piece)
            if len(data) != piece:
                self.curr = i
                return -EFAULT
            copied += piece
            length -= piece
            result = piece if self.has("memcopy-returns-last-chunk") else copied
            if not length:
                break
            self.copybreak = 0
            i = self.next(i)
            if i == self.end:
                break
        self.curr = i
        return result


def sk_msg_recvmsg(sk: Sock, queue: list[SkMsg], length: int, *, peek: bool = False) -> tuple[int, bytes]:
    """Receive from the messages of a queue; finished ones leave it. Result: the kernel's, and the bytes.

    -EFAULT: the first element has no bytes (the kernel's sign of a FIN).
    """
    received = b""
    at = 0
    while len(received) != length and at < len(queue):
        message = queue[at]
        data, outcome = _receive_from(sk, message, length - len(received), peek)
        received += data
        if outcome == "stuck":
            return (len(received) or -EFAULT), received
        if outcome == "partial":
            return len(received), received
        if peek:
            at += 1
        elif outcome == "finished":
            queue.pop(0)
    return len(received), received


def _receive_from(sk: Sock, message: SkMsg, length: int, peek: bool) -> tuple[bytes, str]:
    """Receive from one message. Result: the bytes, and the outcome.

    `stuck`: no byte to be had; `partial`: a peek ends inside an element; `finished`: the message can be freed; `more`.
    """
    received, i = b"", message.start
    for _ in message.turns():
        slot = message.elem(i)
        piece = min(slot.length, length - len(received))
        if not piece:
            return received, "stuck"
        received += message.memory.read(slot.page, slot.offset, piece)
        if not peek:
            _consume(sk, message, i, piece)
        elif piece != slot.length:
            return received, "partial"
        if peek or not slot.length:
            i = message.next(i)
        if len(received) == length or _at_end(message, i, slot):
            break
    if peek:
        return received, "more"
    message.start = i
    return received, "finished" if not slot.length and _at_end(message, i, slot) else "more"


def _at_end(message: SkMsg, i: int, slot: Slot) -> bool:
    """Whether the message ends at slot `i`: it is the end, or `slot`, the one before, has the end mark."""
    if message.has("last-sg-check-sg-is-last"):
        return slot.last
    return i == message.end or slot.last


def _consume(sk: Sock, message: SkMsg, i: int, piece: int) -> None:
    slot = message.data[i]
    slot.offset = u32(slot.offset + piece)
    slot.length -= piece
    if not message.skb:
        sk.charged -= piece
        sk.rmem_alloc -= piece
    message.size = u32(message.size - piece)
    if not slot.length and not message.skb:
        message.memory.put_page(slot.page)
