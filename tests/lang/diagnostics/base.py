"""The model that the variants E08*.py change."""

from psockmc.lang import Ptr, Struct, invariant, kernel, u32


class sock(Struct):
    n: u32


@kernel("net/core/sock.c")
def count_up(sk: Ptr[sock]) -> None:
    sk.n += 1


@kernel("net/core/sock.c")
def count_down(sk: Ptr[sock]) -> None:
    sk.n -= 1


@invariant("I01", "the counter stays small")
def small(sk: Ptr[sock]) -> bool:
    return sk.n < 3
