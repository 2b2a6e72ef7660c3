from psockmc.lang import Ptr, Struct, atomic, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    with atomic():
        sk.n = 0
    with atomic(""):
        sk.n = 1
    with atomic(sk):
        sk.m = 2
