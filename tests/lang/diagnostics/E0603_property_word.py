from psockmc.lang import Ptr, Struct, count, live, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    if live(sk):
        sk.n = 0
    if any(s.n for s in sock):
        sk.n = 1
    x = count(s for s in sock)
