from psockmc.lang import Array, ListHead, Ptr, Struct, u32, user


class inner(Struct):
    n: u32


class sock(Struct):
    inner: inner
    a: Array[u32, 2]
    all: ListHead[sock]


@user
def f(sk: Ptr[sock]) -> None:
    x = f(sk)
    y = sk.inner
    z = sk.a
    if sk.all:
        pass
