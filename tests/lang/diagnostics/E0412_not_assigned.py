from psockmc.lang import Ptr, Struct, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> u32:
    if sk.n:
        x = sk.n
    return x


@user
def g(sk: Ptr[sock]) -> u32:
    x: u32
    while sk.n:
        x = 3
    return x + x


@user
def fine(sk: Ptr[sock]) -> u32:
    while True:
        x = sk.n
        if x:
            break
    for i in range(2):
        y = x
    return y
