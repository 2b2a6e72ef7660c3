from psockmc.lang import Ptr, Struct, check, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    a = [s.n for s in sock]
    check(all(s.n == t.n for s in sock for t in sock), "two loops")
    check(any(s.n == 0 for s in sk.n), "not a domain")
    check(all([True]), "no comprehension")
