from psockmc.lang import GFP_ATOMIC, NULL, WRITE_ONCE, Const, Ptr, Struct, kernel, kzalloc, u32, user


class sock(Struct):
    protocol: Const[u32]


@kernel("net/core/sock.c")
def f(sk: Ptr[sock]) -> None:
    sk.protocol = 6
    WRITE_ONCE(sk.protocol, 17)


@kernel("net/core/sock.c")
def sk_alloc() -> Ptr[sock]:
    sk = kzalloc(sock, GFP_ATOMIC)
    if sk == NULL:
        return NULL
    sk.protocol = 6
    return sk


@user
def setup(sk: Ptr[sock]) -> None:
    sk.protocol = 6
