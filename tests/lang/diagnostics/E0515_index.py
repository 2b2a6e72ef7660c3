from psockmc.lang import CONTEXTS, Array, Ptr, Struct, current, u32, user


class sock(Struct):
    a: Array[u32, 2]
    each: Array[u32, CONTEXTS]


@user
def f(sk: Ptr[sock]) -> None:
    sk.a[2] = 0
    sk.a[-1] = 0
    sk.a[sk] = 0
    sk.a[current()] = 0
    sk.each[current()] = 0
    x = sk.a[0][0]
