"""A proof says which operation it is about."""

from psockmc.lang import check, proof, u32


@proof
def next_of() -> None:
    """No operation."""
    i: u32 = 1
    check(i == 1, "claim: it is 1")
