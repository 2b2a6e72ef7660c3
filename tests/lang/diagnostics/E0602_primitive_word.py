from psockmc.lang import Ptr, Struct, acquired, atomic, finding, u32, user, wait


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    with atomic("a lock of one's own"):
        wait(sk.n == 0)
    finding("warn", "something is odd")
