from psockmc.lang import NULL, Ptr, Struct, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    p = NULL
    n = 0
    n = n + 1
    m = 0
    m += sk.n
    q: Ptr[sock] = NULL
    q: u32 = 0


@user
def g() -> None:
    a = 0
    b = 0
    a = b + 1
    b = a + 1


@user
def only_itself() -> None:
    a = a
    b = c
    c = b
    d += 1
    e = d
