"""The plain ring's form of net/core/filter.c: what a BPF program may do to its message.

A program reads and writes bytes `start` to `end` of the message after `bpf_msg_pull_data(start, end)`, inserts with
`bpf_msg_push_data(start, length)` and removes with `bpf_msg_pop_data(start, length)`. All arguments are any u32.
"""

from __future__ import annotations

from errno import EINVAL, ENOMEM

from psockmc.prove.plain_memory import NO_PAGE, s32, u32
from psockmc.prove.plain_skmsg import SkMsg
from psockmc.prove.plain_slots import Slot


class Helpers(SkMsg):
    """A message with the BPF helpers, each a method with the kernel function's name."""

    def bpf_msg_apply_bytes(self, length: int) -> int:
        """The program's verdict is for the next `length` bytes."""
        self.apply_bytes = length
        return 0

    def bpf_msg_cork_bytes(self, length: int) -> int:
        """The program wants to be asked again when there are `length` bytes."""
        self.cork_bytes = length
        return 0

    def sk_msg_reset_curr(self) -> None:
        """Put the copy cursor behind the last byte."""
        if self.has("shift-does-not-update-curr"):
            return
        if self.has("reset-curr-loses-copybreak"):
            self._reset_curr_to_end()
        elif not self.size:
            self.curr, self.copybreak = self.start, 0
        else:
            self.curr = self.prev(self.end)
            self.copybreak = self.data[self.curr].length

    def _reset_curr_to_end(self) -> None:
        """The first form: the slot behind the elements that make up the size, and its first byte."""
        i, length = self.start, 0
        for _ in self.turns():
            length = u32(length + self.data[i].length)
            i = self.next(i)
            if length >= self.size or i == self.end:
                break
        self.curr, self.copybreak = i, 0

    def _find(self, start: int, *, pull: bool = False) -> tuple[int, int, int]:
        """The slot with byte `start`, the position of its first byte, and its length.

        Where no element has that byte: the end, with position and length of the last element.
        """
        i, offset, length = self.start, 0, 0
        early = pull and self.has("pull-data-offset-tests")
        late = not early and self.has("helpers-overestimate-bounds")
        for _ in self.turns():
            if not late and not early:
                offset = u32(offset + length)
            length = self.data[i].length
            if early:
                offset = u32(offset + length)
            if start < u32(offset + length):
                break
            if late:
                offset = u32(offset + length)
            i = self.next(i)
            if i == self.end:
                break
        return i, offset, length

    # Pull

    def bpf_msg_pull_data(self, start: int, end: int, flags: int = 0) -> int:
        """Make bytes `start` to `end` one private piece and show them to the program.

        Result 0, -EINVAL (no such bytes) or -ENOMEM.
        """
        if flags or end <= start:
            return -EINVAL
        first, offset, length = self._find(start, pull=True)
        if start >= u32(offset + length):
            return -EINVAL
        inexact = self.has("pull-data-offset-tests")
        needed = end - start if inexact else u32(end - offset)
        if self.copy[first] or needed > length:
            result = self._pull_into_one_page(first, needed, inexact)
            if result:
                return result
        self.sk_msg_reset_curr()
        slot = self.data[first]
        self.exposed = (slot.page, u32(slot.offset + start - offset), end - start)
        return 0

    def _pull_into_one_page(self, first: int, needed: int, inexact: bool) -> int:
        """Replace the elements from slot `first` on that have `needed` bytes by one with a page of its own."""
        i, copy = first, 0
        for _ in self.turns():
            copy = u32(copy + self.data[i].length)
            i = self.next(i)
            if i == self.end or needed < copy or (needed == copy and not inexact):
                break
        last = i
        if needed > copy:
            return -EINVAL
        page = self.memory.alloc_pages(copy)
        if page == NO_PAGE:
            return -ENOMEM
        self._gather(page, first, last)
        self.data[first].set_page(page, copy, 0)
        if not self.has("copy-bitmap-out-of-sync"):
            self.copy[first] = False
        if last == first:
            self.memory.warn("data of all slots of the ring are pulled")
        self._close_gap(first, last)
        return 0

    def _gather(self, page: int, first: int, last: int) -> None:
        """Copy the elements of slots `first` to before `last` into a page one after the other, and put their pages."""
        i, position = first, 0
        for _ in self.turns():
            slot = self.data[i]
            data = self.memory.read(slot.page, slot.offset, slot.length)
            self.memory.write(page, position, data)
            position += slot.length
            slot.length = 0
            self.memory.put_page(slot.page)
            if not self.has("copy-bitmap-out-of-sync"):
                self.copy[i] = False
            i = self.next(i)
            if i == last:
                break

    def _close_gap(self, first: int, last: int) -> None:
        """Move the elements from slot `last` on behind slot `first`."""
        wrapped = last <= first and not self.has("pull-data-shift-wrap")
        shift = last - first - 1 + (self.ids if wrapped else 0)
        if not shift:
            self._clear_end_bit()
            return
        i = first + 1 if self.has("pull-data-shift-start") else self.next(first)
        for _ in self.turns():
            source = i + shift - (self.ids if i + shift >= self.ids else 0)
            if source == self.end:
                break
            moved = self.elem(source)
            self.elem(i)
            self.data[i] = moved.copy()
            if not self.has("copy-bitmap-out-of-sync"):
                self.copy[i] = self.copy[source]
                self.copy[source] = False
            self.data[source] = Slot()
            i = self.next(i)
        end = u32(self.end - shift)
        self.end = u32(end + self.ids) if end > self.end else end
        self._clear_end_bit()

    def _clear_end_bit(self) -> None:
        """Nothing is in slot `end`, so its copy bit is clear; 6.1 and 6.12 do not make sure of it."""
        if not self.has("copy-bitmap-out-of-sync") and not self.has("copy-bit-of-end-kept"):
            self.set_copy(self.end, False)

    # Push

    def bpf_msg_push_data(self, start: int, length: int, flags: int = 0) -> int:
        """Insert `length` bytes before byte `start` (after the last one if `start` is the size).

        Result 0, -EINVAL (no such place, or too many bytes) or -ENOMEM.
        """
        if flags:
            return -EINVAL
        if not length:
            return 0
        i, offset, found = self._find(start)
        beyond = u32(offset + found)
        if start > beyond or (start == beyond and self.has("push-data-several")):
            return -EINVAL
        space = self.frags - self.used()
        crowded = not space or (space == 1 and start != offset)
        copy = self.elem(i).length if crowded else 0
        if u32(copy + length) < copy and not self.has("push-data-copy-len-wrap"):
            return -EINVAL
        page = self.memory.alloc_pages(u32(copy + length))
        if page == NO_PAGE:
            return -ENOMEM
        if copy:
            new = self.prev(i) if i == self.end else i
            self._copy_around(new, page, u32(start - offset), length)
            self._place(new, page, u32(length + copy), length)
        else:
            self._insert(i, page, start, u32(start - offset), length)
        self._clear_end_bit()
        self.sk_msg_reset_curr()
        self.sk_msg_compute_data_pointers()
        return 0

    def _copy_around(self, i: int, page: int, front: int, length: int) -> None:
        """Copy the element of a slot into a page, with a gap of `length` bytes after its first `front` bytes."""
        slot = self.data[i]
        back = s32(slot.length - front)
        self.memory.write(page, 0, self.memory.read(slot.page, slot.offset, front))
        if back:
            self.memory.write(page, front + length, self.memory.read(slot.page, slot.offset + front, back))
        self.memory.put_page(slot.page)

    def _insert(self, i: int, page: int, start: int, front: int, length: int) -> None:
        """Give the new page a slot of its own, after the first `front` bytes of slot `i`; the rest gets a slot, too."""
        right, right_copy = Slot(), False
        if front:
            i = self.prev(i) if i == self.end else i
            left = self.data[i]
            right, right_copy = left.copy(), self.copy[i]
            left.length = front
            left.last = right.last = False
            right.length = u32(right.length - front)
            right.offset = u32(right.offset + (start if self.has("push-data-tail-offset") else front))
            i = self.next(i)
        self._make_room(i, 2 if right.length else 1)
        self._place(i, page, length, length)
        if right.length:
            self.memory.get_page(right.page)
            i = self.next(i)
            self.data[i] = right
            if not self.has("copy-bitmap-out-of-sync"):
                self.copy[i] = right_copy

    def _make_room(self, i: int, slots: int) -> None:
        """Move the elements from slot `i` on by that many slots; their old places keep what they had."""
        moved = []
        for _ in self.turns():
            if i == self.end:
                break
            moved.append((self.data[i].copy(), self.copy[i]))
            i = self.next(i)
        for _ in range(slots):
            self.end = self.next(self.end)
        i = self.end
        for slot, copy in reversed(moved):
            i = self.prev(i)
            self.data[i] = slot
            if not self.has("copy-bitmap-out-of-sync"):
                self.copy[i] = copy

    def _place(self, i: int, page: int, length: int, added: int) -> None:
        self.charge(added)
        self.size = u32(self.size + added)
        self.copy[i] = False
        self.data[i].set_page(page, length, 0)

    # Pop

    def bpf_msg_pop_data(self, start: int, length: int, flags: int = 0) -> int:
        """Remove `length` bytes from byte `start` on. Result 0, -EINVAL (no such bytes) or -ENOMEM."""
        several = self.has("pop-data-several")
        if flags:
            return -EINVAL
        if not length and not several:
            return 0
        last = u32(start + length) if self.has("pop-data-bounds-u32-wrap") else start + length
        i, offset, found = self._find(start)
        if start >= u32(offset + found) or last > self.size or (last == self.size and several):
            return -EINVAL
        pop = length
        if start != offset:
            rest = self._pop_inside(i, start if several else start - offset, pop)
            if rest is None:
                return -ENOMEM
            i, pop = self.next(i), rest
        self._pop_from(i, pop)
        self.uncharge(length)
        self.size = u32(self.size - length)
        self.sk_msg_reset_curr()
        self.sk_msg_compute_data_pointers()
        return 0

    def _pop_inside(self, i: int, keep: int, pop: int) -> int | None:
        """Remove bytes of slot `i` after its first `keep` ones; how many are left to pop. None: no memory."""
        slot = self.elem(i)
        tail = s32(slot.length - pop - keep)
        if not (pop < u32(slot.length - keep) if self.has("pop-data-several") else tail > 0):
            left = u32(pop - (slot.length - keep))
            slot.length = u32(keep)
            return left
        if self.frags - self.used():
            self._split_off(i, keep, pop, tail)
            return 0
        page = self.memory.alloc_pages(u32(keep + tail))
        if page == NO_PAGE:
            return None
        self.memory.write(page, 0, self.memory.read(slot.page, slot.offset, keep))
        skipped = s32(pop) if self.has("pop-data-bounds-u32-wrap") else pop  # it was an int, added to a pointer
        self.memory.write(page, keep, self.memory.read(slot.page, slot.offset + keep + skipped, tail))
        self.memory.put_page(slot.page)
        slot.set_page(page, keep + tail, 0)
        if not self.has("copy-bitmap-out-of-sync"):
            self.copy[i] = False
        return 0

    def _split_off(self, i: int, keep: int, pop: int, tail: int) -> None:
        """Shorten slot `i` to `keep` bytes and give the `tail` bytes behind the removed ones a slot of their own."""
        slot, copy = self.data[i], self.copy[i]
        slot.length = u32(keep)
        i = self.next(i)
        self.sk_msg_shift_right(i)
        self.memory.get_page(slot.page)
        self.data[i].set_page(slot.page, tail, u32(slot.offset + pop + keep))
        if not self.has("copy-bitmap-out-of-sync"):
            self.copy[i] = copy

    def _pop_from(self, i: int, pop: int) -> None:
        """Remove `pop` bytes from the beginning of slot `i` on, elements and all."""
        for _ in self.turns():
            if not pop:
                break
            slot = self.elem(i)
            if pop < slot.length:
                slot.length -= pop
                slot.offset = u32(slot.offset + pop)
                pop = 0
            else:
                pop -= slot.length
                self.sk_msg_shift_left(i)
            if self.has("pop-data-several"):
                i = self.next(i)

    def sk_msg_shift_left(self, i: int) -> None:
        """Remove the element of slot `i`: all after it move one slot to the left."""
        if not self.has("pop-data-several"):
            self.memory.put_page(self.elem(i).page)
        for _ in self.turns():
            to, i = i, self.next(i)
            self.data[to] = self.elem(i).copy()
            if not self.has("copy-bitmap-out-of-sync"):
                self.copy[to] = self.copy[i]
            if i == self.end:
                break
        self.end = self.prev(self.end)
        if not self.has("copy-bitmap-out-of-sync"):
            self.copy[self.end] = False

    def sk_msg_shift_right(self, i: int) -> None:
        """Move the elements from slot `i` on by one slot to the right; slot `i` keeps what it had."""
        self._make_room(i, 1)
        self._clear_end_bit()
