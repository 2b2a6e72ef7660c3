"""Arguments of the words that only primitives use."""

from psockmc.lang import NOBODY, Ctx, Lock, Ptr, Struct, acquired, atomic, choose, finding, primitive, u32, wait, xchg


class lock(Lock):
    owner: Ctx


class sock(Struct):
    n: u32
    lock: lock


@primitive
def f(l: lock, sk: Ptr[sock]) -> None:
    with atomic("one step"):
        wait(l.owner == NOBODY, holder=sk)
        wait(l.owner == NOBODY, idle=False)
        wait(l.owner == NOBODY, holders=l.owner)
        wait(xchg(sk.n, 1) == 0)
        acquired(l, "reed")
        acquired(sk, "read")
        acquired(l)
        finding(3, "sentence")
        finding("warn", "")
    wait(l.owner == NOBODY, idle=True)
