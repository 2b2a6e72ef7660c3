from psockmc.lang import Ptr, Struct, kernel, u32, user


class sock(Struct):
    n: u32


@kernel("net/core/sock.c")
def twice(n: u32) -> u32:
    return n + n


@user
def f(n: u32) -> None:
    while True:
        pass


@user
def g(n: u32) -> None:
    while n < 3:
        n = twice(n)


@user
def fine(sk: Ptr[sock]) -> None:
    while sk.n:
        pass
