"""Proofs about counters."""

from psockmc.lang import Ptr, arbitrary, assume, check, choose, proof, u32

from models.counter import MAX_MSG_FRAGS, SLOTS, add, counter, drain, next_slot


@proof("next_slot", split=1)
def next_is_a_slot(c: Ptr[counter]) -> None:
    """The slot behind a slot is one."""
    c.at = choose(SLOTS)
    check(next_slot(c.at) < SLOTS, "slot: the next slot is a slot")


@proof("add", split=1)
def add_counts(c: Ptr[counter]) -> None:
    """What is added is counted; the total may leave its type."""
    c.at = choose(SLOTS)
    n: u32 = arbitrary(0, 4294967295)
    before: u32 = c.total
    add(c, n)
    check(c.total - before == n, "total: what is added is counted")
    check(c.at < SLOTS, "slot: the next slot is a slot")


@proof("drain")
def drain_ends(c: Ptr[counter]) -> None:
    """With a total that is not that of the slots, the loop need not end."""
    drain(c)
    check(c.total == 0, "total: nothing is left")


@proof("square")
def square_of(c: Ptr[counter]) -> None:
    """A product of two unknown numbers, and a check that nothing gets to."""
    assume(c.total > 5 and c.total < 4)
    n: u32 = MAX_MSG_FRAGS
    check(n > 0, "never: nobody gets here")


@proof("product")
def product_of(c: Ptr[counter]) -> None:
    """A product of two unknown numbers is not linear."""
    assume(c.total < 1000 and c.at < 1000)
    n: u32 = c.total * c.at
    check(n < 1000000, "product: it is small")
