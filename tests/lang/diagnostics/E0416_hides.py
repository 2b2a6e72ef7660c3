from psockmc.kernel.spinlock import spin_lock
from psockmc.lang import Ptr, Struct, check, current, u32, user


class sock(Struct):
    n: u32


@user
def f(spin_lock: u32) -> None:
    pass


@user
def g(sk: Ptr[sock]) -> None:
    current = 3
    check(all(g.n == 0 for g in sock), "a name that is taken")
    check(all(sk.n == 0 for sk in sock), "a parameter")
