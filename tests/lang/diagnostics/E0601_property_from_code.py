from psockmc.lang import Callable, Ptr, Struct, check, invariant, pure, u32, user


class sock(Struct):
    n: u32
    f: Callable[[Ptr[sock]], bool]


@pure
def is_empty(sk: Ptr[sock]) -> bool:
    return sk.n == 0


@invariant("I01", "every socket is empty")
def empty(sk: Ptr[sock]) -> bool:
    return is_empty(sk)


@user
def f(sk: Ptr[sock]) -> None:
    if is_empty(sk):
        sk.n = 1
    check(is_empty(sk), "may be called here")
    check(empty(sk), "may not")
    sk.f = is_empty
