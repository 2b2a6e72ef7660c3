"""`wait` without an atomic block, and with an effect."""

from psockmc.lang import NOBODY, Ctx, Lock, atomic, primitive, wait, xchg


class lock(Lock):
    owner: Ctx


@primitive
def f(l: lock) -> None:
    wait(l.owner == NOBODY)
    with atomic("one step"):
        wait(xchg(l.owner, NOBODY) == NOBODY)
