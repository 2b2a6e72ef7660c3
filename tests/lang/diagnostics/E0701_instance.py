from psockmc.lang import Struct, instance, u32, user


class sock(Struct):
    n: u32


nothing = instance()
two = instance(sock, sock)


@user
def f() -> None:
    nothing.n = two.n
