from psockmc.lang import READ_ONCE, Ptr, Struct, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock], n: u32) -> None:
    f(sk, n=3)
    READ_ONCE(sk.n, order=3)
    f(**sk)
