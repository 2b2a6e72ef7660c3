from psockmc.lang import NULL, NOBODY, Ctx, Enum, Flags, Ptr, Struct, u32, user

HALF = 1 >> 64
NOTHING = 3 % 0


class verdict(Enum):
    SK_DROP = 0


class bits(Flags):
    TX = 0


class sock(Struct):
    n: u32
    ok: bool
    v: verdict
    flags: bits
    owner: Ctx


@user
def f(sk: Ptr[sock]) -> None:
    a = sk + 1
    b = sk.v == 0
    c = sk.n == NULL
    d = sk.flags & TX
    e = sk.owner < NOBODY
    g = sk.n // 0
    h = sk.n << 40
    i = ~sk.ok
    j = sk if sk.ok else sk.n
    k = sk < sk
    l = -sk
