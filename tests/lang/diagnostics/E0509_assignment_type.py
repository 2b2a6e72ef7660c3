from psockmc.lang import NULL, Enum, Flags, Ptr, Struct, current, u32, user


class verdict(Enum):
    SK_DROP = 0


class bits(Flags):
    TX = 0


class inner(Struct):
    n: u32


class sock(Struct):
    n: u32
    ok: bool
    v: verdict
    flags: bits
    next: Ptr[sock]
    owner: Ptr[inner]
    part: inner


@user
def f(sk: Ptr[sock]) -> None:
    sk.n = NULL
    sk.ok = sk.n
    sk.v = 0
    sk.flags = TX
    sk.next = sk.owner
    sk.next = current()
    sk.flags += 1
    x = sk.n
    x = sk.next
    sk.owner = sk.part
