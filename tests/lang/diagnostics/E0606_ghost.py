from psockmc.lang import Ghost, Ptr, Struct, check, kernel, u32


class sock(Struct):
    n: u32
    held: Ghost[u32]


@kernel("net/core/sock.c")
def f(sk: Ptr[sock]) -> None:
    sk.held = sk.held + 1
    sk.held += 1
    check(sk.held > 0, "conditions may look at it")
    if sk.held:
        sk.n = 0
    x = sk.held
    sk.n = sk.held
