from psockmc.lang import GFP_ATOMIC, READ_ONCE, Ptr, Struct, assume, choose, kzalloc, process, scenario, u32, user


class sock(Struct):
    n: u32


@user
def f(sk: Ptr[sock], n: u32) -> None:
    f(sk)
    READ_ONCE()
    kzalloc(sock)
    x = choose(1, 2)
    assume()
    for i in range(1, 2, 3):
        pass


s = scenario("f alone", run=[process(f)])
