from psockmc.lang import Ptr, Struct, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> u32:
    return sk


@user
def g(sk: Ptr[sock]) -> u32:
    return


@user
def h(sk: Ptr[sock]) -> None:
    return sk.n
