from psockmc.lang import NULL, Array, Const, Flags, Ghost, ListHead, Ptr, Struct, u32, user


class bits(Flags):
    TX = 0


class inner(Struct):
    n: u32


class sock(Struct):
    all: ListHead[sock]
    inner: inner
    matrix: Array[Array[u32, 2], 2]
    a: Ptr[Const[u32]]
    b: Ptr[u32]
    c: Const[inner]
    d: Ghost[inner]
    e: Const[ListHead[sock]]


@user
def f(l: ListHead[sock], a: Array[u32, 2]) -> None:
    pass


@user
def g() -> inner:
    pass


@user
def h() -> None:
    i: inner = NULL
    bit = TX
