from psockmc.kernel.wait import wait_queue_head
from psockmc.lang import GFP_ATOMIC, Callable, Ptr, Struct, atomic, choose, instance, kzalloc, u32, user, wait_event


class sock(Struct):
    n: u32
    wq: wait_queue_head
    f: Callable[[], u32]


@user
def chooses() -> u32:
    return choose(3)


sock0 = instance(sock, f=chooses)


@user
def f(sk: Ptr[sock]) -> None:
    with atomic("one step"):
        sk.n = choose(2)
        if sk.n:
            sk.n = chooses()
        wait_event(sk.wq, sk.n == 0)
        p = kzalloc(sock, GFP_ATOMIC)
        sk.n = sk.f()
