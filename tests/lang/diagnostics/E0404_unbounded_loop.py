from psockmc.lang import Ptr, Struct, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock], n: u32) -> None:
    for i in range(n):
        pass
    for i in range(sk.n):
        pass
    for i in range(100000):
        pass
    for x in sk:
        pass
    for y in sk.n:
        pass
