from psockmc.lang import Ptr, Struct, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> u32:
    if sk.n:
        return 1


@user
def g(sk: Ptr[sock]) -> u32:
    while True:
        if sk.n:
            break


@user
def fine(sk: Ptr[sock]) -> u32:
    while True:
        if sk.n:
            return 1
