"""A proof ranges over objects; numbers are made in its body."""

from psockmc.lang import check, proof, u32


@proof("next")
def next_of(i: u32) -> None:
    """A number as a parameter."""
    check(i + 1 > i, "claim: it is greater")
