from psockmc.lang import Ptr, Struct, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock]) -> None:
    try:
        sk.n = 0
    except ValueError:
        pass
    assert sk.n == 0
    raise ValueError
    del sk
    with sk.lock:
        pass
    while sk.n:
        sk.n = 0
    else:
        pass
    import models
    global sk


async def g() -> None:
    pass
