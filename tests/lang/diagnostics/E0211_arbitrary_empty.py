"""The bounds of an arbitrary number are the wrong way round."""

from psockmc.lang import arbitrary, check, proof, u32


@proof("nothing")
def nothing() -> None:
    """A number that there is not."""
    i: u32 = arbitrary(3, 2)
    check(i == 3, "claim: it is 3")
