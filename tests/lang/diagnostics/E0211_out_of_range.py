from psockmc.lang import Array, Enum, Int, Ptr, Struct, choose, kernel, s32, u8, u32, user

HUGE = 1 << 63 << 1


class verdict(Enum):
    SK_DROP = -1


class sock(Struct):
    n: u8
    sent: Int[1, 3]
    many: Array[u32, 5000]


@user
def f(sk: Ptr[sock], i: s32) -> None:
    sk.n = 256
    small: Int[0, 3] = 4
    x = choose(9000)
    if i < 4294967295:
        pass
    z = 99999999999999999999999
    y = i + 99999999999


@kernel("net/core/sock.c", recursion=100)
def deep() -> None:
    deep()
