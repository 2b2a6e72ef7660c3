from psockmc.lang import NULL, Ptr, Struct, u32, user


class inner(Struct):
    n: u32


class sock(Struct):
    inner: inner
    n: u32


@user
def f(sk: Ptr[sock], i: inner) -> None:
    a = b = 0
    a, b = 0, 0
    NULL = sk
    i = sk.inner
    sk.n: u32 = 0
    f = 3
    for sk.n in range(3):
        pass
