from psockmc.lang import Array, Ptr, Struct, instance, u32, user

LIMIT = choose_limit()
A = B
B = A


class sock(Struct):
    n: u32 = LENGTH
    a: Array[u32, f]
    b: Array[u32, 2] = 0
    next: Ptr[sock] = sock0


@user
def f() -> u32:
    return 3


sock0 = instance(sock)
