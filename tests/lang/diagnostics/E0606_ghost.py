from psockmc.lang import Array, Ghost, Ptr, Struct, atomic, check, kernel, u32


class sock(Struct):
    n: u32
    held: Ghost[u32]
    each: Ghost[Array[u32, 2]]
    next: Ptr[sock]


@kernel("net/core/sock.c")
def f(sk: Ptr[sock]) -> None:
    sk.held = sk.held + 1
    sk.held += 1
    check(sk.held > 0, "conditions may look at it")
    if sk.held:
        sk.n = 0
    x = sk.held
    sk.n = sk.held
    sk.held = sk.n
    sk.next.held = 3
    sk.each[0] = sk.each[1]
    with atomic("what is read here is recorded here"):
        sk.held = sk.n
