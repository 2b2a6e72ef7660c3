"""A counter in slots that go round."""

from psockmc.lang import Array, Ptr, Struct, kernel, u32

MAX_MSG_FRAGS = 17
SLOTS = MAX_MSG_FRAGS + 1


class counter(Struct):
    """Numbers in slots; at: the slot that is written next."""

    at: u32
    total: u32
    slots: Array[u32, SLOTS]


@kernel("lib/counter.c")
def next_slot(i: u32) -> u32:
    """The slot behind slot i."""
    return 0 if i + 1 == SLOTS else i + 1


@kernel("lib/counter.c")
def add(c: Ptr[counter], n: u32) -> None:
    """Writes a number and counts it."""
    c.slots[c.at] = n
    c.total += n
    c.at = next_slot(c.at)


@kernel("lib/counter.c")
def drain(c: Ptr[counter]) -> None:
    """Empties all slots."""
    i: u32 = 0
    while c.total != 0:
        c.total -= c.slots[i]
        c.slots[i] = 0
        i = next_slot(i)
