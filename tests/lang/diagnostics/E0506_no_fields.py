from psockmc.lang import NULL, Array, Ptr, Struct, u32, user


class sock(Struct):
    n: u32
    a: Array[u32, 2]


@user
def f(sk: Ptr[sock]) -> None:
    x = sk.n.lock
    y = sk.a.size
    z = NULL.n
