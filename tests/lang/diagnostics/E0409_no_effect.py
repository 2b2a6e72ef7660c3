from psockmc.lang import Ptr, Struct, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    sk.n == 0
    "a remark"
    sk.m
