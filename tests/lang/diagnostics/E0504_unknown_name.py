from psockmc.lang import Ptr, Struct, u32, user


class sock(Struct):
    n: u32


@user
def sock_init(sk: Ptr[sock]) -> None:
    sk.n = 0
    sok = sk
    x = sock_int(sk)
    x.n = 3
    y = x + 1
    if y:
        print(y)
    WRITE_ONCE(sk.n, 0)


@user
def g(sk: Ptr[sock]) -> None:
    sk.n = NULL
    something_else(sk)
