from psockmc.lang import READ_ONCE, WRITE_ONCE, Ptr, Struct, u32, user, xchg


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    x = sk.n
    READ_ONCE(x)
    WRITE_ONCE(3, 4)
    xchg(sk.n + 1, 2)
