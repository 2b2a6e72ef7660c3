from psockmc.lang import Ptr, Struct, kernel, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    sk.n()
    sk()
    kernel("net/core/sock.c")
