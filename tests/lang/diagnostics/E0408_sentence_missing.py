from psockmc.lang import Ptr, Struct, assume, check, cover, omits, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    check(sk.n == 0)
    check(sk.n == 0, sk.n)
    cover()
    omits("")
