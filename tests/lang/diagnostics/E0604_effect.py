from psockmc.lang import GFP_ATOMIC, Callable, Ptr, Struct, assume, check, current, in_atomic, invariant, kzalloc, pure, u32
from psockmc.lang import user, wait_event, xchg
from psockmc.kernel.wait import wait_queue_head


class sock(Struct):
    n: u32
    wq: wait_queue_head
    f: Callable[[], bool]


@invariant("I01", "a property changes nothing")
def stores(sk: Ptr[sock]) -> bool:
    sk.n = 0
    return xchg(sk.n, 1) == 0


@invariant("I02", "a property belongs to no context")
def whose(sk: Ptr[sock]) -> bool:
    return sk.wq.waiters == 0 and current() == current()


@pure
def loops(sk: Ptr[sock]) -> bool:
    while sk.n:
        pass
    return True


@user
def bump(sk: Ptr[sock]) -> bool:
    sk.n += 1
    return True


@user
def f(sk: Ptr[sock]) -> None:
    check(bump(sk), "a function with an effect")
    check(sk.f(), "who knows what it does")
    check(in_atomic(), "known when the program is compiled")
    assume(kzalloc(sock, GFP_ATOMIC))
    wait_event(sk.wq, bump(sk))
