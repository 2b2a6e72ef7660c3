from psockmc.kernel.wait import wait_queue_head
from psockmc.lang import Ptr, Struct, atomic, choose, u32, user, wait_event


class sock(Struct):
    n: u32
    wq: wait_queue_head


@user
def chooses() -> u32:
    return choose(3)


@user
def f(sk: Ptr[sock]) -> None:
    with atomic("one step"):
        sk.n = choose(2)
        if sk.n:
            sk.n = chooses()
        wait_event(sk.wq, sk.n == 0)
