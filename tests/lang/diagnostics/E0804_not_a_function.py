from base import count_up, sock
from psockmc.lang import Ptr, Struct, instance, replaces, u32


class other(Struct):
    n: u32


one_more = instance(sock)


@replaces(count_up)
def count_up(sk: Ptr[sock]) -> None:
    sk.n = 1
