from psockmc.lang import Ptr, Struct, u32, user


class sock(Struct):
    next: Ptr[sokc]
    count: int
    size: u64


@user
def f(sk: Ptr[sock]) -> u32:
    sk.next = sk.next
    return sk.count
