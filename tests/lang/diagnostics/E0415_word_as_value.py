from psockmc.lang import GFP_ATOMIC, READ_ONCE, Ptr, Struct, atomic, check, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    x = check(sk.n == 0, "a value?")
    y = READ_ONCE
    z = GFP_ATOMIC
    w = atomic("no")
